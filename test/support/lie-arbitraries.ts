/** Lies as fast-check makes them up. */
import {
  boolean,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  array,
  string,
  constant,
  type Arbitrary,
} from 'fast-check';
import type { Lie } from './lies.ts';
import type { TimedLie } from './lying-proxy.ts';
import type { Case } from './lying-world.ts';

const small = nat(16).map(String);
const NUMBERS = ['0', '00', '-1', '4294967295', '4294967296', '999999999999999', '1e3', 'NIL', ''];
const number = oneof(small, constantFrom(...NUMBERS));
const octets = oneof(
  string({ unit: 'binary-ascii', maxLength: 12 }),
  constantFrom('"', '(', ')', '{', '}', '\\', '\0', '\xff', '\r', '[', ']', '{5}', '{5}\r', ' NIL ', '*', '%', '~{4}'),
).map((text) => text.replaceAll('\n', ''));

/** Lines that nobody asked for; `1` stands for any small number. */
const UNASKED = [
  '* 1 EXISTS',
  '* 1 RECENT',
  '* 1 EXPUNGE',
  '* VANISHED 1:7',
  '* VANISHED (EARLIER) 1:7',
  '* 1 FETCH (FLAGS (\\Deleted))',
  '* 1 FETCH (UID 1 MODSEQ (7))',
  '* OK still here',
  '* OK [ALERT] {5}',
  '* OK [UNSEEN 1] first',
  '* OK [APPENDUID 1 1] of another',
  '* NO Keywords are not supported!',
  '* NO [OVERQUOTA] nearly full',
  '* BAD what?',
  '* ESEARCH (TAG "F1") UID ALL 1:7',
  '* LIST (\\HasNoChildren) "/" "a&b"',
  '* LIST () "/" {3}\r\na\xffb',
  '* LSUB () NIL x',
  '* STATUS "x" (MESSAGES 1 UIDNEXT 1 UIDVALIDITY 1)',
  '* FLAGS (\\Seen NIL "x")',
  '* METADATA "" (/x {2}\r\nab)',
  '* QUOTA "" (STORAGE 10 10)',
  '* X-UNKNOWN something (else',
  '* ',
  '*',
  '',
  '+ go on',
  '+',
  '* PREAUTH welcome',
  '* BYE',
  'F1 OK done',
  'F999 OK done',
  '* 1 FETCH (BODY[] {4294967296}',
  '* 1 FETCH (UID 1 BODY[] {100000}',
  `* ${'('.repeat(40)}`,
  `* 1 FETCH (FLAGS "${'x'.repeat(300)}`,
  '\xff\xfe\0\x07',
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n',
  '\x15\x03\x03\0\x02\x02\x28',
  'K\xcc\xcfU\xc8OO\xe1\x02\0',
  '+OK POP3 ready',
  '* OK [NOMODSEQ] none',
  '* OK [HIGHESTMODSEQ 1] of another',
  '* ENABLED UTF8=ACCEPT',
  '* 4294967295 EXISTS',
  '* 12345678901 EXISTS',
  `* 1 FETCH (${'['.repeat(3_000)}`,
  `* FLAGS (${'a '.repeat(3_000)}`,
  '* OK still here\r\n'.repeat(2_000),
  '* 1 FETCH (FLAGS ())\r\n'.repeat(2_000),
];

const unasked = record({
  line: constantFrom(...UNASKED),
  one: nat(16),
  end: constantFrom('\r\n', '\r\n', '\r\n', '\n', ''),
}).map(({ line, one, end }) => `${line.replaceAll(/\b1\b/g, String(one))}${end}`);

