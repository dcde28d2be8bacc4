/** A server that lies: a clear refusal or a correct result, never a wrong ledger, never a hang, never a crash. */
import { assert as holds, asyncProperty, type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDateTime } from '../../../imap/grammar.ts';
import type { StoredMessage } from '../../../sandbox/store/message.ts';
import { deceivedCase, disturbedCase, madeUpCase } from '../../support/lie-arbitraries.ts';
import { FOUND, SEEDS } from './lies-found.ts';
import { LyingWorld, type Case, type Ending } from '../../support/lying-world.ts';

/** More of them, and others: `MAILFERRY_FUZZ_RUNS=20000 MAILFERRY_FUZZ_SEED=7 npm test -- test/sweeps/imap`. */
const RUNS = Number(process.env['MAILFERRY_FUZZ_RUNS'] ?? 60);
const CHOSEN = process.env['MAILFERRY_FUZZ_SEED'];
const CHOSEN_SEEDS = CHOSEN === undefined ? SEEDS : [Number(CHOSEN)];
const LONG_MS = 24 * 3_600_000;

let world: LyingWorld;
beforeAll(async () => {
  world = await LyingWorld.start();
});
afterAll(() => world.close());

const bodyOf = ({ body }: StoredMessage): string => body.toString('latin1');

function exactly({ body, flags, internalDate }: StoredMessage): string {
  return JSON.stringify([body.toString('latin1'), flags.toSorted(), parseDateTime(internalDate)?.instant]);
}

/** What was at the destination before is left out. */
function arrived({ destination }: Ending): readonly StoredMessage[] {
  return destination.filter(({ uid }) => uid > 2);
}

function expectNothingWrongInTheLedger({ source, destination, counterparts, handled }: Ending): void {
  const bodies = new Map(source.map((message) => [message.uid, bodyOf(message)]));
  const there = new Map(destination.map((message) => [message.uid, bodyOf(message)]));
  for (const [uid, counterpart] of counterparts) expect(there.get(counterpart)).toBe(bodies.get(uid));
  const taken = [...counterparts.values()];
  expect(new Set(taken).size).toBe(taken.length);
  for (const uid of handled) expect(bodies.has(uid)).toBe(true);
}

function expectNothingLost({ source, destination, aside }: Ending): void {
  const there = destination.map(bodyOf);
  for (const message of source) {
    if (aside.has(message.uid)) continue;
    const found = there.indexOf(bodyOf(message));
    expect(found, `message ${message.uid} is lost`).toBeGreaterThanOrEqual(0);
    there.splice(found, 1);
  }
}

/** Messages that a server made up are none of the source's. */
function expectDoublesToBeNamed({ source, destination, verified, last }: Ending): void {
  const known = new Set(source.map(bodyOf));
  const doubles = destination.filter((message) => known.has(bodyOf(message))).length - source.length;
  if (doubles <= 0) return;
  const named = verified.ok ? verified.doubled : 0;
  expect(named + (last.notes['verify.doubled'] ?? 0), `${doubles} doubles are not named`).toBeGreaterThanOrEqual(
    doubles,
  );
}

function expectSoberRefusals({ attempts }: Ending): void {
  for (const { result } of attempts) {
    if (result?.outcome.kind === 'refused') expect(result.outcome.problem.code).not.toBe('us.bug');
  }
}

/** Lies after which nothing comes any more, until the time is out. */
const SILENCES: ReadonlySet<string> = new Set(['hang', 'bye', 'drop', 'late']);

/** A message that meets silence twice, with nothing but it on its way, is put aside, whoever is to blame. */
function expectAllOnceAsItIs(ending: Ending, { destination }: Case): void {
  const silences = destination.filter(({ lie }) => SILENCES.has(lie.do)).length;
  expect(ending.aside.size).toBeLessThanOrEqual(Math.max(0, silences - 1));
  const copied = ending.source.filter(({ uid, body }) => !ending.aside.has(uid) && !body.includes('there before'));
  expect(arrived(ending).map(exactly).toSorted()).toEqual(copied.map(exactly).toSorted());
}

function expectNoSilentHarm(ending: Ending): void {
  expectNothingLost(ending);
  expectDoublesToBeNamed(ending);
}

type Check = (ending: Ending, one: Case) => void;

async function play(one: Case, check: Check): Promise<void> {
  const ending = await world.play(one);
  expectSoberRefusals(ending);
  expectNothingWrongInTheLedger(ending);
  check(ending, one);
}

async function sweep(arbitrary: Arbitrary<Case>, seed: number, check: Check): Promise<void> {
  await holds(
    asyncProperty(arbitrary, (one) => play(one, check)),
    { numRuns: RUNS, seed },
  );
}

describe('whatever disturbs the connection, everything is copied once, as it is', () => {
  it.each(CHOSEN_SEEDS)('seed %i', (seed) => sweep(disturbedCase, seed, expectAllOnceAsItIs), LONG_MS);
});

describe('whatever a server says that is not so, nothing is lost, and what is doubled is named', () => {
  it.each(CHOSEN_SEEDS)('seed %i', (seed) => sweep(deceivedCase, seed, expectNoSilentHarm), LONG_MS);
});

describe('whatever message a server makes up, it is not copied for the one whose UID it has', () => {
  it.each(CHOSEN_SEEDS)('seed %i', (seed) => sweep(madeUpCase, seed, expectNoSilentHarm), LONG_MS);
});

describe('found before:', () => {
  it.each(FOUND)('$what', ({ one, kind }) =>
    play(one, kind === 'disturbed' ? expectAllOnceAsItIs : expectNoSilentHarm),
  );
});
