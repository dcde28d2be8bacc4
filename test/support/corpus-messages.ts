import { instantOf } from './imap-read.ts';
import type { Random } from './random.ts';

/** What a generated message is addressed to and when it was sent. */
export interface Envelope {
  /** Counts the messages of one run, so that Message-IDs differ. */
  readonly serial: number;
  /** An IMAP date-time; the Date field says the same instant in the same zone. */
  readonly date: string;
  readonly to: string;
}

/** Writes one message, byte for byte. */
export type MessageKind = (random: Random, envelope: Envelope) => Buffer;

const WORDS =
  'the order contract meeting invoice of and for with report quarter plan server archive customer office delivery ' +
  'budget review draft final please attached regards tomorrow number window letter board minutes travel question answer';
const [FIRST_WORD = 'the', ...OTHER_WORDS] = WORDS.split(' ');
const VOCABULARY = [FIRST_WORD, ...OTHER_WORDS] as const;
const SENDERS = [
  'Anna Schmidt <anna.schmidt@example.org>',
  '=?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.com>',
  '=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <yamada@example.net>',
  '"Board, The" <board@example.org>',
  'monitoring@status.example.net',
  '=?UTF-8?B?0JjQstCw0L0g0J/QtdGC0YDQvtCy?= <ivan@example.com>',
] as const;
const ENCODED_SUBJECTS = [
  '=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=',
  '=?UTF-8?B?44GK5LiW6Kmx44Gr44Gq44Gj44Gm44GK44KK44G+44GZ?=',
  '=?ISO-8859-1?Q?R=E9union_de_d=E9cembre?=',
  '=?UTF-8?B?8J+TjiBBdHRhY2htZW50cyE=?=',
] as const;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

function sentence(random: Random, words: number): string {
  return Array.from({ length: words }, () => random.pick(VOCABULARY)).join(' ');
}

function paragraphs(random: Random, count: number): string {
  const paragraph = (): string => Array.from({ length: random.integer(2, 7) }, () => sentence(random, 11)).join('\r\n');
  return `${Array.from({ length: count }, paragraph).join('\r\n\r\n')}\r\n`;
}

/** RFC 5322's form of an IMAP date-time. */
function dateField(date: string): string {
  const [day = '', time = '', zone = ''] = date.trim().split(' ');
  const weekday = DAYS[new Date(instantOf(`${date.slice(0, -5)}+0000`)).getUTCDay()] ?? 'Sun';
  return `${weekday}, ${day.replaceAll('-', ' ')} ${time} ${zone}`;
}

function subjectOf(random: Random): string {
  const prefix = random.pick(['', '', 'Re: ', 'AW: ', 'Fwd: ']);
  return random.chance(0.25) ? prefix + random.pick(ENCODED_SUBJECTS) : prefix + sentence(random, random.integer(2, 8));
}

function messageId({ serial, date }: Envelope): string {
  return `<${serial}.${instantOf(date) / 1000}@mail.example.org>`;
}

function headers(random: Random, envelope: Envelope, extra: readonly string[]): readonly string[] {
  return [
    `Received: from mx${random.integer(1, 4)}.example.net (mx.example.net [192.0.2.${random.integer(1, 254)}])`,
    `\tby mail.example.org with ESMTPS id ${random.integer(100_000, 999_999)}; ${dateField(envelope.date)}`,
    `From: ${random.pick(SENDERS)}`,
    `To: ${envelope.to}`,
    `Subject: ${subjectOf(random)}`,
    `Date: ${dateField(envelope.date)}`,
    ...extra,
  ];
}

function message(lines: readonly string[], body: string): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'utf8');
}

function identified(random: Random, envelope: Envelope, extra: readonly string[] = []): readonly string[] {
  return headers(random, envelope, [`Message-ID: ${messageId(envelope)}`, 'MIME-Version: 1.0', ...extra]);
}

const plainText: MessageKind = (random, envelope) =>
  message(
    identified(random, envelope, ['Content-Type: text/plain; charset=us-ascii']),
    paragraphs(random, random.integer(1, 12)),
  );

