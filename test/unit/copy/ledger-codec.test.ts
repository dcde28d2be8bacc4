import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyGrowth,
  decodeLedger,
  encodeGrowth,
  encodeLedger,
  LedgerDamaged,
  LedgerOfLaterVersion,
} from '../../../copy/ledger-codec.ts';
import { Ledger, NOWHERE, SOUGHT, type LedgerEntry } from '../../../copy/ledger.ts';
import { newTally, note } from '../../../copy/tally.ts';

const HIGHEST = 0xffff_fffe;
const uid = fc.integer({ min: 1, max: HIGHEST });
const counterpart = fc.oneof(uid, fc.constant(NOWHERE), fc.constant(SOUGHT));
const flags = fc
  .uniqueArray(fc.constantFrom('\\Seen', '\\Answered', '$Forwarded', 'étiquette', 'NonJunk'))
  .map((set) => set.toSorted());
const entry = fc.record({ uid: fc.oneof(uid, fc.integer({ min: 1, max: 40 })), counterpart, flags });
const entries = fc.array(entry, { maxLength: 60 });
const head = fc.record({
  sourceValidity: uid,
  destinationValidity: uid,
  completeBefore: fc.nat(Number.MAX_SAFE_INTEGER),
  settledBelow: uid,
  doubtFrom: fc.nat(HIGHEST),
  writtenFrom: fc.nat(HIGHEST),
  writtenBelow: fc.nat(HIGHEST),
  retriedUpTo: fc.nat(HIGHEST),
  highestModseq: fc.nat(Number.MAX_SAFE_INTEGER),
  rematch: fc.boolean(),
});
const code = fc.constantFrom('destination.message-refused', 'source.message-unreadable');
const uids = fc.array(uid, { maxLength: 8 });
const asides = fc.array(fc.record({ uid, code }), { maxLength: 8 });

function contents(ledger: Ledger): unknown {
  return {
    head: ledger.head,
    aside: ledger.aside,
    unread: ledger.unread,
    entries: Array.from({ length: ledger.size }, (_, position) => ledger.entryAt(position)),
  };
}

function fill(ledger: Ledger, handled: readonly LedgerEntry[]): Ledger {
  for (const each of handled) ledger.handle(each.uid, each.counterpart, each.flags);
  return ledger;
}

/** A folder as users leave it: 30 % of the UIDs gone, usual flags, and a destination that gets other mail meanwhile. */
function usedFolder(size: number): Ledger {
  let seed = 7;
  const random = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const usual = [[], ['\\Answered', '\\Seen'], ['\\Flagged', '\\Seen'], ['$Forwarded', '\\Seen']];
  const ledger = new Ledger();
  let source = 0;
  let destination = 100;
  for (let message = 0; message < size; message++) {
    do source += 1;
    while (random() < 0.3);
    destination += random() < 0.02 ? 3 : 1;
    ledger.handle(
      source,
      destination,
      random() < 0.7 ? ['\\Seen'] : (usual[Math.floor(random() * usual.length)] ?? []),
    );
  }
  return ledger;
}

