import { describe, expect, it } from 'vitest';
import { OUTGROWN, carriedGrowth } from '../../../copy/copy-result.ts';
import { decodeLedger, encodeLedger, LedgerOfLaterVersion } from '../../../copy/ledger-codec.ts';
import { Ledger } from '../../../copy/ledger.ts';
import { newTally } from '../../../copy/tally.ts';
import type { CopyFolderResult } from '../../../model/activities.ts';
import { MOST_GROWTH_CHARACTERS, MOST_LEDGER_CHARACTERS } from '../../../model/ledger-limits.ts';
import { CopyHarness, Crash, knownGrowth } from '../../support/copy-harness.ts';
import { mail } from '../../support/memory-server.ts';
import { Random } from '../../support/random.ts';

const SUBJECTS = ['one', 'two', 'three', 'four'];
const DAMAGED = 'AAAA';
const NOTED = { 'ledger.rebuilt': 1 };

function prepared(): CopyHarness {
  const harness = new CopyHarness();
  for (const subject of SUBJECTS) harness.source.add('INBOX', { body: mail(subject) });
  return harness;
}

function textOf({ ledger }: CopyFolderResult): string {
  if (ledger === undefined) throw new Error('the ledger was not carried');
  return ledger;
}

/** So many entries in no order, from this source UID on. */
function disorder(ledger: Ledger, entries: number, from: number): Ledger {
  const random = new Random(3);
  const counterpart = (): number => random.integer(1_000_000, 4_000_000_000);
  ledger.load({
    uids: Uint32Array.from({ length: entries }, (_, at) => from + at),
    counterparts: Uint32Array.from({ length: entries }, counterpart),
    flagSets: new Uint32Array(entries).fill(ledger.flagSetOf([])),
  });
  return ledger;
}

describe('a ledger that is lost', () => {
  it.each([
    ['since it cannot be read', { ledger: DAMAGED }],
    ['since it was too large to be carried', {}],
  ])(
    '%s is rebuilt by identity: nothing comes twice, and what its user deleted does not come back',
    async (_, lost) => {
      const harness = prepared();
      const { rest } = await harness.copy();
      harness.destination.expunge('INBOX', 2);
      harness.destination.move('INBOX', 3, 'Archive');
      harness.source.add('INBOX', { body: mail('new'), internalDate: '02-Jan-2026 10:00:00 +0000' });
      const again = await harness.copy({ ...lost, ...(rest !== undefined && { rest }) });
      expect(again).toMatchObject({ outcome: { kind: 'complete' }, handled: 4, notes: NOTED, counts: { copied: 1 } });
      expect(again.aside).toEqual([{ uid: 2, code: 'ledger.unknown-message' }]);
      expect(harness.destination.bodies('INBOX')).toEqual(['one', 'four', 'new'].map((subject) => mail(subject)));
      expect((await harness.copy({ ledger: textOf(again) })).notes).toEqual({});
    },
  );

  it('was of a folder in which nothing was complete yet, and nothing comes twice either', async () => {
    const harness = prepared();
    await harness.copy();
    const again = await harness.copy({ ledger: DAMAGED });
    expect(again).toMatchObject({ handled: 4, notes: NOTED, counts: { copied: 0, adopted: 4 } });
    expect(harness.destination.bodies('INBOX')).toHaveLength(4);
  });

  it('leaves what was put aside aside, for the reason that it had', async () => {
    const harness = prepared();
    const { rest } = await harness.copy();
    if (rest === undefined) throw new Error('nothing was carried beside the ledger');
    harness.source.add('INBOX', { body: mail('large'), internalDate: '01-Jan-2020 10:00:00 +0000' });
    const code = 'destination.message-too-large';
    const again = await harness.copy({ rest: { ...rest, aside: [{ uid: 5, code }] } });
    expect(again).toMatchObject({ handled: 4, aside: [], counts: { copied: 0, adopted: 4 } });
    expect(decodeLedger(textOf(again)).aside).toEqual([{ uid: 5, code }]);
  });

  it('is rebuilt by attempts that follow one another, wherever they end', async () => {
    let steps = 0;
    const whole = prepared();
    const { rest } = await whole.copy();
    const lost = { ledger: DAMAGED, ...(rest !== undefined && { rest }) };
    await whole.copy(lost, { onStep: () => (steps += 1) });
    for (let at = 0; at < steps; at++) {
      const harness = prepared();
      await harness.copy();
      harness.source.add('INBOX', { body: mail('new'), internalDate: '02-Jan-2026 10:00:00 +0000' });
      let step = 0;
      const crashed = await harness.attempt(lost, {
        onStep: () => {
          if (step++ === at) throw new Crash('here');
        },
      });
      const growth = knownGrowth(crashed.beats, 0);
      const again = await harness.copy({ ...lost, ...(growth !== undefined && { previousGrowth: growth }) });
      expect(again).toMatchObject({ outcome: { kind: 'complete' }, handled: 5, notes: NOTED });
      expect(harness.destination.bodies('INBOX')).toHaveLength(5);
    }
  });
});

