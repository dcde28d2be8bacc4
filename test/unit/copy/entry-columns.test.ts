import { array, assert as holds, constantFrom, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { EntryColumns } from '../../../copy/entry-columns.ts';

/** What is there, by UID, and whether it was touched. */
type Known = Map<number, boolean>;

const steps = array(tuple(constantFrom('put', 'touch', 'remove', 'load', 'clear', 'walk'), nat(9)), { maxLength: 60 });

function load(columns: EntryColumns, known: Known): void {
  const uids = Uint32Array.from(known.keys()).toSorted();
  columns.replace({ uids, counterparts: new Uint32Array(uids.length), flagSets: new Uint32Array(uids.length) });
  for (const uid of uids) known.set(uid, false);
}

function take(columns: EntryColumns, known: Known, [what, uid]: readonly [string, number]): void {
  if (what === 'put' || what === 'touch') {
    columns.put(uid, 0, 0, what === 'touch');
    known.set(uid, what === 'touch' || known.get(uid) === true);
  }
  if (what === 'remove') {
    const some = new Set([uid, uid + 1, uid + 2]);
    columns.remove(some);
    for (const each of some) known.delete(each);
  }
  if (what === 'clear') {
    columns.clear();
    known.clear();
  }
  if (what === 'load') load(columns, known);
  // Whatever was asked for before, each is found where it is.
  for (let asked = what === 'walk' ? uid : 10; asked < 10; asked += 1) {
    expect(columns.positionOf(asked) >= 0).toBe(known.has(asked));
  }
}

test('each entry is found, in whatever order they are asked for, and none below the first touched one is touched', () => {
  holds(
    property(steps, array(nat(9), { maxLength: 20 }), (all, asked) => {
      const columns = new EntryColumns();
      const known: Known = new Map();
      for (const step of all) take(columns, known, step);
      const uids = [...known.keys()].toSorted((a, b) => a - b);
      for (const uid of asked) expect(columns.positionOf(uid)).toBe(uids.indexOf(uid));
      const touched = uids.flatMap((uid, position) => (known.get(uid) === true ? [position] : []));
      const told = uids.flatMap((_, position) => (columns.touchedAt(position) ? [position] : []));
      expect(told).toEqual(touched);
      expect(columns.touchedFrom).toBeLessThanOrEqual(touched[0] ?? Number.POSITIVE_INFINITY);
    }),
    { numRuns: 2_000 },
  );
});
