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

function source(listed: readonly string[], ...answers: readonly Step[]): readonly Step[] {
  return [
    { send: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n' },
    { expect: /^1 AUTHENTICATE PLAIN \S+$/ },
    { send: `$tag OK [CAPABILITY ${CAPABILITIES}] in\r\n` },
    { expect: 'CAPABILITY' },
    { expect: 'NAMESPACE' },
    { send: `* CAPABILITY ${CAPABILITIES}\r\nF1 OK\r\n* NAMESPACE (("" "/")) NIL NIL\r\nF2 OK\r\n` },
    { expect: 'LIST "" "*"' },
    { send: `${listed.map((name) => `* LIST () "/" ${name}\r\n`).join('')}$tag OK\r\n` },
    ...listed.map((name) => ({ expect: `STATUS "${name}" (MESSAGES UIDNEXT UIDVALIDITY)` })),
    ...answers,
  ];
}

/** Answers about folders only when it has been asked about all of them. */
const SOURCE = source(LISTED, {
  send:
    '* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1)\r\nF4 OK\r\n' +
    '* STATUS Sent (MESSAGES 7 UIDNEXT 9 UIDVALIDITY 1)\r\nF5 OK\r\n' +
    'F6 NO [NONEXISTENT] no such folder\r\nF7 NO [NOPERM] not yours\r\n',
});

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

async function surveyed(steps: readonly Step[]): Promise<unknown> {
  const server = await startScriptedServer(steps);
  onTestFinished(() => server.close());
  const open: OpenSession = async (options) =>
    options.side === 'source'
      ? openSession({ ...options, address: { host: '127.0.0.1', port: server.port, tls: 'none' } })
      : new MemorySession(new MemoryMailbox());
  const activities = activitiesOver(open);
  const job: MailboxJob = { settings: projectSettings('surveyed'), row: mailboxRow('anna') };
  const result = await new MockActivityEnvironment().run((given: MailboxJob) => activities.surveyMailbox(given), job);
  await server.played;
  return result;
}

it('asks about all folders in one flight; one that has gone is left out, one that tells nothing is kept', async () => {
  expect(await surveyed(SOURCE)).toMatchObject({
    ok: true,
    folders: [
      { source: 'INBOX', messages: 2, uidNext: 3 },
      { source: 'Sent', messages: 7, uidNext: 9 },
      { source: 'shut', messages: 1, uidNext: 0 },
    ],
  });
});

it('opens a folder whose status is not told; where it is not told then either, a copy will name it', async () => {
  const names = ['INBOX', 'Sent', 'mute', 'other'];
  const answers: readonly Step[] = [
    {
      send:
        '* STATUS other (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 1)\r\nF7 OK\r\n' +
        'F6 OK\r\nF5 OK\r\n* STATUS inbox (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1)\r\nF4 OK\r\n',
    },
    { expect: 'EXAMINE "Sent"' },
    { send: '* 7 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n* OK [UIDNEXT 9]\r\n$tag OK\r\n' },
    { expect: 'EXAMINE "mute"' },
    { send: '* 3 EXISTS\r\n$tag OK\r\n' },
    { expect: /STATUS "mute"/ },
    { send: '$tag OK\r\n' },
  ];
  expect(await surveyed(source(names, ...answers))).toMatchObject({
    ok: true,
    folders: [
      { source: 'INBOX', messages: 2, uidNext: 3 },
      { source: 'Sent', messages: 7, uidNext: 9 },
      { source: 'mute', messages: 1, uidNext: 0 },
      { source: 'other', messages: 4, uidNext: 5 },
    ],
  });
});