describe('growth', () => {
  it.each([
    ['that cannot be read', DAMAGED],
    ['that no heartbeat could carry', OUTGROWN],
  ])('%s leaves the ledger as it was, and what was sent since is recognised', async (_, growth) => {
    const harness = prepared();
    const { ledger } = await harness.copy();
    for (const subject of ['five', 'six']) harness.source.add('INBOX', { body: mail(subject) });
    const sent: string[] = [];
    await harness.attempt(
      { ledger },
      {
        onStep: (step) => {
          sent.push(step);
          if (sent.filter((each) => each === 'destination after append INBOX').length === 2) throw new Crash(step);
        },
      },
    );
    const again = await harness.copy({ ledger, previousGrowth: growth });
    expect(again).toMatchObject({ outcome: { kind: 'complete' }, handled: 6, notes: NOTED });
    expect(harness.destination.bodies('INBOX')).toHaveLength(6);
  });

  it('is replaced by a word where it would be too large for a heartbeat', () => {
    const ledger = new Ledger();
    const random = new Random(3);
    for (let uid = 1; uid <= 100_000; uid++) ledger.handle(uid, random.integer(1, 4_000_000_000), []);
    expect(carriedGrowth(ledger, newTally())).toBe(OUTGROWN);
    expect(carriedGrowth(decodeLedger(encodeLedger(ledger)), newTally()).length).toBeLessThan(MOST_GROWTH_CHARACTERS);
  });
});

describe('a ledger that is too large to be carried', () => {
  it('is not returned, and its folder is copied to its end, however many shares that takes', async () => {
    const harness = prepared();
    const first = decodeLedger(textOf(await harness.copy()));
    const large = new Ledger();
    large.update(first.head);
    disorder(large, 500_000, 1_000);
    const ledger = encodeLedger(large);
    expect(ledger.length).toBeGreaterThan(MOST_LEDGER_CHARACTERS);
    const limits = {
      connectionsPerMailbox: 1,
      connectionsPerEndpoint: 1,
      messagesPerShare: 1,
      millisecondsPerShare: 60_000,
      memoryBytes: 1 << 20,
    };
    const { rest, ...copied } = await harness.copy({ ledger, limits });
    expect(copied).toMatchObject({ outcome: { kind: 'complete' }, handled: 500_004 });
    expect(copied).not.toHaveProperty('ledger');
    const again = await harness.copy({ ...(rest !== undefined && { rest }) });
    expect(again).toMatchObject({ outcome: { kind: 'complete' }, handled: 4, notes: NOTED });
  });
});

describe('a ledger of a later version', () => {
  it('is left to a worker that can read it: nothing is asked of any server', async () => {
    const harness = prepared();
    const later = Buffer.from(textOf(await harness.copy()), 'base64');
    later[0] = 99;
    const { error, source, destination } = await harness.attempt({ ledger: later.toString('base64') });
    expect(error).toBeInstanceOf(LedgerOfLaterVersion);
    expect([source.asked, destination.asked]).toEqual([[], []]);
  });
});
