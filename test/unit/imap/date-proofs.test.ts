import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DateProofs } from '../../../imap/date-proofs.ts';
import { formatDateTime, parseDateTime } from '../../../imap/grammar.ts';

function after(...taken: readonly string[]): DateProofs {
  const proofs = new DateProofs();
  for (const internalDate of taken) proofs.add({ internalDate });
  return proofs;
}

describe('of a server that took one date', () => {
  const TAKEN = '17-Jul-1996 02:44:25 -0700';

  it.each([
    ['that date', TAKEN],
    ['a later one', '31-Dec-2020 23:59:59 -0700'],
    ['an earlier one of the same year', '02-Jan-1996 00:00:00 -0700'],
  ])('it is known that it takes %s', (_, internalDate) => {
    expect(after(TAKEN).has({ internalDate })).toBe(true);
    expect(after(TAKEN).isSettled({ internalDate })).toBe(true);
  });

  it.each([
    ['one of the year before', '31-Dec-1995 23:59:59 -0700'],
    ['one of a night in which a year begins somewhere', '01-Jan-1996 00:00:00 -0700'],
    ['another zone', '17-Jul-1996 02:44:25 -0800'],
    ['the same zone in another form', '17-Jul-1996 02:44:25 +0700'],
  ])('it is to be learned whether it takes %s', (_, internalDate) => {
    expect(after(TAKEN).has({ internalDate })).toBe(false);
    expect(after(TAKEN).isSettled({ internalDate })).toBe(false);
  });

  it.each([
    ['one that is ahead', { internalDate: TAKEN, isAhead: true }],
    ['one before 1970', { internalDate: '17-Jul-1966 02:44:25 -0700' }],
    ['a zone that does not exist', { internalDate: '17-Jul-1996 02:44:25 +1459' }],
  ])('nothing is ever known of %s, nor because of it', (_, message) => {
    const proofs = after(TAKEN);
    proofs.add(message);
    expect(proofs.has(message)).toBe(false);
    expect(proofs.isSettled(message)).toBe(true);
    const alone = new DateProofs();
    alone.add(message);
    expect(alone.has({ internalDate: TAKEN })).toBe(false);
  });
});

it('zones and years are learned each by itself', () => {
  const proofs = after('17-Jul-1996 02:44:25 -0700', '17-Jul-2016 02:44:25 +0545');
  expect(proofs.has({ internalDate: '17-Jul-1996 02:44:25 +0545' })).toBe(true);
});

const ZONES = [-765, -720, -480, 0, 60, 345, 840, 885];
const YEARS = [1980, 1990, 1991];
const HALF_HOUR_MS = 1_800_000;

/** Dates of which most are near the beginning of one of the years. */
const date = fc
  .record({
    year: fc.constantFrom(...YEARS),
    halfHours: fc.oneof(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -300_000, max: 300_000 })),
    zone: fc.constantFrom(...ZONES),
  })
  .map(({ year, halfHours, zone }) => formatDateTime(Date.UTC(year, 0, 1) + halfHours * HALF_HOUR_MS, zone));

/** A server that dislikes a zone, and what is older than the beginning of a year: as written, or in a zone. */
const server = fc
  .record({
    year: fc.constantFrom(...YEARS),
    where: fc.option(fc.constantFrom(...ZONES)),
    disliked: fc.constantFrom('-1200', '+0545', '+0000'),
  })
  .map(({ year, where, disliked }) => (text: string): boolean => {
    if (text.endsWith(disliked)) return false;
    if (where === null) return Number(text.slice(7, 11)) >= year;
    return (parseDateTime(text)?.instant ?? 0) >= Date.UTC(year, 0, 1) - where * 60_000;
  });

it('no date is known to be taken that a server refuses, whatever year it begins with, and wherever that begins', () => {
  fc.assert(
    fc.property(server, fc.array(date), fc.array(date), (takes, asked, others) => {
      const taken = asked.filter(takes);
      const proofs = after(...taken);
      for (const internalDate of taken) expect(proofs.has({ internalDate })).toBe(true);
      for (const internalDate of others) if (proofs.has({ internalDate })) expect(takes(internalDate)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
