import { afterEach, describe, expect, it } from 'vitest';
import type { CopyFolderResult } from '../../../model/activities.ts';
import type { Damage } from '../../../sandbox/commands/damage.ts';
import type { SandboxOptions } from '../../../sandbox/server.ts';
import type { NewMessage, StoredMessage } from '../../../sandbox/store/message.ts';
import { DESTINATIONS, FailureHarness, LIMITS } from '../../support/failure-harness.ts';
import { mail } from '../../support/memory-server.ts';
import { Random } from '../../support/random.ts';

const AT = '17-Jul-2020 02:44:25 +0000';
const SILENCE_MS = 300;
const SEVENTY = 70;

/** What a source does at a message that it cannot read. */
const DAMAGES: readonly (readonly [string, Damage])[] = [
  ['ends the connection', { do: 'cut' }],
  ['dies, and loses what it had ready', { do: 'cut', loses: true }],
  ['dies in the middle of the literal', { do: 'cut-in-literal' }],
  ['says goodbye', { do: 'bye', text: 'Internal error occurred' }],
  ['says NO', { do: 'answer', text: 'NO [SERVERBUG] Internal error occurred' }],
  ['says NO to the whole command at once', { do: 'answer', text: 'NO Cannot read', first: true }],
  ['says BAD', { do: 'answer', text: 'BAD Internal error' }],
  ['says that it may not read it', { do: 'answer', text: 'NO [NOPERM] Permission denied' }],
  ['does not keep to IMAP', { do: 'say', line: '* 1 FETCH (UID 1 FLAGS (' }],
];
const SILENCES: readonly (readonly [string, Damage])[] = [
  ['says nothing more', { do: 'hang' }],
  ['says nothing more, and keeps what it had ready', { do: 'hang', loses: true }],
];

let world: FailureHarness | undefined;
afterEach(() => world?.close());

function numbered(count: number, text = ''): readonly NewMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    body: Buffer.from(mail(`number ${index + 1}.`, { text }), 'latin1'),
    internalDate: AT,
  }));
}

interface World {
  readonly damage: Damage;
  readonly uids: readonly number[];
  readonly destination?: SandboxOptions;
  readonly text?: string;
  readonly count?: number;
}

/** A source that fails at these messages. */
async function begin({ damage, uids, destination = {}, text = '', count = SEVENTY }: World): Promise<FailureHarness> {
  const guilty = new Set(uids);
  world = await FailureHarness.start(numbered(count, text), destination, {
    damage: ({ uid }) => (guilty.has(uid) ? damage : undefined),
  });
  return world;
}

/** All but these are at the destination, once and whole. */
function expectOthers(copy: FailureHarness, user: string, uids: readonly number[]): void {
  const subjects = new Set(uids.map((uid) => `number ${uid}.`));
  const isLeft = (content: string): boolean => ![...subjects].some((subject) => content.includes(subject));
  expect(copy.copied(user)).toEqual(copy.expected().filter(isLeft));
}

function fetches({ source }: FailureHarness): number {
  return source.journal.entries.filter(({ event, command }) => event === 'arrived' && command === 'UID FETCH').length;
}

/** What is told of a message that was put aside. */
async function wordsAfter(damage: Damage): Promise<string | undefined> {
  const copy = await begin({ damage, uids: [3], count: 5 });
  const { result } = await copy.attempt(copy.newUser());
  await copy.close();
  return result?.aside[0]?.words;
}

/** A source that fails at all messages of INBOX; those of another folder it hands out, unless it is ill. */
async function beginWithAnother(count: number, damage: Damage, isIll = false): Promise<FailureHarness> {
  world = await FailureHarness.start(
    numbered(count),
    {},
    { damage: ({ body }) => (isIll || body.includes('number') ? damage : undefined) },
  );
  const ann = world.source.store.user('ann');
  ann.addFolder('Sent');
  ann.addMessage('Sent', { body: Buffer.from(mail('well'), 'latin1'), internalDate: AT });
  return world;
}

async function attemptShortly(copy: FailureHarness, damage: Damage): Promise<CopyFolderResult | undefined> {
  const commandTimeout = damage.do === 'hang' ? SILENCE_MS : 5_000;
  const { result } = await copy.attempt(copy.newUser(), {}, { commandTimeout });
  return result;
}

