/**
 * Entries as columns, each of a kind, since columns deflate better than rows:
 * - source UIDs as runs of consecutive ones: the distance from the end of the run before, and the length;
 * - counterparts as runs of expected ones (one more than the last known one), then one exception: 0 nowhere, 1 sought,
 *   else the zigzag difference from what was expected, plus 1; exceptions in planes, the lowest byte of each first, since in
 *   an adopted folder the high bytes repeat and the low ones do not;
 * - flags as numbers of a dictionary, in which frequent sets come first.
 */
import { type ByteReader, ByteWriter, DamagedBytes } from './bytes.ts';
import type { Columns } from './entry-columns.ts';
import { NOWHERE, SOUGHT, type Ledger } from './ledger.ts';

/** Bytes that the largest zigzag difference of two UIDs takes. */
const PLANES = 5;

/** A plane for each byte, the lowest first. */
function planesOf(values: readonly number[]): readonly Buffer[] {
  const plane = (): Buffer => Buffer.allocUnsafe(values.length);
  const planes = [plane(), plane(), plane(), plane(), plane()] as const;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    // The operators for bits take the lowest 32.
    planes[0][at] = value;
    planes[1][at] = value >>> 8;
    planes[2][at] = value >>> 16;
    planes[3][at] = value >>> 24;
    planes[4][at] = value / 2 ** 32;
  }
  return planes;
}

function readPlanes(from: ByteReader): Float64Array {
  const planes = Array.from({ length: PLANES }, () => from.block());
  const values = new Float64Array(planes[0]?.length ?? 0);
  for (const [order, plane] of planes.entries()) {
    if (plane.length !== values.length) throw new DamagedBytes('planes differ in length');
    const weight = 0x100 ** order;
    for (let at = 0; at < plane.length; at++) values[at] = (values[at] ?? 0) + (plane[at] ?? 0) * weight;
  }
  return values;
}

const HIGHEST_UID = 0xffff_fffe;
const NOT_PLACED = 2;
/** Lists of flags, and flags of one list. */
const MOST_FLAGS = 0x800_0000;

/** Small numbers for small differences, whatever their sign. */
export function zigzag(difference: number): number {
  return difference >= 0 ? difference * 2 : difference * -2 - 1;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : (value + 1) / -2;
}

/** Sets of flags by how frequent they are, so that nearly every message costs one byte before deflating. */
function byFrequency(ledger: Ledger, touchedOnly: boolean): readonly number[] {
  const frequency: number[] = [];
  const { columns } = ledger;
  for (let position = touchedOnly ? columns.touchedFrom : 0; position < columns.size; position++) {
    if (touchedOnly && !columns.touchedAt(position)) continue;
    const set = columns.flagSetAt(position);
    frequency[set] = (frequency[set] ?? 0) + 1;
  }
  const times = (set: number): number => frequency[set] ?? 0;
  return Object.keys(frequency)
    .map(Number)
    .toSorted((a, b) => times(b) - times(a));
}

function numbersOf(sets: readonly number[]): readonly number[] {
  const numbers: number[] = [];
  for (const [number, set] of sets.entries()) numbers[set] = number;
  return numbers;
}

/** Source UIDs as runs of consecutive ones. */
class RunWriter {
  readonly #distances = new ByteWriter();
  readonly #runs = new ByteWriter();
  #end = 0;
  #length = 0;

