import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../activities/clock.ts';
import { createActivities, reachedBy, type Dependencies } from '../../../activities/index.ts';
import { createLimiter } from '../../../activities/limiter.ts';
import { createOwnMailboxes } from '../../../activities/own-mailboxes.ts';
import { KEEPS_NOTHING } from '../../../activities/session-keeper.ts';
import { createThrottles } from '../../../activities/throttles.ts';
import { openSession } from '../../../imap/open.ts';
import type { OpenSession } from '../../../imap/types.ts';
import type { MailboxJob } from '../../../model/project.ts';
import { MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';
import { startScriptedServer, type Step } from '../../support/scripted-server.ts';

const CAPABILITIES = 'IMAP4rev1 NAMESPACE';

const LISTED = ['INBOX', 'Sent', 'gone', 'shut'];

/** Answers about folders only when it has been asked about all of them. */
const SOURCE: readonly Step[] = [
  { send: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n' },
  { expect: /^1 AUTHENTICATE PLAIN \S+$/ },
  { send: `$tag OK [CAPABILITY ${CAPABILITIES}] in\r\n` },
  { expect: 'CAPABILITY' },
  { expect: 'NAMESPACE' },
  { send: `* CAPABILITY ${CAPABILITIES}\r\nF1 OK\r\n* NAMESPACE (("" "/")) NIL NIL\r\nF2 OK\r\n` },
  { expect: 'LIST "" "*"' },
  { send: `${LISTED.map((name) => `* LIST () "/" ${name}\r\n`).join('')}$tag OK\r\n` },
  ...LISTED.map((name) => ({ expect: `STATUS "${name}" (MESSAGES UIDNEXT UIDVALIDITY)` })),
  {
    send:
      '* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1)\r\nF4 OK\r\n' +
      '* STATUS Sent (MESSAGES 7 UIDNEXT 9 UIDVALIDITY 1)\r\nF5 OK\r\n' +
      'F6 NO [NONEXISTENT] no such folder\r\nF7 NO [NOPERM] not yours\r\n',
  },
];

function nothing(): Promise<never> {
  return Promise.reject(new Error('a mailbox is only surveyed here'));
}

function activitiesOver(open: OpenSession): ReturnType<typeof createActivities> {
  const deps: Dependencies = {
    openSession: open,
    copyFolder: nothing,
    pairMoves: nothing,
    verifyFolder: nothing,
    openSecret: () => Promise.resolve('secret'),
    ...reachedBy({}),
    heartbeats: () => () => Promise.resolve('going-on'),
    limiter: createLimiter(),
    keeper: KEEPS_NOTHING,
    ownMailboxes: createOwnMailboxes(systemClock),
    throttles: createThrottles(Date.now),
    clock: systemClock,
    stopping: new AbortController().signal,
  };
  return createActivities(deps);
}

it('asks about all folders in one flight; one that has gone is left out, one that tells nothing is kept', async () => {
  const server = await startScriptedServer(SOURCE);
  onTestFinished(() => server.close());
  const open: OpenSession = async (options) =>
    options.side === 'source'
      ? openSession({ ...options, address: { host: '127.0.0.1', port: server.port, tls: 'none' } })
      : new MemorySession(new MemoryMailbox());
  const activities = activitiesOver(open);
  const job: MailboxJob = { settings: projectSettings('surveyed'), row: mailboxRow('anna') };
  const result = await new MockActivityEnvironment().run((given: MailboxJob) => activities.surveyMailbox(given), job);
  await server.played;
  expect(result).toMatchObject({
    ok: true,
    folders: [
      { source: 'INBOX', messages: 2, uidNext: 3 },
      { source: 'Sent', messages: 7, uidNext: 9 },
      { source: 'shut', messages: 1, uidNext: 0 },
    ],
  });
});
