import { ALTERED_BY_DOVECOT, MESSAGE_KINDS, withSameMessageId } from './corpus-messages.ts';
import type { Envelope, MessageKind } from './corpus-messages.ts';
import { Random } from './random.ts';

/** A generated message with what the server is told about it. */
export interface CorpusMessage {
  readonly raw: Buffer;
  /** An IMAP date-time such as `17-Jul-1996 02:44:25 -0700`. */
  readonly date: string;
  readonly flags: readonly string[];
}

/** A generated folder; its path's segments are joined by `/` and hold neither `/` nor `.`. */
export interface CorpusFolder {
  readonly path: string;
  readonly specialUse?: string;
  readonly messages: readonly CorpusMessage[];
}

export interface CorpusMailbox {
  readonly folders: readonly CorpusFolder[];
}

/** What is generated. */
export interface CorpusOptions {
  /** In all folders together. */
  readonly messages: number;
  /** The latest date of a message. */
  readonly now: Date;
  /** The To field of all messages. */
  readonly to?: string;
}

const FIRST_DATE = Date.UTC(1995, 0, 1);
const DAY_MS = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const ZONES = [0, 60, 120, -300, -480, 330, 345, 780, -210] as const;
const SYSTEM_FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Draft', '\\Deleted'] as const;
const KEYWORDS = ['$Forwarded', '$MDNSent', '$Label1', 'NonJunk', 'project-x'] as const;
const FLAG_CHANCES: readonly (readonly [flag: string, probability: number])[] = [
  [SYSTEM_FLAGS[0], 0.75],
  [SYSTEM_FLAGS[1], 0.2],
  [SYSTEM_FLAGS[2], 0.08],
  [SYSTEM_FLAGS[3], 0.01],
  [SYSTEM_FLAGS[4], 0.01],
  ...KEYWORDS.map((keyword) => [keyword, 0.04] as const),
];

interface FolderPlan {
  readonly path: string;
  readonly specialUse?: string;
  /** Its part of the mailbox's messages, in relation to the others'. */
  readonly weight: number;
}

const FOLDERS: readonly FolderPlan[] = [
  { path: 'INBOX', weight: 40 },
  { path: 'Sent', specialUse: '\\Sent', weight: 18 },
  { path: 'Drafts', specialUse: '\\Drafts', weight: 2 },
  { path: 'Junk', specialUse: '\\Junk', weight: 3 },
  { path: 'Trash', specialUse: '\\Trash', weight: 5 },
  { path: 'Archive', specialUse: '\\Archive', weight: 8 },
  { path: 'Archive/2019', weight: 6 },
  { path: 'Projects', weight: 0 },
  { path: 'Projects/Überwachung & Prüfung', weight: 5 },
  { path: 'Projects/Überwachung & Prüfung/Köln', weight: 4 },
  { path: '日本語', weight: 4 },
  { path: 'Кадры/Отпуск', weight: 3 },
  { path: 'Name with "quotes" and (brackets)', weight: 2 },
];

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** An instant as an IMAP date-time in the zone that is `zoneMinutes` east of Greenwich. */
export function imapDateTime(instant: number, zoneMinutes: number): string {
  const local = new Date(instant + zoneMinutes * 60_000);
  const day = `${twoDigits(local.getUTCDate())}-${MONTHS[local.getUTCMonth()] ?? ''}-${local.getUTCFullYear()}`;
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(twoDigits).join(':');
  const zone = Math.abs(zoneMinutes);
  return `${day} ${time} ${zoneMinutes < 0 ? '-' : '+'}${twoDigits(Math.floor(zone / 60))}${twoDigits(zone % 60)}`;
}

/** Most mail is recent: a sixth of the last month, a quarter of the last year, the rest since 1995. */
function randomDate(random: Random, now: number): string {
  const era = random.next();
  const days = (now - FIRST_DATE) / DAY_MS;
  const ageDays = era < 0.16 ? random.next() * 30 : era < 0.41 ? random.next() * 365 : random.next() * days;
  const instant = Math.max(FIRST_DATE, Math.floor((now - ageDays * DAY_MS) / 1000) * 1000);
  return imapDateTime(instant, random.pick(ZONES));
}