describe.each([...DAMAGES, ...SILENCES])('a source that %s at all messages of a folder', (_, damage) => {
  it.each([1, 2, 3])('puts them aside where they are %i, and it hands out another folder’s', async (count) => {
    const result = await attemptShortly(await beginWithAnother(count, damage), damage);
    expect(result?.outcome).toEqual({ kind: 'complete' });
    expect(result?.aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual([1, 2, 3].slice(0, count));
  });

  it.each([1, 2, 3])('puts nothing aside where they are %i, and it hands out nothing', async (count) => {
    const result = await attemptShortly(await beginWithAnother(count, damage, true), damage);
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
  });

  it('puts nothing aside where they are many', async () => {
    const result = await attemptShortly(await beginWithAnother(10, damage), damage);
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
  });
});

describe.each([...DAMAGES, ...SILENCES])('a source that %s at headers as well', (_, damage) => {
  it.each([
    ['some', [7, 8, 30]],
    ['the first', [1]],
  ])(
    'at %s, while mail is at the destination already, has those put aside and the others there once',
    async (__, uids) => {
      world = await FailureHarness.start(
        numbered(30),
        {},
        {
          damage: ({ uid }) => (uids.includes(uid) ? damage : undefined),
          damagesHeaders: true,
        },
      );
      const user = world.newUser();
      for (const number of [3, 20, 29]) {
        const message = numbered(30)[number - 1];
        if (message !== undefined) world.destination.store.user(user).addMessage('INBOX', message);
      }
      // Without a counterpart, all headers are read.
      const own = mail('of its own');
      world.destination.store.user(user).addMessage('INBOX', { body: Buffer.from(own, 'latin1'), internalDate: AT });
      const commandTimeout = damage.do === 'hang' ? SILENCE_MS : 5_000;
      const { result, error } = await world.attempt(user, {}, { commandTimeout });
      expect(error).toBeUndefined();
      expect(result).toMatchObject({ outcome: { kind: 'complete' }, counts: { adopted: 3, copied: 27 - uids.length } });
      expect(result?.aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual(uids);
      const copied = world.copied(user);
      expect(copied).toHaveLength(31 - uids.length);
      expect(new Set(copied).size).toBe(copied.length);
    },
  );
});

async function expectAside(settings: World): Promise<FailureHarness> {
  const { uids, damage } = settings;
  const copy = await begin(settings);
  const user = copy.newUser();
  const commandTimeout = damage.do === 'hang' ? SILENCE_MS : 5_000;
  const { result, error } = await copy.attempt(user, {}, { commandTimeout });
  expect(error).toBeUndefined();
  expect(result?.outcome).toEqual({ kind: 'complete' });
  expect(result?.aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual(uids);
  for (const { code } of result?.aside ?? []) expect(code).toBe('source.message-unreadable');
  expectOthers(copy, user, uids);
  return copy;
}

describe.each(DAMAGES)('a source that %s', (_, damage) => {
  it.each([
    ['in the middle', [33]],
    ['at the first', [1]],
    ['at the last', [SEVENTY]],
    ['at several', [1, 2, 33, 34, 69, SEVENTY]],
    ['at more than may wait', Array.from({ length: 25 }, (__, at) => 2 * at + 3)],
  ])('%s puts those aside and copies the others, in one attempt', async (__, uids) => {
    await expectAside({ damage, uids });
  });

  it('at the only message of the folder puts it aside', async () => {
    await expectAside({ damage, uids: [1], count: 1 });
  });

  it('at large messages, and at those that pass through, puts them aside', async () => {
    await expectAside({ damage, uids: [3, 7], count: 9, text: 'large\r\n'.repeat(12_000) });
  });

  it('at all messages puts nothing aside, and ends', async () => {
    const copy = await begin({ damage, uids: numbered(40).map((__, at) => at + 1), count: 40 });
    const { result } = await copy.attempt(copy.newUser());
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
    expect(fetches(copy)).toBeLessThan(40);
  });
});

describe.each(SILENCES)('a source that %s', (_, damage) => {
  it.each([
    ['in the middle', [33]],
    ['at the first two', [1, 2]],
    ['at the last', [SEVENTY]],
  ])('%s puts those aside after few time-outs', async (__, uids) => {
    const copy = await expectAside({ damage, uids });
    const silences = fetchesWithoutAnswer(copy);
    const most = damage.do === 'hang' && damage.loses === true ? 7 : 3;
    expect(silences).toBeLessThanOrEqual(most * uids.length);
  });

  it('at the only message of the folder puts it aside', async () => {
    await expectAside({ damage, uids: [1], count: 1 });
  });

  it('at all messages puts nothing aside, and ends soon', async () => {
    const copy = await begin({ damage, uids: numbered(40).map((__, at) => at + 1), count: 40 });
    const { result } = await copy.attempt(copy.newUser(), {}, { commandTimeout: SILENCE_MS });
    expect(result).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'server.timeout' } }, aside: [] });
    expect(fetches(copy)).toBeLessThanOrEqual(4);
  });
});

