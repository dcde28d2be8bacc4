/** Promise 5: after a whole project with everything that goes wrong, no secret of it is anywhere but where it came from. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readUpState } from '../../client/up/state.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { connect } from '../../temporal/connection.ts';
import { foundIn, type Canary } from '../support/canaries.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { runCli, startCli, type CliEnding } from '../support/cli.ts';
import { watchCommandLines } from '../support/command-lines.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { temporalCliPath } from '../support/context.ts';
import { startDovecot } from '../support/dovecot.ts';
import { evidenceOf, filesBelow, type TemporalEvidence } from '../support/evidence.ts';
import { pfxOf } from '../support/pfx.ts';
import { configurationOf, grant, startTokenEndpoint } from '../support/token-endpoint.ts';

const PROJECT = 'canaries';
/** Of a row's own application. */
const CLIENT_SECRET: Canary = { name: 'client secret', text: 'cs~8Q"Ñ/very+secret&client=secret' };
const ANNA: Canary = { name: 'password of anna', text: "anna's päss,word+/=%41" };
const BERT: Canary = { name: 'password of bert', text: 'bert-Right_Passw0rd{12}' };
const BERT_WRONG: Canary = { name: 'wrong password of bert', text: 'bert-Wrong_Passw0rd"34"' };
const CARLA: Canary = { name: 'password of carla', text: 'carla(pass)\\word*%' };
const PFX_PASSWORD: Canary = { name: 'password of the PFX', text: 'pfx Pass;wörd"56\'' };
const CERTIFICATE = selfSignedCertificate(['mailferry'], { key: 'rsa' });
/** A line of base64 out of the middle of the application's private key. */
const PRIVATE_KEY: Canary = { name: 'private key', text: CERTIFICATE.keyPem.split('\n')[12] ?? '' };
const PROXY_PASSWORD: Canary = { name: 'password of the proxy', text: 'proxy@Pass:word/78' };
/** A name to which only the proxy knows the way. */
const TOKEN_HOST = 'login.sandbox.test';
/** Within every token. */
const CLAIM: Canary = { name: 'claim of a token', text: 'token-canary-5bX9qLm' };

const undo: (() => Promise<unknown>)[] = [];
let temporal: TemporalEvidence;
let canaries: readonly Canary[];
const evidence = new Map<string, Buffer>();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailferry-secrets-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const commandLines = watchCommandLines();
  const said: string[] = [];
  const { tokens, proxied } = await writeProject(folder);
  const home = join(folder, 'state');
  const up = startCli(['up', '--home', home, '--port', '0', '--ui-port', '0', '-o', 'json'], {
    cwd: folder,
    env: { TEMPORAL_CLI_PATH: temporalCliPath(), ...proxied },
  });
  undo.push(async () => {
    up.child.kill('SIGTERM');
    await up.ended;
  });
  await up.printed(/"startedAt": \d+\n}/);
  const { address = '' } = (await readUpState(home)) ?? {};
  const worker = startCli(['worker', '--home', home, '--address', address], {
    cwd: folder,
    env: { MAILFERRY_LOG_LEVEL: 'debug', ...proxied },
  });
  const mailferry = async (...args: readonly string[]): Promise<CliEnding> => {
    const ending = await runCli([...args, '--home', home, '--address', address], { cwd: folder });
    said.push(ending.out, ending.err);
    return ending;
  };
  await runProject(mailferry, folder);
  const connection = await connect({ address, connection: { address } });
  undo.push(() => connection.close());
  temporal = await evidenceOf(new Client({ connection }));
  worker.child.kill('SIGTERM');
  const { out, err } = await worker.ended;
  canaries = [
    CLIENT_SECRET,
    PFX_PASSWORD,
    PRIVATE_KEY,
    PROXY_PASSWORD,
    ANNA,
    BERT,
    BERT_WRONG,
    CARLA,
    CLAIM,
    ...tokens().map((text) => ({ name: 'token', text })),
  ];
  evidence.set('the history of any run', temporal.histories);
  evidence.set('a memo, a search attribute or a description', temporal.visibility);
  evidence.set('what a worker logs', Buffer.from(out + err));
  evidence.set('what the commands print', Buffer.from(said.join('\n')));
  evidence.set('the ledger, the logs and the copies', await filesBelow(home));
  evidence.set('the arguments of a process', commandLines.stop());
}, 600_000);