function randomFlags(random: Random): readonly string[] {
  return FLAG_CHANCES.filter(([, probability]) => random.chance(probability)).map(([flag]) => flag);
}

function randomKind(random: Random): MessageKind {
  let ticket = random.integer(0, MESSAGE_KINDS.reduce((sum, [share]) => sum + share, 0) - 1);
  const found = MESSAGE_KINDS.find(([share]) => (ticket -= share) < 0);
  if (found === undefined) throw new Error('the shares of the kinds of messages do not add up');
  return found[1];
}

/** Now and then the message before once more, or another one with its Message-ID. */
function nextMessage(random: Random, envelope: Envelope, previous: CorpusMessage | undefined): CorpusMessage {
  if (previous !== undefined && random.chance(0.015)) return previous;
  const raw =
    previous !== undefined && random.chance(0.015)
      ? withSameMessageId(random, envelope, previous.raw)
      : randomKind(random)(random, envelope);
  return { raw, date: envelope.date, flags: randomFlags(random) };
}

function generate(
  random: Random,
  count: number,
  firstSerial: number,
  options: CorpusOptions,
): readonly CorpusMessage[] {
  const messages: CorpusMessage[] = [];
  for (let at = 0; at < count; at += 1) {
    const date = randomDate(random, options.now.getTime());
    const envelope = { serial: firstSerial + at, date, to: options.to ?? 'someone@example.org' };
    messages.push(nextMessage(random, envelope, messages.at(-1)));
  }
  return messages;
}

/** Shares out `total` by weight, exactly: what rounding leaves over goes to the first folder. */
function shareOut(total: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map((weight) => Math.floor((total * weight) / sum));
  const left = total - counts.reduce((a, b) => a + b, 0);
  return counts.map((count, at) => (at === 0 ? count + left : count));
}

/**
 * A realistic mailbox with exactly `messages` messages, the same for the same arguments. Every message survives Dovecot
 * unaltered; for those that do not see `generateAlteredMessages`.
 */
export function generateMailbox(seed: number, options: CorpusOptions): CorpusMailbox {
  const random = new Random(seed);
  const counts = shareOut(
    options.messages,
    FOLDERS.map(({ weight }) => weight),
  );
  let serial = seed * 1_000_000;
  const folders = FOLDERS.map(({ path, specialUse }, at) => {
    const messages = generate(random, counts[at] ?? 0, serial, options);
    serial += messages.length;
    return specialUse === undefined ? { path, messages } : { path, specialUse, messages };
  });
  return { folders };
}

/** Messages of a single folder, such as mail that arrives while a migration runs: all dated `now`. */
export function generateNewMail(seed: number, options: CorpusOptions): readonly CorpusMessage[] {
  const random = new Random(seed);
  const date = imapDateTime(Math.floor(options.now.getTime() / 1000) * 1000, 0);
  return Array.from({ length: options.messages }, (_, at) => {
    const envelope = { serial: seed * 1_000_000 + at, date, to: options.to ?? 'someone@example.org' };
    return { raw: randomKind(random)(random, envelope), date, flags: [] };
  });
}

/** One message for each thing that Dovecot alters in silence. */
export function generateAlteredMessages(
  seed: number,
  now: Date,
): readonly { readonly why: string; readonly message: CorpusMessage }[] {
  const random = new Random(seed);
  const date = imapDateTime(Math.floor(now.getTime() / 1000) * 1000, 60);
  return ALTERED_BY_DOVECOT.map(([why, kind], at) => {
    const envelope = { serial: seed * 1_000_000 + at, date, to: 'someone@example.org' };
    return { why, message: { raw: kind(random, envelope), date, flags: ['\\Seen'] } };
  });
}