function fetchesWithoutAnswer(copy: FailureHarness): number {
  const entries = copy.source.journal.entries.filter(({ command }) => command === 'UID FETCH');
  const count = (event: string): number => entries.filter((entry) => entry.event === event).length;
  return count('arrived') - count('answered');
}

describe.each(DESTINATIONS)('to a server with %s, a source that fails at some messages', (_, capabilities) => {
  it.each([...DAMAGES, ...SILENCES.slice(0, 1)])('and %s', async (__, damage) => {
    await expectAside({ damage, uids: [20, 21, 50], destination: { capabilities } });
  });

  it('while the destination drops the connection because of others', async () => {
    const refuseMessage = (body: Buffer): string | undefined => {
      if (!body.includes('number 30.')) return undefined;
      for (const connection of copy.destination.connections()) connection.cut({ reset: true });
      return 'NO gone';
    };
    const copy = await begin({ damage: { do: 'cut' }, uids: [20, 60], destination: { capabilities, refuseMessage } });
    const user = copy.newUser();
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toEqual({ kind: 'complete' });
    expect(new Map(result?.aside.map(({ uid, code }) => [uid, code]))).toEqual(
      new Map([
        [20, 'source.message-unreadable'],
        [60, 'source.message-unreadable'],
        [30, 'destination.message-refused'],
      ]),
    );
    expectOthers(copy, user, [20, 30, 60]);
  });
});