/** Lies that say nothing false about mail: whoever sees through them has lost nothing. */
const disturbance: Arbitrary<Lie> = oneof(
  record({ do: constant('cut' as const), after: nat(300), reset: boolean() }),
  record({ do: constant('hang' as const), after: nat(300) }),
  record({
    do: constant('bye' as const),
    text: constantFrom('bye', '[UNAVAILABLE] later', 'Session invalidated'),
    leaves: boolean(),
  }),
  record({ do: constant('repeat' as const) }),
  record({ do: constant('late' as const), by: integer({ min: 1, max: 6 }) }),
  record({ do: constant('drop' as const) }),
  record({ do: constant('split' as const), size: integer({ min: 1, max: 9 }) }),
  record({ do: constant('insert' as const), text: unasked, where: constantFrom('before' as const, 'after' as const) }),
);

/** Lies that may make us believe something. */
const falsehood: Arbitrary<Lie> = oneof(
  record({ do: constant('retag' as const), tag: constantFrom('F1', 'F2', 'F3', 'F7', 'F99', 'f5', 'x', '') }),
  record({ do: constant('status' as const), status: constantFrom('OK', 'NO', 'BAD', 'BYE', 'PREAUTH', 'WHAT', '') }),
  record({
    do: constant('literal' as const),
    more: oneof(integer({ min: -50, max: 50 }), constantFrom(4294967296, 1e15, -1e6)),
  }),
  record({ do: constant('number' as const), which: nat(12), value: number }),
  record({ do: constant('octets' as const), at: nat(200), remove: nat(8), insert: octets }),
);

/** What is worth lying about. */
const MARKS = [
  '* SEARCH',
  ' FETCH (',
  'APPENDUID',
  '+ ',
  'UIDNEXT',
  'UIDVALIDITY',
  ' EXISTS',
  ' OK ',
  'BODY[]',
  'HEADER',
  'LIST',
];

function timed(lies: Arbitrary<Lie>): Arbitrary<readonly TimedLie[]> {
  const anywhere = record({ at: oneof(nat(30), nat(90)), lie: lies });
  const aimed = record({ at: oneof(nat(2), nat(12)), to: constantFrom(...MARKS), lie: lies });
  return array(oneof(anywhere, aimed), { minLength: 1, maxLength: 2 });
}

/** A message that is not there, small or too large to be held. */
const madeUp: Arbitrary<Lie> = record({
  uid: integer({ min: 1, max: 16 }),
  date: constantFrom('NIL', '"17-Jul-2020 02:44:25 +0000"'),
  body: constantFrom(
    '"made up"',
    'NIL',
    '{7}\r\nmade up',
    `{50000}\r\n${'made up\r\n'.repeat(5_556).slice(0, 50_000)}`,
  ),
  where: constantFrom('before' as const, 'after' as const),
}).map(({ uid, date, body, where }) => ({
  do: 'insert',
  text: `* ${uid} FETCH (UID ${uid} FLAGS () INTERNALDATE ${date} BODY[] ${body})\r\n`,
  where,
}));

/** One message that is made up; all else is true, and comes, so that it gives the lie away. */
export const madeUpCase: Arbitrary<Case> = record({
  mode: nat(5),
  begun: boolean(),
  lie: record({ at: nat(20), to: constant('BODY[] {'), lie: madeUp }),
}).map(({ mode, begun, lie }) => ({ mode, begun, source: [lie], destination: [], commandTimeout: 20_000 }));

function caseOf(lies: Arbitrary<Lie>): Arbitrary<Case> {
  const some = timed(lies);
  const sides = oneof(
    record({ source: some, destination: constant([]) }),
    record({ source: constant([]), destination: some }),
    record({ source: some, destination: some }),
  );
  return record({ mode: nat(5), begun: boolean(), sides }).map(({ mode, begun, sides: { source, destination } }) => ({
    mode,
    begun,
    source,
    destination,
  }));
}

/** Any lies to one server. */
export const anyLies: Arbitrary<readonly TimedLie[]> = timed(oneof(falsehood, disturbance));
export const disturbedCase: Arbitrary<Case> = caseOf(disturbance);
export const deceivedCase: Arbitrary<Case> = caseOf(oneof(falsehood, disturbance));