afterAll(async () => {
  for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
});

interface Project {
  /** Those that were handed out. */
  readonly tokens: () => readonly string[];
  /** The environment of workers. */
  readonly proxied: Readonly<Record<string, string>>;
}

/**
 * The source knows tokens, and repeats carla's to her in its refusal; the destination knows passwords, and not the one that
 * the CSV has for bert. Tokens are behind a proxy; the application has a PFX, and bert's row another one with a secret.
 */
async function writeProject(folder: string): Promise<Project> {
  const handedOut = new Set<string>();
  const service = await startTokenEndpoint(TOKEN_HOST);
  undo.push(service.close);
  service.configuration = (tenant) => ({ status: 200, body: configurationOf(`https://${TOKEN_HOST}/${tenant}`) });
  const proxy = await startConnectProxy({
    credentials: `ferry:${PROXY_PASSWORD.text}`,
    routes: { [`${TOKEN_HOST}:443`]: Number(new URL(service.authority).port) },
  });
  undo.push(proxy.close);
  const claims = { aud: 'https://outlook.office365.com', roles: ['IMAP.AccessAsApp'], jti: CLAIM.text };
  service.answer = () => grant(Date.now(), 3_600, claims);
  const users = ['anna', 'bert', 'carla'];
  const source = await startSandbox({
    users: users.map((name) => ({ name })),
    checkToken: (user, token) => {
      handedOut.add(token);
      if (user !== 'carla') return { accepted: true };
      return { accepted: false, answer: `NO [AUTHENTICATIONFAILED] The token ${token} is not good enough for carla` };
    },
  });
  undo.push(() => source.close());
  for (const name of users) {
    for (let number = 1; number <= 5; number += 1) {
      const body = Buffer.from(`Message-ID: <${name}-${number}@old.example>\r\nSubject: ${number}\r\n\r\nhello\r\n`);
      source.store.user(name).addMessage('INBOX', { body, internalDate: new Date(Date.UTC(2024, 0, number)) });
    }
  }
  const destination = await startDovecot({
    format: 'mdbox',
    users: [
      { name: 'anna', password: ANNA.text },
      { name: 'bert', password: BERT.text },
      { name: 'carla', password: CARLA.text },
    ],
  });
  undo.push(() => destination.stop());
  await writeFile(join(folder, 'authority.pem'), service.caPem);
  await writeFile(join(folder, 'application.pfx'), pfxOf(CERTIFICATE, PFX_PASSWORD.text), { mode: 0o600 });
  await writeFile(join(folder, 'pfx-password.txt'), `${PFX_PASSWORD.text}\n`, { mode: 0o600 });
  await writeRows(folder, BERT_WRONG);
  await writeFile(
    join(folder, 'project.yaml'),
    `schema: mailferry/project/v1
name: ${PROJECT}
source:
  host: 127.0.0.1
  port: ${source.port}
  tls: none
  authentication:
    kind: oauth2
    tenant: contoso.onmicrosoft.com
    clientId: 11111111-2222-3333-4444-555555555555
    certificateFile: application.pfx
    certificatePassword: { secretFile: pfx-password.txt }
    authority: https://${TOKEN_HOST}
    authorityCa: authority.pem
    scope: https://outlook.office365.com/.default
destination:
  host: 127.0.0.1
  port: ${destination.port}
  tls: none
  authentication:
    kind: password
mailboxes:
  csv: rows.csv
prestage:
  olderThan: 0d
tail:
  every: 1s
  quietFor: 1s
timing:
  accessBackoff: [1s]
  accessGrace: 2s
  troubleBackoff: [1s]
`,
  );
  const { host } = proxy;
  return {
    tokens: () => [...handedOut],
    proxied: { HTTPS_PROXY: `http://ferry:${encodeURIComponent(PROXY_PASSWORD.text)}@${host}` },
  };
}