const htmlAlternative: MessageKind = (random, envelope) => {
  const boundary = `=_part_${envelope.serial}`;
  const text = paragraphs(random, random.integer(1, 5));
  const html = `<!doctype html><p>${text.replaceAll('\r\n\r\n', '</p>\r\n<p>')}</p>`;
  const part = (type: string, content: string): string =>
    `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\n\r\n${content}\r\n`;
  return message(
    identified(random, envelope, [`Content-Type: multipart/alternative; boundary="${boundary}"`]),
    `${part('text/plain', text)}${part('text/html', html)}--${boundary}--\r\n`,
  );
};

const withAttachment: MessageKind = (random, envelope) => {
  const boundary = `----=_attachment_${envelope.serial}`;
  const content = random.bytes(random.integer(2_000, 40_000)).toString('base64').replaceAll(/.{76}/g, '$&\r\n');
  const name = random.pick(['invoice.pdf', '=?UTF-8?Q?=C3=9Cbersicht.xlsx?=', 'minutes.docx', 'photo 1.jpg']);
  return message(
    identified(random, envelope, ['Content-Type: multipart/mixed;', ` boundary="${boundary}"`]),
    [
      `--${boundary}`,
      'Content-Type: text/plain; charset=utf-8',
      '',
      paragraphs(random, 2),
      `--${boundary}`,
      `Content-Type: application/octet-stream; name="${name}"`,
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename="${name}"`,
      '',
      content,
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
};

const eightBit: MessageKind = (random, envelope) => {
  const fields = identified(random, envelope, [
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: 8bit',
  ]);
  const body = Buffer.from(`Gr\u00fc\u00dfe, \u00e0 bient\u00f4t \u00ff\r\n${paragraphs(random, 2)}`, 'latin1');
  return Buffer.concat([message(fields, ''), body]);
};

const rawUtf8Headers: MessageKind = (random, envelope) =>
  message(identified(random, envelope, ['X-Note: Überprüfung läuft, 検査中']), paragraphs(random, 1));

const withoutMessageId: MessageKind = (random, envelope) =>
  message(headers(random, envelope, []), paragraphs(random, random.integer(1, 3)));

const longLine: MessageKind = (random, envelope) =>
  message(identified(random, envelope), `${sentence(random, 6)} ${'x'.repeat(random.integer(1_500, 30_000))}\r\n`);

const emptyBody: MessageKind = (random, envelope) => message(identified(random, envelope), '');

/** Without even the empty line that ends the headers. */
const headersOnly: MessageKind = (random, envelope) => Buffer.from(`${identified(random, envelope).join('\r\n')}\r\n`);

/** What a server that loses count of a literal would take for commands. */
const imapCommands: MessageKind = (random, envelope) =>
  message(
    identified(random, envelope),
    'a1 STORE 1:* +FLAGS (\\Deleted)\r\na2 EXPUNGE\r\n* BYE\r\n{99999+}\r\nt1 OK\r\n)\r\n+ go on\r\na3 DELETE INBOX\r\n',
  );

const noFinalLineBreak: MessageKind = (random, envelope) => message(identified(random, envelope), 'no end of line');

/** The kinds with how often each comes, in a thousand. */
export const MESSAGE_KINDS: readonly (readonly [share: number, kind: MessageKind])[] = [
  [480, plainText],
  [250, htmlAlternative],
  [90, withAttachment],
  [40, eightBit],
  [30, rawUtf8Headers],
  [40, withoutMessageId],
  [15, longLine],
  [15, emptyBody],
  [10, headersOnly],
  [15, imapCommands],
  [15, noFinalLineBreak],
];

/** A message of the given serial that carries the Message-ID of another. */
export function withSameMessageId(random: Random, envelope: Envelope, original: Buffer): Buffer {
  const id = /^Message-ID: (.*)$/im.exec(original.toString('latin1'))?.[1]?.trim() ?? messageId(envelope);
  return message(headers(random, envelope, [`Message-ID: ${id}`]), paragraphs(random, 2));
}

/** Bytes that Dovecot does not keep: it replaces NUL, and makes CRLF of a bare LF. */
export const ALTERED_BY_DOVECOT: readonly (readonly [why: string, kind: MessageKind])[] = [
  ['NUL', (random, envelope) => message(identified(random, envelope), 'before\0after\r\n')],
  ['bare LF', (random, envelope) => message(identified(random, envelope), 'first line\nsecond line\n')],
  ['bare LF in headers', (random, envelope) => message([identified(random, envelope).join('\n')], 'body\r\n')],
];
