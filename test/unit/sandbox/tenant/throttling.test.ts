import { describe, expect, test } from 'vitest';
import { tenants } from './harness.ts';

const { start, login } = tenants();
const MINUTE_MS = 60_000;

describe('a mailbox that has spent its budget', () => {
  // Ten commands at once, and then one every six seconds.
  const mailboxBudget = { burstMs: 10, rechargeMsPerHour: 600 };

  test('is told how long to wait, on every connection, and nobody else is', async () => {
    const { tenant, clock } = await start({ throttling: { mailboxBudget, cost: { commandMs: 1, mebibyteMs: 0 } } });
    const app = tenant.registerApp();
    const [anna, bert] = ['anna', 'bert'].map((name) => tenant.addMailbox(name).address);
    const first = await login(tenant, anna ?? '', app);
    const second = await login(tenant, anna ?? '', app);
    const other = await login(tenant, bert ?? '', app);
    for (let count = 0; count < 11; count += 1) expect(await first.client.command('NOOP')).toMatch(/ OK /);
    const refusal = 'NO Request is throttled. Suggested Backoff Time: 6000 milliseconds';
    expect(await first.client.command('LIST "" *')).toBe(`t13 ${refusal}`);
    expect(await second.client.command('SELECT INBOX')).toBe(`t2 ${refusal}`);
    expect(await other.client.command('SELECT INBOX')).toMatch(/^t2 OK/m);
    expect(tenant.throttling.refused).toMatchObject([{ address: anna, command: 'LIST' }, { address: anna }]);
    clock.advance(5_999);
    expect(await second.client.command('SELECT INBOX')).toMatch(/time: 1 milliseconds/i);
    clock.advance(1);
    expect(await second.client.command('SELECT INBOX')).toMatch(/^t4 OK/m);
  });

  test('may have spent it on octets', async () => {
    const throttling = { mailboxBudget, cost: { commandMs: 0, mebibyteMs: 100 } };
    const { tenant } = await start({ throttling });
    const { address, store } = tenant.addMailbox('anna');
    store.addMessage('INBOX', { body: Buffer.alloc(200_000, 'line\r\n') });
    const { client } = await login(tenant, address, tenant.registerApp());
    await client.command('SELECT INBOX');
    await client.command('UID FETCH 1 BODY.PEEK[]');
    expect(await client.command('NOOP')).toMatch(/throttled/);
  });

  test('is refused an APPEND before its octets are sent, and never has them read as commands', async () => {
    const { tenant } = await start();
    const { address, store } = tenant.addMailbox('anna');
    const { client } = await login(tenant, address, tenant.registerApp());
    tenant.throttling.throttle(MINUTE_MS, address);
    expect(await client.command('APPEND INBOX {3}')).toMatch(/^t2 NO Request is throttled/);
    expect(await client.command('APPEND INBOX {8+}\r\na NOOP\r\n')).toMatch(/^t3 NO Request is throttled/);
    expect(store.folder('INBOX').messages).toEqual([]);
  });
});

test('a tenant can be throttled as a whole, and be forgiven', async () => {
  const { tenant } = await start({ throttling: { status: 'BAD' } });
  const app = tenant.registerApp();
  const { address } = tenant.addMailbox('anna');
  tenant.throttling.throttle(300_000);
  const { client, answer } = await login(tenant, address, app);
  expect(answer).toMatch(/ OK /);
  expect(await client.command('LIST "" *')).toBe(
    't2 BAD Request is throttled. Suggested Backoff Time: 300000 milliseconds',
  );
  tenant.throttling.forgive();
  expect(await client.command('LIST "" INBOX')).toMatch(/^t3 OK/m);
});
