import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GMAIL_CAPABILITIES } from '../../sandbox/capabilities.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import { runCli, type CliEnding, type CliProcess } from '../support/cli.ts';
import { startUp, stopUp } from '../support/up.ts';

const PASSWORD = 'hunter-2-hunter';
/** Secret words that must stay between the source and the file. */
const CANARY = 'the-board-meets-at-nine';

let directory = '';
let up: CliProcess;
let source: Sandbox;
let destination: Sandbox;

function message(subject: string, text: string): Buffer {
  const id = subject.replaceAll(/\W/g, '-');
  return Buffer.from(
    `Message-ID: <${id}@old.example>\r\nFrom: =?UTF-8?Q?J=C3=BCrgen?= <j@old.example>\r\nSubject: ${subject}\r\n\r\n${text}\r\n`,
  );
}

const REFUSED = message('=?UTF-8?B?R3LDvMOfZQ==?=', `no\0${CANARY}\nbare`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailferry-aside-'));
  source = await startSandbox({ users: [{ name: 'anna', password: PASSWORD }], capabilities: GMAIL_CAPABILITIES });
  destination = await startSandbox({
    users: [{ name: 'anna', password: PASSWORD }],
    refuseMessage: (body) => (body.includes(0) ? 'NO [CANNOT] Message contains NUL characters' : undefined),
    refuseName: (wire) => (wire === 'Conflicts' ? 'NO Folder name is reserved' : undefined),
  });
  const anna = source.store.user('anna');
  const internalDate = '17-Jul-2020 02:44:25 +0000';
  anna.addFolder('[Gmail]/All Mail', { specialUse: '\\All' });
  const deliver = (body: Buffer, ...folders: readonly string[]): void => {
    const gmailId = String(1_000_000 + anna.folder('[Gmail]/All Mail').uidNext);
    for (const folder of ['[Gmail]/All Mail', ...folders]) anna.addMessage(folder, { body, internalDate, gmailId });
  };
  deliver(message('one', 'hello'), 'INBOX');
  deliver(REFUSED, 'INBOX');
  deliver(message('reserved', 'hello'), 'Conflicts');
  deliver(message('below', 'hello'), 'Conflicts/Below');
  deliver(message('archived', 'hello'));
  await writeFile(
    join(directory, 'project.yaml'),
    [
      'schema: mailferry/project/v1',
      'name: move',
      ...[source, destination].flatMap(({ port }, side) => [
        side === 0 ? 'source:' : 'destination:',
        '  host: 127.0.0.1',
        `  port: ${port}`,
        '  tls: none',
        '  authentication: { kind: password }',
      ]),
      'mailboxes: [{ source: anna, destination: anna, sourceSecretEnv: PW, destinationSecretEnv: PW }]',
      'prestage: { olderThan: 0d }',
      'tail: { every: 1s, quietFor: 1s }',
      '',
    ].join('\n'),
  );
  up = await startUp(directory);
});

afterAll(async () => {
  await stopUp(up);
  await source?.close();
  await destination?.close();
  await rm(directory, { recursive: true, force: true });
});

function mailferry(...args: readonly string[]): Promise<CliEnding> {
  return runCli(args, { cwd: directory, env: { PW: PASSWORD } });
}

describe('an administrator with one machine', () => {
  it('is shown where folders go, and nothing is written or started', async () => {
    const { code, out } = await mailferry('folders', 'project.yaml', 'anna');
    expect(code).toBe(0);
    expect(out).toMatch(/INBOX +→ +INBOX +2 +inbox/);
    expect(out).toMatch(/\[Gmail\]\/All Mail +→ +All Mail +of 5 +all/);
    expect([...destination.store.user('anna').folders.keys()]).toEqual(['INBOX']);
    expect((await mailferry('list', '-o', 'json')).out).not.toContain('move');
    expect((await mailferry('folders', 'project.yaml', 'nobody')).code).toBe(2);
  });

  it('finds the mail under names that the server takes, and what is nowhere else in All Mail', async () => {
    expect(await mailferry('start', 'project.yaml', '--yes')).toMatchObject({ code: 0 });
    expect(await mailferry('wait', 'move', '--for', 'ready', '--timeout', '200s')).toMatchObject({ code: 0 });
    const anna = destination.store.user('anna');
    const counts = Object.fromEntries([...anna.folders].map(([name, folder]) => [name, folder.messages.length]));
    expect(counts).toMatchObject({ INBOX: 1, Conflicts_: 1, 'Conflicts_/Below': 1, 'All Mail': 1 });
    expect((await mailferry('show', 'move', 'anna')).out).toContain('Conflicts → Conflicts_');
  });

  it('is told what was put aside, of what kind it is, and what to do', async () => {
    const { code, out } = await mailferry('aside', 'move');
    expect(code).toBe(0);
    expect(out).toContain('1 message put aside');
    expect(out).toContain('Jürgen <j@old.example>');
    expect(out).toContain('“Grüße”');
    expect(out).toContain('17-Jul-2020 02:44:25 +0000');
    expect(out).toContain('Message contains NUL characters');
    expect(out).toMatch(/next: \S/);
  });

  it('gets its exact bytes as a file that nobody else can read, and mail is in no history', async () => {
    const { code, out } = await mailferry('aside', 'move', 'anna', '--export', 'rescued');
    expect(code).toBe(0);
    expect(out).toContain('1 message written to');
    const [file = ''] = await readdir(join(directory, 'rescued', 'anna', 'INBOX'));
    expect(file).toMatch(/^\d+-2\.eml$/);
    const path = join(directory, 'rescued', 'anna', 'INBOX', file);
    expect(await readFile(path)).toEqual(REFUSED);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await mailferry('aside', 'move', '--export', 'rescued')).out).toContain('1 were there already');
    for (const name of (await readdir(join(directory, '.mailferry'))).filter((entry) =>
      entry.startsWith('temporal.db'),
    )) {
      expect((await readFile(join(directory, '.mailferry', name))).includes(CANARY)).toBe(false);
    }
  });

  it('needs the key of the machine for that', async () => {
    const state: unknown = JSON.parse(await readFile(join(directory, '.mailferry', 'up.json'), 'utf8'));
    const address = typeof state === 'object' && state !== null && 'address' in state ? String(state.address) : '';
    const there = ['--home', 'elsewhere', '--address', address];
    const { code, out } = await mailferry('aside', 'move', '--export', 'other', ...there);
    expect(code).toBe(2);
    expect(out).toContain('seal.key-missing');
  });
});
