import { type Arguments, BadSyntax } from './arguments.ts';

/** Both ends included; `*` is Infinity until it is resolved against a mailbox. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** A set of sequence numbers or UIDs, as received (RFC 3501 §9, sequence-set). */
export type SequenceSet = readonly Range[];

/** Parses a sequence set such as `1:5,9,12:*`. */
export function parseSequenceSet(text: string): SequenceSet {
  return text.split(',').map((part) => {
    const [from, to, ...rest] = part.split(':');
    if (from === undefined || rest.length > 0) throw new BadSyntax('Invalid message set');
    const first = parseNumber(from);
    const last = to === undefined ? first : parseNumber(to);
    return { first: Math.min(first, last), last: Math.max(first, last) };
  });
}

/** Reads a sequence set from a command's arguments. */
export function sequenceSet(args: Arguments): SequenceSet {
  return parseSequenceSet(args.run(isSetOctet, 'a message set'));
}

/** Ordered, without overlaps, with `*` replaced by the highest number in the mailbox. */
export function resolveRanges(set: SequenceSet, highest: number): readonly Range[] {
  const ordered = set
    .map((range) => {
      const first = Math.min(range.first, highest);
      const last = range.last === Number.POSITIVE_INFINITY ? highest : range.last;
      // `n:*` always holds the last message, even where n is above it (RFC 3501 §6.4.8).
      return range.last === Number.POSITIVE_INFINITY ? { first, last } : range;
    })
    .toSorted((left, right) => left.first - right.first);
  const merged: Range[] = [];
  for (const range of ordered) {
    const previous = merged.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) {
      merged[merged.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** Ordered numbers as a set in the order given, runs joined: `3,4,5,9` becomes `3:5,9`. */
export function formatNumbers(numbers: readonly number[]): string {
  const parts: string[] = [];
  let start = 0;
  for (let index = 1; index <= numbers.length; index += 1) {
    const previous = numbers[index - 1] ?? 0;
    if (index < numbers.length && numbers[index] === previous + 1) continue;
    const first = numbers[start] ?? 0;
    parts.push(first === previous ? `${first}` : `${first}:${previous}`);
    start = index;
  }
  return parts.join(',');
}

function isSetOctet(octet: number): boolean {
  return (octet >= 0x30 && octet <= 0x3a) || octet === 0x2a || octet === 0x2c;
}

function parseNumber(text: string): number {
  if (text === '*') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new BadSyntax('Invalid message set');
  return Number(text);
}
