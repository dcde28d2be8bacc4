/**
 * Entries as columns, each of a kind, since columns deflate better than rows:
 * - source UIDs as runs of consecutive ones: the distance from the end of the run before, and the length;
 * - counterparts as runs of expected ones (one more than the last known one), then one exception: 0 nowhere, 1 sought,
 *   else the zigzag difference from what was expected, plus 1; exceptions in planes, the lowest byte of each first, since in
 *   an adopted folder the high bytes repeat and the low ones do not;
 * - flags as numbers of a dictionary, in which frequent sets come first.
 */
import { type ByteReader, ByteWriter, DamagedBytes } from './bytes.ts';
import { NOWHERE, SOUGHT, type Ledger } from './ledger.ts';

/** Bytes that the largest zigzag difference of two UIDs takes. */
const PLANES = 5;

function writePlanes(planes: readonly ByteWriter[], value: number): void {
  let rest = value;
  for (const plane of planes) {
    plane.byte(rest % 0x100);
    rest = Math.floor(rest / 0x100);
  }
}

function readPlanes(planes: readonly ByteReader[]): number {
  let value = 0;
  let weight = 1;
  for (const plane of planes) {
    value += plane.byte() * weight;
    weight *= 0x100;
  }
  return value;
}

const HIGHEST_UID = 0xffff_fffe;
const NOT_PLACED = 2;
/** No folder has more messages than UIDs, and no ledger is carried beyond this many. */
const MOST_ENTRIES = 0x800_0000;

/** Small numbers for small differences, whatever their sign. */
export function zigzag(difference: number): number {
  return difference >= 0 ? difference * 2 : difference * -2 - 1;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : (value + 1) / -2;
}

/** Frequent sets get low numbers, so that nearly every message costs one byte before deflating. */
function numberByFrequency(ledger: Ledger, touchedOnly: boolean): ReadonlyMap<number, number> {
  const frequency = new Map<number, number>();
  const { columns } = ledger;
  for (let position = 0; position < columns.size; position++) {
    if (touchedOnly && !columns.touchedAt(position)) continue;
    const set = columns.flagSetAt(position);
    frequency.set(set, (frequency.get(set) ?? 0) + 1);
  }
  const sets = [...frequency].toSorted(([, a], [, b]) => b - a);
  return new Map(sets.map(([set], number) => [set, number]));
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

  columns(): readonly ByteWriter[] {
    if (this.#length > 0) this.#runs.number(this.#length);
    return [this.#distances, this.#runs];
  }
}

/** Counterparts as runs of expected ones with exceptions between them. */
class CounterpartWriter {
  readonly #runs = new ByteWriter();
  readonly #planes = Array.from({ length: PLANES }, () => new ByteWriter());
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
    writePlanes(this.#planes, this.#exception(counterpart));
    if (counterpart !== NOWHERE && counterpart !== SOUGHT) this.#expected = counterpart + 1;
  }

  columns(): readonly ByteWriter[] {
    this.#runs.number(this.#length);
    return [this.#runs, ...this.#planes];
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
  const numbers = numberByFrequency(ledger, touchedOnly);
  const uids = new RunWriter();
  const counterparts = new CounterpartWriter();
  const flagSets = new ByteWriter();
  let entries = 0;
  for (let position = 0; position < columns.size; position++) {
    if (touchedOnly && !columns.touchedAt(position)) continue;
    entries += 1;
    uids.add(columns.uidAt(position));
    counterparts.add(columns.counterpartAt(position));
    flagSets.number(numbers.get(columns.flagSetAt(position)) ?? 0);
  }
  out.number(entries);
  writeFlagSets(out, ledger, [...numbers.keys()]);
  for (const column of [...uids.columns(), ...counterparts.columns(), flagSets]) out.block(column.taken());
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
  const size = from.number(MOST_ENTRIES);
  for (let index = 0; index < size; index++) {
    const flags: string[] = [];
    const length = from.number(MOST_ENTRIES);
    for (let flag = 0; flag < length; flag++) flags.push(from.text());
    sets.push(ledger.flagSetOf(flags));
  }
  return sets;
}

class RunReader {
  readonly #distances: ByteReader;
  readonly #runs: ByteReader;
  #uid = 0;
  #left = 0;

  constructor(from: ByteReader) {
    this.#distances = from.inner();
    this.#runs = from.inner();
  }

  next(): number {
    const isStart = this.#left === 0;
    if (isStart) this.#left = atLeastOne(this.#runs.number(MOST_ENTRIES));
    this.#uid += isStart ? atLeastOne(this.#distances.number(HIGHEST_UID)) : 1;
    this.#left -= 1;
    if (this.#uid > HIGHEST_UID) throw new DamagedBytes('a source UID is too large');
    return this.#uid;
  }

  end(): void {
    if (this.#left !== 0) throw new DamagedBytes('a run is longer than the entries');
    this.#distances.end();
    this.#runs.end();
  }
}

class CounterpartReader {
  readonly #runs: ByteReader;
  readonly #planes: readonly ByteReader[];
  #expected = 1;
  #left: number;

  constructor(from: ByteReader) {
    this.#runs = from.inner();
    this.#planes = Array.from({ length: PLANES }, () => from.inner());
    this.#left = this.#runs.number(MOST_ENTRIES);
  }

  next(): number {
    if (this.#left > 0) {
      this.#left -= 1;
      return this.#placed(this.#expected);
    }
    const exception = readPlanes(this.#planes);
    this.#left = this.#runs.number(MOST_ENTRIES);
    if (exception < NOT_PLACED) return exception === 0 ? NOWHERE : SOUGHT;
    return this.#placed(this.#expected + unzigzag(exception - NOT_PLACED + 1));
  }

  end(): void {
    if (this.#left !== 0) throw new DamagedBytes('a run is longer than the entries');
    this.#runs.end();
    for (const plane of this.#planes) plane.end();
  }

  #placed(counterpart: number): number {
    if (counterpart < 1 || counterpart > HIGHEST_UID) throw new DamagedBytes('a destination UID is impossible');
    this.#expected = counterpart + 1;
    return counterpart;
  }
}

/** Reads what `writeEntries` wrote, in ascending order of source UIDs. Throws DamagedBytes for anything else. */
export function readEntries(
  from: ByteReader,
  ledger: Ledger,
  take: (uid: number, counterpart: number, flagSet: number) => void,
): void {
  const entries = from.number(MOST_ENTRIES);
  const sets = readFlagSets(from, ledger);
  const uids = new RunReader(from);
  const counterparts = new CounterpartReader(from);
  const flagSets = from.inner();
  for (let entry = 0; entry < entries; entry++) {
    const set = sets[flagSets.number(MOST_ENTRIES)];
    if (set === undefined) throw new DamagedBytes('a set of flags is not in the dictionary');
    take(uids.next(), counterparts.next(), set);
  }
  for (const column of [uids, counterparts, flagSets]) column.end();
}

function atLeastOne(value: number): number {
  if (value < 1) throw new DamagedBytes('a run or a distance is empty');
  return value;
}
