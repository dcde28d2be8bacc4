import { expect, it } from 'vitest';
import { uncopied } from '../../../activities/uncopied.ts';
import { decodeLedger, encodeGrowth, encodeLedger } from '../../../copy/ledger-codec.ts';
import { Ledger } from '../../../copy/ledger.ts';
import { newTally } from '../../../copy/tally.ts';

const INTERRUPTED = { kind: 'interrupted' } as const;
const REST = { sourceValidity: 1, destinationValidity: 2, completeBefore: 3, writtenFrom: 4, writtenBelow: 5 };

it('brings the growth of earlier attempts back with the ledger', () => {
  const base = encodeLedger(new Ledger());
  const grown = decodeLedger(base);
  grown.handle(7, 9, ['\\Seen']);
  const { ledger = '', handled } = uncopied(INTERRUPTED, { ledger: base, growth: encodeGrowth(grown, newTally()) });
  expect(handled).toBe(1);
  expect(decodeLedger(ledger).get(7)).toEqual({ uid: 7, counterpart: 9, flags: ['\\Seen'] });
});

it('brings one back that is rebuilt by whoever copies next, where it could not be read', () => {
  const { ledger = '', notes, rest } = uncopied(INTERRUPTED, { ledger: 'AAAA', growth: 'AAAA', rest: REST });
  expect(decodeLedger(ledger)).toMatchObject({ size: 0, head: { ...REST, rematch: true, settledBelow: 1 } });
  expect({ notes, rest }).toEqual({ notes: { 'ledger.rebuilt': 1 }, rest: REST });
});
