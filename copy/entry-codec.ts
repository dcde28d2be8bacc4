import { type ByteReader, ByteWriter, DamagedBytes } from './bytes.ts';
import { SOUGHT, type Ledger } from './ledger.ts';

/**
 * Entries as columns, each of a kind, since columns deflate better than rows:
 * - source UIDs as runs of consecutive ones: the distance from the end of the run before, and the length;
 * - counterparts as runs of expected ones (one more than the last known one), then one exception: 0 nowhere, 1 sought,
 *   else the zigzag difference from what was expected, plus 1; exceptions in planes, the lowest byte of each first, since in
 *   an adopted folder the high bytes repeat and the low ones do not;
 * - flags as numbers of a dictionary, in which frequent sets come first.
 */
interface Columns {
  readonly distances: ByteWriter;
  readonly runs: ByteWriter;
  readonly expected: ByteWriter;
  readonly planes: readonly ByteWriter[];
  readonly flagSets: ByteWriter;
}

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

function zigzag(difference: number): number {
  return difference >= 0 ? difference * 2 : difference * -2 - 1;
}

function unzigzag(value: number): number {
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

/** Writes all entries, or those that changed since the ledger was decoded. */
export function writeEntries(out: ByteWriter, ledger: Ledger, touchedOnly: boolean): void {
  const numbers = numberByFrequency(ledger, touchedOnly);
  const { columns } = ledger;
  const to: Columns = {
    distances: new ByteWriter(),
    runs: new ByteWriter(),
    expected: new ByteWriter(),
    planes: Array.from({ length: PLANES }, () => new ByteWriter()),
    flagSets: new ByteWriter(),
  };
  let entries = 0;
  let runEnd = 0;
  let run = 0;
  let expectation = 1;
  let asExpected = 0;
  for (let position = 0; position < columns.size; position++) {
    if (touchedOnly && !columns.touchedAt(position)) continue;
    const uid = columns.uidAt(position);
    if (entries === 0 || uid !== runEnd + 1) {
      if (entries > 0) to.runs.number(run);
      to.distances.number(uid - runEnd);
      run = 0;
    }
    run += 1;
    runEnd = uid;
    entries += 1;
    const counterpart = columns.counterpartAt(position);
    if (counterpart === expectation && counterpart !== SOUGHT) {
      asExpected += 1;
      expectation += 1;
    } else {
      to.expected.number(asExpected);
      asExpected = 0;
      const placed = counterpart !== 0 && counterpart !== SOUGHT;
      if (placed) writePlanes(to.planes, zigzag(counterpart - expectation) + NOT_PLACED - 1);
      else writePlanes(to.planes, counterpart === SOUGHT ? 1 : 0);
      if (placed) expectation = counterpart + 1;
    }
    to.flagSets.number(numbers.get(columns.flagSetAt(position)) ?? 0);
  }
  if (run > 0) to.runs.number(run);
  to.expected.number(asExpected);
  out.number(entries);
  out.number(numbers.size);
  for (const set of numbers.keys()) {
    const flags = ledger.flagsOfSet(set);
    out.number(flags.length);
    for (const flag of flags) out.text(flag);
  }
  for (const column of [to.distances, to.runs, to.expected, ...to.planes, to.flagSets]) out.block(column.taken());
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

/** Reads what `writeEntries` wrote, in ascending order of source UIDs. Throws DamagedBytes for anything else. */
export function readEntries(
  from: ByteReader,
  ledger: Ledger,
  take: (uid: number, counterpart: number, flagSet: number) => void,
): void {
  const entries = from.number(MOST_ENTRIES);
  const sets = readFlagSets(from, ledger);
  const [distances, runs, expected] = [from.inner(), from.inner(), from.inner()];
  const planes = Array.from({ length: PLANES }, () => from.inner());
  const flagSets = from.inner();
  let uid = 0;
  let run = 0;
  let expectation = 1;
  let asExpected = expected.number(entries);
  for (let entry = 0; entry < entries; entry++) {
    const isStart = run === 0;
    if (isStart) run = atLeastOne(runs.number(entries));
    uid += isStart ? atLeastOne(distances.number(HIGHEST_UID)) : 1;
    if (uid > HIGHEST_UID) throw new DamagedBytes('a source UID is too large');
    run -= 1;
    let counterpart = expectation;
    if (asExpected > 0) {
      asExpected -= 1;
      expectation += 1;
    } else {
      const exception = readPlanes(planes);
      counterpart = exception < NOT_PLACED ? exception * SOUGHT : expectation + unzigzag(exception - NOT_PLACED + 1);
      if (exception >= NOT_PLACED) expectation = counterpart + 1;
      asExpected = expected.number(entries);
    }
    if (counterpart < 0 || counterpart > SOUGHT || (counterpart === SOUGHT && expectation > SOUGHT)) {
      throw new DamagedBytes('a destination UID is impossible');
    }
    const set = sets[flagSets.number(entries)];
    if (set === undefined) throw new DamagedBytes('a set of flags is not in the dictionary');
    take(uid, counterpart, set);
  }
  if (run !== 0 || asExpected !== 0) throw new DamagedBytes('a run is longer than the entries');
  for (const column of [distances, runs, expected, ...planes, flagSets]) column.end();
}

function atLeastOne(value: number): number {
  if (value < 1) throw new DamagedBytes('a run or a distance is empty');
  return value;
}
