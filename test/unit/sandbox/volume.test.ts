import { expect, test } from 'vitest';
import { message, sandboxes } from './harness.ts';

const { start, login } = sandboxes();
const COUNT = 20_000;

test('six thousand pipelined commands on a folder of 20,000 messages end within the time of a test', async () => {
  const sandbox = await start();
  const inbox = sandbox.store.user('ann').folder('INBOX');
  for (let index = 0; index < COUNT; index += 1) inbox.add({ body: message(`m${index}`) });
  const client = await login(sandbox);
  await client.command('SELECT INBOX');
  const steps = Array.from({ length: 2000 }, (_, index) => index * 10 + 1);
  client.send(steps.map((uid) => `s UID STORE ${uid} +FLAGS.SILENT (\\Deleted)\r\n`).join(''));
  client.send(steps.map((uid) => `f UID FETCH ${uid} (FLAGS)\r\n`).join(''));
  client.send(steps.map((uid) => `p APPEND INBOX {2+}\r\n${String(uid).slice(-1)}x\r\n`).join(''), 'x EXPUNGE\r\n');
  await client.until('x');
  expect(inbox.messages).toHaveLength(COUNT);
  expect(await client.command(`UID SEARCH HEADER Message-ID <m${COUNT - 1}@`)).toContain(`* SEARCH ${COUNT}\r\n`);
});
