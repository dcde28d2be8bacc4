import { dayOfDateHeader, dayOfDateTime, dayOfSearchDate } from '../message/dates.ts';
import { hasFlag } from '../message/flags.ts';
import { bodyOffset, headerValues } from '../message/header.ts';
import type { NumberedMessage, View } from '../store/view.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import { type Range, resolveRanges, sequenceSet, type SequenceSet } from '../wire/sequence-set.ts';

type Matches = (numbered: NumberedMessage) => boolean;

/** A search key, to be tried on the messages of a view. */
export type SearchKey = (view: View) => Matches;

/** Keys that need no arguments, by the flag they look for; `UN…` is the opposite. */
const FLAG_KEYS: Readonly<Record<string, string>> = {
  ANSWERED: '\\Answered',
  DELETED: '\\Deleted',
  DRAFT: '\\Draft',
  FLAGGED: '\\Flagged',
  SEEN: '\\Seen',
};

const HEADER_KEYS = new Set(['BCC', 'CC', 'FROM', 'SUBJECT', 'TO']);

type KeyParser = (args: Arguments) => SearchKey | Promise<SearchKey>;

/** Keys with arguments of their own (RFC 3501 §6.4.4). */
const KEY_PARSERS: Readonly<Record<string, KeyParser>> = {
  ALL: () => () => () => true,
  NEW:
    () =>
    (view) =>
    ({ message }) =>
      view.isRecent(message) && !hasFlag(message.flags, '\\Seen'),
  OLD:
    () =>
    (view) =>
    ({ message }) =>
      !view.isRecent(message),
  RECENT:
    () =>
    (view) =>
    ({ message }) =>
      view.isRecent(message),
  UID: (args) => inSet(argument(args, sequenceSet), true),
  KEYWORD: (args) => flagKey(argument(args, (rest) => rest.atom())),
  UNKEYWORD: (args) => not(flagKey(argument(args, (rest) => rest.atom()))),
  LARGER: (args) =>
    sizeKey(
      argument(args, (rest) => rest.number()),
      (size, bound) => size > bound,
    ),
  SMALLER: (args) =>
    sizeKey(
      argument(args, (rest) => rest.number()),
      (size, bound) => size < bound,
    ),
  BEFORE: async (args) => internalDay(await dayArgument(args), (day, bound) => day < bound),
  ON: async (args) => internalDay(await dayArgument(args), (day, bound) => day === bound),
  SINCE: async (args) => internalDay(await dayArgument(args), (day, bound) => day >= bound),
  SENTBEFORE: async (args) => sentDay(await dayArgument(args), (day, bound) => day < bound),
  SENTON: async (args) => sentDay(await dayArgument(args), (day, bound) => day === bound),
  SENTSINCE: async (args) => sentDay(await dayArgument(args), (day, bound) => day >= bound),
  HEADER: async (args) => headerKey(await argument(args, (rest) => rest.astring()), await textArgument(args)),
  BODY: async (args) => textKey(await textArgument(args), bodyOffset),
  TEXT: async (args) => textKey(await textArgument(args), () => 0),
  NOT: async (args) => not(await argument(args, searchKey)),
  OR: async (args) => or(await argument(args, searchKey), await argument(args, searchKey)),
};

/** Reads search keys up to the end or a closing parenthesis; all of them must hold. */
export async function searchKeys(args: Arguments): Promise<SearchKey> {
  const keys = [await searchKey(args)];
  while (args.accept(' ')) keys.push(await searchKey(args));
  return (view) => {
    const tests = keys.map((key) => key(view));
    return (numbered) => tests.every((test) => test(numbered));
  };
}

async function searchKey(args: Arguments): Promise<SearchKey> {
  if (/[\d*]/.test(args.peek())) return inSet(sequenceSet(args), false);
  if (args.accept('(')) {
    const keys = await searchKeys(args);
    args.expect(')');
    return keys;
  }
  const name = args.atom().toUpperCase();
  const flag = FLAG_KEYS[name];
  if (flag !== undefined) return flagKey(flag);
  const absent = name.startsWith('UN') ? FLAG_KEYS[name.slice(2)] : undefined;
  if (absent !== undefined) return not(flagKey(absent));
  if (HEADER_KEYS.has(name)) return headerKey(name, await textArgument(args));
  const parse = KEY_PARSERS[name];
  if (parse === undefined) throw new BadSyntax(`Unknown search key ${name}`);
  return parse(args);
}

function argument<T>(args: Arguments, read: (args: Arguments) => T): T {
  args.space();
  return read(args);
}

function textArgument(args: Arguments): Promise<string> {
  return argument(args, (rest) => rest.astring());
}

async function dayArgument(args: Arguments): Promise<number> {
  const day = dayOfSearchDate(await textArgument(args));
  if (day === undefined) throw new BadSyntax('Invalid search date');
  return day;
}

function not(key: SearchKey): SearchKey {
  return (view) => {
    const test = key(view);
    return (numbered) => !test(numbered);
  };
}

function or(left: SearchKey, right: SearchKey): SearchKey {
  return (view) => {
    const [first, second] = [left(view), right(view)];
    return (numbered) => first(numbered) || second(numbered);
  };
}

function flagKey(flag: string): SearchKey {
  return () =>
    ({ message }) =>
      hasFlag(message.flags, flag);
}

function sizeKey(bound: number, compare: (size: number, bound: number) => boolean): SearchKey {
  return () =>
    ({ message }) =>
      compare(message.body.length, bound);
}

/** The zone of INTERNALDATE is disregarded: its own calendar day counts. */
function internalDay(bound: number, compare: (day: number, bound: number) => boolean): SearchKey {
  return () =>
    ({ message }) =>
      compare(dayOfDateTime(message.internalDate), bound);
}

function sentDay(bound: number, compare: (day: number, bound: number) => boolean): SearchKey {
  return () =>
    ({ message }) => {
      const day = dayOfDateHeader(headerValues(message.body, 'Date')[0] ?? '');
      return day !== undefined && compare(day, bound);
    };
}

/** A substring, whatever the case; the empty string asks whether there is such a field. Encoded words are not decoded. */
function headerKey(name: string, text: string): SearchKey {
  const wanted = text.toLowerCase();
  return () =>
    ({ message }) =>
      headerValues(message.body, name).some((value) => value.toLowerCase().includes(wanted));
}

function textKey(text: string, start: (message: Buffer) => number): SearchKey {
  const wanted = text.toLowerCase();
  return () =>
    ({ message: { body } }) =>
      body.toString('latin1', start(body)).toLowerCase().includes(wanted);
}

function inSet(set: SequenceSet, byUid: boolean): SearchKey {
  return (view) => {
    const ranges = resolveRanges(set, byUid ? (view.messages.at(-1)?.uid ?? 0) : view.messages.length);
    return ({ sequence, message }) => holds(ranges, byUid ? message.uid : sequence);
  };
}

/** Whether ordered ranges without overlaps hold a number. */
function holds(ranges: readonly Range[], value: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.last ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return (ranges[low]?.first ?? Number.POSITIVE_INFINITY) <= value;
}