describe('a ledger as text', () => {
  it('is read back as it was', () => {
    fc.assert(
      fc.property(entries, head, asides, uids, (handled, known, aside, unread) => {
        const ledger = fill(new Ledger(), handled);
        ledger.update(known);
        for (const each of unread) ledger.awaitReadBack(each);
        for (const each of aside) ledger.putAside(each.uid, each.code);
        const again = decodeLedger(encodeLedger(ledger));
        expect(contents(again)).toEqual(contents(ledger));
        expect(again.newlyAside).toEqual([]);
      }),
    );
  });

  it('takes at most 1 byte a message where users have deleted a third and go on using the destination', () => {
    const text = encodeLedger(usedFolder(20_000));
    expect(text.length).toBeLessThan(20_000);
  });

  it('takes at most 3 bytes a message in an adopted folder without any order', () => {
    const ledger = new Ledger();
    const size = 20_000;
    // 7,919 is prime to the size, so that this is a permutation.
    for (let message = 0; message < size; message++)
      ledger.handle(message + 1, ((message * 7_919) % size) + 1, ['\\Seen']);
    expect((encodeLedger(ledger).length * 3) / 4).toBeLessThan(3 * size);
  });

  it('is refused when any of its bytes was changed, cut off or added', () => {
    const bytes = Buffer.from(encodeLedger(usedFolder(50)), 'base64');
    fc.assert(
      // The first byte is the version.
      fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const text = damaged.toString('base64');
        try {
          // A few bits after the end of the deflated data mean nothing.
          expect(contents(decodeLedger(text))).toEqual(contents(usedFolder(50)));
        } catch (error) {
          expect(error).toBeInstanceOf(LedgerDamaged);
        }
        expect(() => decodeLedger(bytes.subarray(0, at).toString('base64'))).toThrow(LedgerDamaged);
      }),
      { numRuns: 300 },
    );
    for (const text of ['', '=', 'not base64!', `${bytes.toString('base64')} `]) {
      expect(() => decodeLedger(text)).toThrow(LedgerDamaged);
    }
  });

  it('of a later version is refused, and said so', () => {
    const bytes = Buffer.from(encodeLedger(new Ledger()), 'base64');
    bytes[0] = 4;
    expect(() => decodeLedger(bytes.toString('base64'))).toThrow(LedgerOfLaterVersion);
  });
});

describe('the growth of a ledger', () => {
  const change = fc.record({
    handled: entries,
    aside: asides,
    known: head,
    unread: uids,
    reset: fc.boolean(),
    forget: fc.boolean(),
  });

  it('brings another reading of the same ledger to the same state', () => {
    fc.assert(
      fc.property(entries, asides, change, (before, asideBefore, { handled, aside, known, unread, reset, forget }) => {
        const base = fill(new Ledger(), before);
        for (const each of asideBefore) base.putAside(each.uid, each.code);
        const text = encodeLedger(base);
        const grown = decodeLedger(text);
        if (reset) grown.forgetSource();
        if (forget) grown.forgetCounterparts();
        for (const each of aside) grown.putAside(each.uid, each.code);
        for (const each of unread) grown.awaitReadBack(each);
        fill(grown, handled);
        grown.update(known);
        const tally = newTally();
        note(tally, 'destination.flag-dropped', handled.length);
        tally.counts = { ...tally.counts, copied: handled.length, bytes: 12 };

        const other = decodeLedger(text);
        const told = applyGrowth(other, encodeGrowth(grown, tally));
        expect(contents(other)).toEqual(contents(grown));
        expect(told).toEqual(tally);
        // A third attempt is given what the second one tells, since both began with the same ledger.
        const third = decodeLedger(text);
        applyGrowth(third, encodeGrowth(other, told));
        expect(contents(third)).toEqual(contents(grown));
      }),
    );
  });

  it('that tells nothing of what was put aside leaves it as it was, also where counterparts are forgotten', () => {
    const base = new Ledger();
    base.handle(7, 1, []);
    base.putAside(7, 'destination.message-refused');
    const text = encodeLedger(base);
    const grown = decodeLedger(text);
    grown.forgetCounterparts();
    const other = decodeLedger(text);
    applyGrowth(other, encodeGrowth(grown, newTally()));
    expect(contents(other)).toEqual(contents(grown));
  });

  it('is as long as what changed, whatever the folder holds', () => {
    const ledger = decodeLedger(encodeLedger(usedFolder(20_000)));
    ledger.handle(1_000_000, 1_000_000, ['\\Seen']);
    expect(encodeGrowth(ledger, newTally()).length).toBeLessThan(150);
  });

  it('is refused by another ledger than the one it grew from', () => {
    const growth = encodeGrowth(decodeLedger(encodeLedger(usedFolder(10))), newTally());
    expect(() => applyGrowth(new Ledger(), growth)).toThrow(LedgerDamaged);
    expect(() => decodeLedger(growth)).toThrow(LedgerDamaged);
  });
});