  add(uid: number): void {
    if (this.#length > 0 && uid === this.#end + 1) {
      this.#length += 1;
    } else {
      if (this.#length > 0) this.#runs.number(this.#length);
      this.#distances.number(uid - this.#end);
      this.#length = 1;
    }
    this.#end = uid;
  }

  columns(): readonly Buffer[] {
    if (this.#length > 0) this.#runs.number(this.#length);
    return [this.#distances.taken(), this.#runs.taken()];
  }
}

/** Counterparts as runs of expected ones with exceptions between them. */
class CounterpartWriter {
  readonly #runs = new ByteWriter();
  readonly #exceptions: number[] = [];
  #expected = 1;
  #length = 0;

  add(counterpart: number): void {
    if (counterpart === this.#expected && counterpart !== SOUGHT) {
      this.#length += 1;
      this.#expected += 1;
      return;
    }
    this.#runs.number(this.#length);
    this.#length = 0;
    this.#exceptions.push(this.#exception(counterpart));
    if (counterpart !== NOWHERE && counterpart !== SOUGHT) this.#expected = counterpart + 1;
  }

  columns(): readonly Buffer[] {
    this.#runs.number(this.#length);
    return [this.#runs.taken(), ...planesOf(this.#exceptions)];
  }

  #exception(counterpart: number): number {
    if (counterpart === NOWHERE) return 0;
    if (counterpart === SOUGHT) return 1;
    return zigzag(counterpart - this.#expected) + NOT_PLACED - 1;
  }
}

/** Writes all entries, or those that changed since the ledger was decoded. */
export function writeEntries(out: ByteWriter, ledger: Ledger, touchedOnly: boolean): void {
  const { columns } = ledger;
  const sets = byFrequency(ledger, touchedOnly);
  const numbers = numbersOf(sets);
  const uids = new RunWriter();
  const counterparts = new CounterpartWriter();
  const flagSets = new ByteWriter();
  let entries = 0;
  for (let position = touchedOnly ? columns.touchedFrom : 0; position < columns.size; position++) {
    if (touchedOnly && !columns.touchedAt(position)) continue;
    entries += 1;
    uids.add(columns.uidAt(position));
    counterparts.add(columns.counterpartAt(position));
    flagSets.number(numbers[columns.flagSetAt(position)] ?? 0);
  }
  out.number(entries);
  writeFlagSets(out, ledger, sets);
  for (const column of [...uids.columns(), ...counterparts.columns(), flagSets.taken()]) out.block(column);
}

function writeFlagSets(out: ByteWriter, ledger: Ledger, sets: readonly number[]): void {
  out.number(sets.length);
  for (const set of sets) {
    const flags = ledger.flagsOfSet(set);
    out.number(flags.length);
    for (const flag of flags) out.text(flag);
  }
}

function readFlagSets(from: ByteReader, ledger: Ledger): readonly number[] {
  const sets: number[] = [];
  const size = from.number(MOST_FLAGS);
  for (let index = 0; index < size; index++) {
    const flags: string[] = [];
    const length = from.number(MOST_FLAGS);
    for (let flag = 0; flag < length; flag++) flags.push(from.text());
    sets.push(ledger.flagSetOf(flags));
  }
  return sets;
}

function readUids(from: ByteReader, entries: number): Uint32Array<ArrayBuffer> {
  const distances = from.inner();
  const runs = from.inner();
  const uids = new Uint32Array(entries);
  let uid = 0;
  for (let at = 0; at < entries;) {
    uid += atLeastOne(distances.number(HIGHEST_UID));
    const end = at + atLeastOne(runs.number(entries - at));
    if (uid + (end - at) - 1 > HIGHEST_UID) throw new DamagedBytes('a source UID is too large');
    while (at < end) uids[at++] = uid++;
    uid -= 1;
  }
  distances.end();
  runs.end();
  return uids;
}

/** Runs, and an exception after each but the last. */
function readCounterparts(from: ByteReader, entries: number): Uint32Array<ArrayBuffer> {
  const runs = from.inner();
  const exceptions = readPlanes(from);
  const counterparts = new Uint32Array(entries);
  let expected = 1;
  let at = 0;
  for (let run = 0; run <= exceptions.length; run++) {
    const end = at + runs.number(entries - at);
    if (end > at) placed(expected + (end - at) - 1);
    while (at < end) counterparts[at++] = expected++;
    const exception = exceptions[run];
    if (exception === undefined) continue;
    if (at === entries) throw new DamagedBytes('there are more counterparts than entries');
    if (exception < NOT_PLACED) {
      counterparts[at++] = exception === 0 ? NOWHERE : SOUGHT;
      continue;
    }
    const counterpart = placed(expected + unzigzag(exception - NOT_PLACED + 1));
    counterparts[at++] = counterpart;
    expected = counterpart + 1;
  }
  if (at !== entries) throw new DamagedBytes('there are fewer counterparts than entries');
  runs.end();
  return counterparts;
}

function placed(counterpart: number): number {
  if (counterpart < 1 || counterpart > HIGHEST_UID) throw new DamagedBytes('a counterpart cannot be a UID');
  return counterpart;
}

function readSetOfEach(from: ByteReader, entries: number, sets: readonly number[]): Uint32Array<ArrayBuffer> {
  const numbers = from.inner();
  const setOfEach = new Uint32Array(entries);
  for (let at = 0; at < entries; at++) {
    const set = sets[numbers.number()];
    if (set === undefined) throw new DamagedBytes('a set of flags is not in the dictionary');
    setOfEach[at] = set;
  }
  numbers.end();
  return setOfEach;
}

/** Reads what `writeEntries` wrote, in ascending order of source UIDs. Throws DamagedBytes for anything else. */
export function readEntries(from: ByteReader, ledger: Ledger): Columns {
  // Each entry has a byte of flags at least: nothing larger than what came is made room for.
  const entries = from.number(from.left);
  const sets = readFlagSets(from, ledger);
  return {
    uids: readUids(from, entries),
    counterparts: readCounterparts(from, entries),
    flagSets: readSetOfEach(from, entries, sets),
  };
}

function atLeastOne(value: number): number {
  if (value < 1) throw new DamagedBytes('a run or a distance is empty');
  return value;
}
