import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AskedUids } from '../../../imap/asked-uids.ts';

const uid = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 0xffff_ffff }));
const deed = fc.tuple(fc.constantFrom('take', 'put back', 'ask'), uid);

describe('UIDs that were asked for', () => {
  it('are awaited until they have come, in whatever order they are asked for and come', () => {
    fc.assert(
      fc.property(fc.array(uid), fc.array(deed), (uids, deeds) => {
        const asked = new AskedUids(uids);
        const awaited = new Set(uids);
        for (const [what, each] of deeds) {
          if (what === 'take') expect(asked.take(each)).toBe(awaited.delete(each));
          if (what === 'put back' && uids.includes(each)) awaited.add(each);
          if (what === 'put back') asked.putBack(each);
          expect(asked.awaits(each)).toBe(awaited.has(each));
        }
        expect(asked.missing()).toEqual([...awaited].toSorted((a, b) => a - b));
      }),
    );
  });

  it('have places of their own, each one', () => {
    fc.assert(
      fc.property(fc.array(uid), fc.array(uid), (uids, others) => {
        const asked = new AskedUids(uids);
        const sorted = [...new Set(uids)].toSorted((a, b) => a - b);
        expect(asked.size).toBe(sorted.length);
        for (const each of [...others, ...uids]) expect(asked.positionOf(each)).toBe(sorted.indexOf(each));
      }),
    );
  });
});
