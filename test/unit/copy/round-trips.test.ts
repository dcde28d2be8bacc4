/** Servers that answer only when they have heard all that is to come in one flight. */
import { expect, it, onTestFinished } from 'vitest';
import { copyFolder } from '../../../copy/copy-folder.ts';
import type { CopyTask } from '../../../copy/types.ts';
import { openSession } from '../../../imap/open.ts';
import type { ImapSession } from '../../../imap/types.ts';
import type { Side } from '../../../model/project.ts';
import { LIMITS } from '../../support/failure-harness.ts';
import { startScriptedServer, type ScriptedServer, type Step } from '../../support/scripted-server.ts';

const CAPABILITIES = 'IMAP4rev1 NAMESPACE UIDPLUS LITERAL+ MULTIAPPEND CONDSTORE';
const MAIL = 'Subject: one\r\n\r\nhello\r\n';

const LOGIN: readonly Step[] = [
  { send: `* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n` },
  { expect: /^1 AUTHENTICATE PLAIN \S+$/ },
  { send: `$tag OK [CAPABILITY ${CAPABILITIES}] in\r\n` },
  { expect: 'CAPABILITY' },
  { expect: 'NAMESPACE' },
];
const WELCOME: Step = {
  send: `* CAPABILITY ${CAPABILITIES}\r\nF1 OK\r\n* NAMESPACE (("" "/")) NIL NIL\r\nF2 OK\r\n`,
};
const opening = (messages: number, uidNext: number): string =>
  `* ${messages} EXISTS\r\n* OK [UIDVALIDITY 5]\r\n* OK [UIDNEXT ${uidNext}]\r\n* OK [HIGHESTMODSEQ 9]\r\n`;

const FETCHED =
  '* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "01-Jan-2020 00:00:00 +0000" ' +
  `BODY[] {${MAIL.length}}\r\n${MAIL})\r\n$tag OK\r\n`;

/** INBOX with a message, asked about with the first questions; then an empty folder. */
const SOURCE: readonly Step[] = [
  ...LOGIN,
  { expect: 'EXAMINE "INBOX" (CONDSTORE)' },
  WELCOME,
  { send: `${opening(1, 8)}$tag OK [READ-ONLY]\r\n` },
  { expect: 'UID SEARCH ALL' },
  { send: '* SEARCH 7\r\n$tag OK\r\n' },
  { expect: /^\S+ UID FETCH 7 / },
  { send: FETCHED },
  { expect: 'EXAMINE "Empty" (CONDSTORE)' },
  { expect: 'UID SEARCH ALL' },
  { send: `${opening(0, 1)}F6 OK [READ-ONLY]\r\n* SEARCH\r\n$tag OK\r\n` },
];

const DESTINATION: readonly Step[] = [
  ...LOGIN,
  { expect: 'SELECT "INBOX"' },
  WELCOME,
  { send: `${opening(0, 1)}$tag OK\r\n` },
  { expect: /^\S+ APPEND "INBOX" \(\\Seen\) "01-Jan-2020 00:00:00 \+0000" \{\d+\}$/ },
  { send: '+ go\r\n' },
  { take: MAIL.length + 2 },
  { expect: 'SELECT "INBOX"' },
  { send: `F4 OK [APPENDUID 5 1] stored\r\n${opening(1, 2)}$tag OK\r\n` },
  { expect: 'SELECT "Empty"' },
  { send: `${opening(0, 1)}$tag OK\r\n` },
];

async function serve(steps: readonly Step[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(steps);
  onTestFinished(() => server.close());
  return server;
}

async function open({ port }: ScriptedServer, side: Side, folder?: string): Promise<ImapSession> {
  const session = await openSession({
    address: { host: '127.0.0.1', port, tls: 'none' },
    login: { kind: 'password', user: 'ann', secret: () => 'pw' },
    side,
    ...(folder !== undefined && { folder }),
    commandTimeout: 5_000,
    signal: new AbortController().signal,
  });
  onTestFinished(() => session.destroy(new Error('the test has ended')));
  return session;
}

function taskFor(name: string): CopyTask {
  const folder = { source: name, sourcePath: name, destination: name, destinationPath: name };
  return { pass: 'final', folder, retryAside: false, limits: LIMITS };
}

it('a copy opens its folders with the first questions, lists the source as it opens it, and does not wait to look and look again', async () => {
  const [from, to] = await Promise.all([serve(SOURCE), serve(DESTINATION)]);
  const [source, destination] = await Promise.all([open(from, 'source', 'INBOX'), open(to, 'destination', 'INBOX')]);
  let acknowledged = 0;
  const lease = {
    check: () => undefined,
    carry: () => undefined,
    acknowledged: async () => void (acknowledged += 1),
  };
  const context = {
    source,
    destination,
    lease,
    interrupt: new AbortController().signal,
    now: () => Date.UTC(2026, 0, 1),
  };
  expect((await copyFolder(taskFor('INBOX'), context)).counts.copied).toBe(1);
  expect((await copyFolder(taskFor('Empty'), context)).outcome).toEqual({ kind: 'complete' });
  await Promise.all([from.played, to.played]);
  expect(acknowledged).toBe(1);
});