describe('a source that fails at some messages', () => {
  it.each([
    ['ends the connection', { do: 'cut' }],
    ['says nothing more', { do: 'hang' }],
  ] as const)('and %s puts them aside also where the folder takes many shares', async (_, damage) => {
    const uids = [2, 3, 4, 41];
    const copy = await begin({ damage, uids });
    const user = copy.newUser();
    const aside: number[] = [];
    let ledger: string | undefined;
    let kind = '';
    for (let share = 0; share < 12 && kind !== 'complete'; share += 1) {
      const task = { limits: { ...LIMITS, messagesPerShare: 20 }, ...(ledger !== undefined && { ledger }) };
      const { result } = await copy.attempt(user, task, { commandTimeout: SILENCE_MS });
      kind = result?.outcome.kind ?? '';
      ledger = result?.ledger;
      aside.push(...(result?.aside ?? []).map(({ uid }) => uid));
    }
    expect(kind).toBe('complete');
    expect(aside.toSorted((a, b) => a - b)).toEqual(uids);
    expectOthers(copy, user, uids);
  });

  it('and whose shares are over before the others were asked for is not asked for the same for ever', async () => {
    const uids = [1, 2, 3];
    const copy = await begin({ damage: { do: 'hang' }, uids, count: 12 });
    const user = copy.newUser();
    let ledger: string | undefined;
    let kind = '';
    let shares = 0;
    for (; shares < 8 && kind !== 'complete'; shares += 1) {
      const limits = { ...LIMITS, millisecondsPerShare: 2 * SILENCE_MS };
      const { result } = await copy.attempt(
        user,
        { limits, ...(ledger !== undefined && { ledger }) },
        { commandTimeout: SILENCE_MS },
      );
      kind = result?.outcome.kind ?? '';
      ledger = result?.ledger;
    }
    expect(kind).toBe('complete');
    expectOthers(copy, user, uids);
  });

  it('is asked for one that it handed out before when nothing else is left', async () => {
    const guilty = new Set<number>();
    world = await FailureHarness.start(
      numbered(5),
      {},
      { damage: ({ uid }) => (guilty.has(uid) ? { do: 'cut' } : undefined) },
    );
    const user = world.newUser();
    const { ledger = '' } = await world.copyAll(user);
    for (const message of numbered(15)) {
      const { uid } = world.source.store.user('ann').addMessage('INBOX', message);
      guilty.add(uid);
    }
    const { result } = await world.attempt(user, { ledger });
    expect(result?.outcome).toEqual({ kind: 'complete' });
    expect(result?.aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual([...guilty]);
  });

  it('and hands out nothing any more, also not what it handed out before, puts nothing aside', async () => {
    const broken = { is: false };
    world = await FailureHarness.start(numbered(5), {}, { damage: () => (broken.is ? { do: 'cut' } : undefined) });
    const user = world.newUser();
    const { ledger = '' } = await world.copyAll(user);
    for (const message of numbered(2)) world.source.store.user('ann').addMessage('INBOX', message);
    broken.is = true;
    const { result } = await world.attempt(user, { ledger });
    expect(result).toMatchObject({
      outcome: { kind: 'refused', problem: { code: 'server.connection-lost' } },
      aside: [],
    });
    broken.is = false;
    await world.copyAll(user, { task: { ...(result && { ledger: result.ledger }) } });
    expect(world.copied(user)).toEqual(world.expected());
  });

  it('is asked for nothing more when it leaves for a reason of its own', async () => {
    for (const text of ['Server shutting down.', 'Session invalidated - AccessTokenExpired', 'Request is throttled.']) {
      const copy = await begin({ damage: { do: 'bye', text }, uids: [33] });
      const { result } = await copy.attempt(copy.newUser());
      expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
      expect(fetches(copy)).toBe(1);
      await copy.close();
    }
  });

  it('ends the attempt where no new connections are to be had, and what has come is copied', async () => {
    const copy = await begin({ damage: { do: 'cut' }, uids: [33] });
    const user = copy.newUser();
    const { result } = await copy.attempt(user, {}, { reopens: false });
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
    expect(copy.copied(user)).toHaveLength(32);
  });

  it('blames nobody whose folder was renumbered meanwhile', async () => {
    let fails = 0;
    const damage = ({ body }: StoredMessage): Damage | undefined => {
      if (!body.includes('number 33.')) return undefined;
      fails += 1;
      if (fails === 2) world?.source.store.user('ann').folder('INBOX').bumpUidValidity();
      return fails <= 3 ? { do: 'cut' } : undefined;
    };
    world = await FailureHarness.start(numbered(SEVENTY), {}, { damage });
    const user = world.newUser();
    const { result } = await world.attempt(user);
    expect(result).toMatchObject({ outcome: { kind: 'share-ended' }, aside: [] });
    await world.copyAll(user, { task: { ...(result && { ledger: result.ledger }) } });
    expect(world.copied(user)).toEqual(world.expected());
  });

  it('is tried again with `retry`, and copied when it can be read', async () => {
    const guilty = new Set([2, 7]);
    world = await FailureHarness.start(
      numbered(12),
      {},
      { damage: ({ uid }) => (guilty.has(uid) ? { do: 'cut' } : undefined) },
    );
    const user = world.newUser();
    const { ledger = '' } = await world.copyAll(user);
    guilty.delete(2);
    const { result } = await world.attempt(user, { ledger, retryAside: true });
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, handled: 11 });
    expectOthers(world, user, [7]);
  });

  it('tells what it did in its own words, or in ours', async () => {
    expect(await wordsAfter({ do: 'answer', text: 'NO [SERVERBUG] Cannot read' })).toBe('NO [SERVERBUG] Cannot read');
    expect(await wordsAfter({ do: 'bye', text: 'Internal error' })).toBe('Internal error');
    expect(await wordsAfter({ do: 'cut' })).toMatch(/^The connection to 127\.0\.0\.1:\d+ was lost$/);
  });
});

describe('connections to a source that are lost by chance', () => {
  it.each([1, 2, 3, 4, 5, 6])('put nothing aside, whenever they are (%i)', async (seed) => {
    const random = new Random(seed);
    world = await FailureHarness.start(numbered(SEVENTY, 'chance\r\n'.repeat(100)));
    const user = world.newUser();
    const drop = (): void => {
      const after = random.integer(1_000, 30_000);
      world?.source.faults.add({ kind: 'octets', direction: 'sent', after, times: 1, reset: random.chance(0.5) });
    };
    for (let fault = 0; fault < 12; fault += 1) drop();
    const { aside } = await world.copyAll(user);
    expect(aside).toEqual([]);
    expect(world.copied(user)).toEqual(world.expected());
  });
});