/** As an administrator's spreadsheet writes it: every field quoted. */
async function writeRows(folder: string, bert: Canary): Promise<void> {
  const rows = [
    ['source', 'destination', 'destination_password', 'source_client_id', 'source_client_secret'],
    ['anna', 'anna', ANNA.text, '', ''],
    ['bert', 'bert', bert.text, '99999999-2222-3333-4444-555555555555', CLIENT_SECRET.text],
    ['carla', 'carla', CARLA.text, '', ''],
  ];
  const text = rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join('\n');
  await writeFile(join(folder, 'rows.csv'), `${text}\n`, { mode: 0o600 });
}

async function runProject(
  mailferry: (...args: readonly string[]) => Promise<CliEnding>,
  folder: string,
): Promise<void> {
  const expectExit = async (code: number, ...args: readonly string[]): Promise<void> => {
    const ending = await mailferry(...args);
    if (ending.code !== code) throw new Error(`${args.join(' ')} ended with ${String(ending.code)}: ${ending.err}`);
  };
  await expectExit(4, 'doctor', 'project.yaml');
  await expectExit(4, 'doctor', 'project.yaml', '--all', '-o', 'json');
  await expectExit(4, 'start', 'project.yaml', '--yes');
  await expectExit(4, 'start', 'project.yaml', '--yes', '-o', 'json');
  await expectExit(0, 'start', 'project.yaml', '--yes', '--no-preflight');
  await expectExit(3, 'wait', PROJECT, '--for', 'ready', '--timeout', '4m');
  for (const user of ['anna', 'bert', 'carla']) await expectExit(0, 'show', PROJECT, user);
  await expectExit(0, 'show', PROJECT, 'carla', '-o', 'json', '--debug');
  await writeRows(folder, BERT);
  await expectExit(0, 'apply', 'project.yaml', '--yes');
  await expectExit(3, 'wait', PROJECT, '--for', 'ready', '--timeout', '4m');
  await expectExit(0, 'retry', PROJECT);
  await expectExit(0, 'cutover', PROJECT, '--confirm', PROJECT, '--force');
  await expectExit(0, 'status', PROJECT, '-o', 'json');
  await expectExit(0, 'finish', PROJECT);
  await expectExit(3, 'wait', PROJECT, '--timeout', '4m');
  await expectExit(0, 'status', PROJECT);
  await expectExit(0, 'list');
  await expectExit(0, 'backup');
}

describe('no password, client secret, private key or token is in', () => {
  test.each([
    'the history of any run',
    'a memo, a search attribute or a description',
    'what a worker logs',
    'what the commands print',
    'the ledger, the logs and the copies',
    'the arguments of a process',
  ])('%s', (place) => {
    expect(foundIn(evidence.get(place) ?? Buffer.alloc(0), canaries)).toEqual([]);
  });
});

test('the search would have found them: it finds what is there beside them', () => {
  const beside = [{ name: 'project', text: PROJECT }];
  for (const [place, bytes] of evidence) expect([place, foundIn(bytes, beside)]).toEqual([place, ['project']]);
  const sealed = [{ name: 'sealed', text: 'mfs1.' }];
  expect(foundIn(temporal.histories, sealed)).toEqual(['sealed']);
  expect(foundIn(temporal.histories, [{ name: 'refusal', text: 'is not good enough for carla' }])).toEqual(['refusal']);
  expect(Object.keys(temporal.runs).toSorted()).toEqual([
    'doctorWorkflow',
    'mailboxWorkflow',
    'preflightWorkflow',
    'projectWorkflow',
    'shardWorkflow',
  ]);
  expect(canaries.some(({ name }) => name === 'token')).toBe(true);
});
