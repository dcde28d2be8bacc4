import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AsideNote, CopyCounts } from '../model/pass.ts';
import { isRefusalCode, type RefusalCode } from '../model/refusals.ts';
import { ByteReader, ByteWriter, DamagedBytes } from './bytes.ts';
import { readEntries, writeEntries } from './entry-codec.ts';
import { Ledger, NOWHERE, type LedgerHead } from './ledger.ts';
import { newTally, type Tally } from './tally.ts';

/**
 * Ledgers as text. Base64 of: a byte for the version, a byte for the kind, CRC-32 of the rest as it is before deflating,
 * and the rest deflated (RFC 1951). A later version gets another byte and keeps a reader for those that were released
 * before, since ledgers live in workflows for weeks; none was before this one.
 */
const VERSION = 3;
const WHOLE = 0;
const GROWTH = 1;
const PREFIX = 6;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_NOTES = 10_000_000;
const MOST_CODES = 1_000;

/** A ledger's or growth's text cannot be what this program wrote; nothing of it is used. */
export class LedgerDamaged extends Error {
  override readonly name = 'LedgerDamaged';
}

/** Written by a later version of this program: a worker of that version can read it, and this one leaves it to it. */
export class LedgerOfLaterVersion extends Error {
  override readonly name = 'LedgerOfLaterVersion';
}

/** The whole ledger. */
export function encodeLedger(ledger: Ledger): string {
  const out = new ByteWriter();
  writeHead(out, ledger.head);
  writeAside(out, ledger.aside);
  writeUids(out, ledger.unread);
  writeEntries(out, ledger, false);
  return seal(WHOLE, out.taken());
}

/** Throws LedgerDamaged or LedgerOfLaterVersion, as all that read. */
export function decodeLedger(text: string): Ledger {
  return opened('ledger', WHOLE, text, (from) => {
    const ledger = new Ledger();
    ledger.update(readHead(from));
    for (const aside of readAside(from)) ledger.loadAside(aside);
    ledger.replaceUnread(readUids(from));
    ledger.load(readEntries(from, ledger));
    return ledger;
  });
}

/** What changed in the ledger since it was decoded, and what was done in that time. */
export function encodeGrowth(ledger: Ledger, tally: Tally): string {
  const out = new ByteWriter();
  out.number(ledger.baseSize);
  out.number((ledger.wasReset ? 1 : 0) + (ledger.asideChanged ? 2 : 0));
  writeHead(out, ledger.head);
  writeTally(out, tally);
  if (ledger.asideChanged) writeAside(out, ledger.aside);
  writeUids(out, ledger.unread);
  writeEntries(out, ledger, true);
  return seal(GROWTH, out.taken());
}

/** Brings a ledger to where another attempt was, when both began with the same. Throws LedgerDamaged. */
export function applyGrowth(ledger: Ledger, text: string): Tally {
  return opened('growth of a ledger', GROWTH, text, (from) => {
    if (from.number() !== ledger.baseSize) throw new DamagedBytes('it belongs to another ledger');
    const changes = from.number(3);
    const head = readHead(from);
    const tally = readTally(from);
    const aside = changes >= 2 ? readAside(from) : undefined;
    const unread = readUids(from);
    const { uids, counterparts, flagSets } = readEntries(from, ledger);
    from.end();
    if (changes % 2 === 1) ledger.forgetSource();
    // Growth that tells nothing of what was put aside leaves it as it was.
    const putAside = aside ?? ledger.aside;
    for (const [at, uid] of uids.entries()) {
      ledger.handle(uid, counterparts[at] ?? NOWHERE, ledger.flagsOfSet(flagSets[at] ?? 0));
    }
    ledger.replaceAside(putAside);
    ledger.replaceUnread(unread);
    ledger.update(head);
    return tally;
  });
}

/** Text of one kind. Columns hold runs and frequent bytes but no phrases: looking for runs alone is four times as fast, and smaller. */
export function seal(kind: number, body: Buffer): string {
  const deflated = deflateRawSync(body, { strategy: constants.Z_RLE });
  const sealed = Buffer.allocUnsafe(PREFIX + deflated.length);
  sealed[0] = VERSION;
  sealed[1] = kind;
  sealed.writeUInt32BE(crc32(body), 2);
  deflated.copy(sealed, PREFIX);
  return sealed.toString('base64');
}

/** Reads what `seal` wrote, to its end. Throws LedgerDamaged or LedgerOfLaterVersion, naming `what`, for anything else. */
export function opened<Result>(what: string, kind: number, text: string, read: (from: ByteReader) => Result): Result {
  try {
    const sealed = Buffer.from(text, 'base64');
    if (sealed.toString('base64') !== text) throw new DamagedBytes('it is not base64');
    if (sealed.length < PREFIX) throw new DamagedBytes('it is too short');
    const [version = 0] = sealed;
    if (version > VERSION) throw new LedgerOfLaterVersion(laterVersion(what, version));
    if (version !== VERSION) throw new DamagedBytes(`it has version ${version}, and this program reads ${VERSION}`);
    if (sealed[1] !== kind) throw new DamagedBytes('it is of another kind');
    const body = inflateRawSync(sealed.subarray(PREFIX), { maxOutputLength: MOST_BYTES });
    if (crc32(body) !== sealed.readUInt32BE(2)) throw new DamagedBytes('its checksum does not fit');
    const from = new ByteReader(body);
    const result = read(from);
    from.end();
    return result;
  } catch (error) {
    if (error instanceof LedgerOfLaterVersion) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new LedgerDamaged(`The ${what} of a folder cannot be read: ${why}`, { cause: error });
  }
}

function laterVersion(what: string, version: number): string {
  return `The ${what} of a folder has version ${version}, and this worker reads ${VERSION}: run a worker of the version that wrote it`;
}

const HEAD_NUMBERS = [
  'sourceValidity',
  'destinationValidity',
  'completeBefore',
  'settledBelow',
  'doubtFrom',
  'writtenFrom',
  'writtenBelow',
  'retriedUpTo',
  'highestModseq',
] as const satisfies readonly (keyof LedgerHead)[];

function writeHead(out: ByteWriter, head: LedgerHead): void {
  for (const field of HEAD_NUMBERS) out.number(head[field]);
  out.number(head.rematch ? 1 : 0);
}

function readHead(from: ByteReader): Partial<LedgerHead> {
  const head: Partial<Record<(typeof HEAD_NUMBERS)[number], number>> = {};
  for (const field of HEAD_NUMBERS) head[field] = from.number();
  return { ...head, rematch: from.number(1) === 1 };
}

function writeAside(out: ByteWriter, aside: readonly AsideNote[]): void {
  const codes = [...new Set(aside.map(({ code }) => code))];
  out.number(codes.length);
  for (const code of codes) out.text(code);
  out.number(aside.length);
  let last = 0;
  for (const { uid, code } of aside) {
    out.number(uid - last);
    out.number(codes.indexOf(code));
    last = uid;
  }
}

function readAside(from: ByteReader): readonly AsideNote[] {
  const codes = Array.from({ length: from.number(MOST_CODES) }, () => readCode(from));
  const aside: AsideNote[] = [];
  const length = from.number(MOST_NOTES);
  let uid = 0;
  for (let index = 0; index < length; index++) {
    const distance = from.number(0xffff_ffff);
    if (distance === 0) throw new DamagedBytes('a message is put aside twice');
    uid += distance;
    const code = codes[from.number()];
    if (code === undefined) throw new DamagedBytes('a reason is not in the list');
    aside.push({ uid, code });
  }
  return aside;
}

/** In ascending order. */
function writeUids(out: ByteWriter, uids: readonly number[]): void {
  out.number(uids.length);
  let last = 0;
  for (const uid of uids) {
    out.number(uid - last);
    last = uid;
  }
}

function readUids(from: ByteReader): readonly number[] {
  const uids: number[] = [];
  const length = from.number(from.left);
  let uid = 0;
  for (let index = 0; index < length; index++) {
    uid += from.number(0xffff_ffff);
    uids.push(uid);
  }
  return uids;
}

function readCode(from: ByteReader): RefusalCode {
  const code = from.text();
  if (!isRefusalCode(code)) throw new DamagedBytes('it names a refusal that this program does not know');
  return code;
}

const COUNTS = [
  'listed',
  'copied',
  'adopted',
  'bytes',
  'flagsChanged',
  'aside',
  'goneFromSource',
  'moved',
] as const satisfies readonly (keyof CopyCounts)[];

export function writeTally(out: ByteWriter, { counts, notes }: Tally): void {
  for (const field of COUNTS) out.number(counts[field]);
  const noted = Object.entries(notes);
  out.number(noted.length);
  for (const [code, times] of noted) {
    out.text(code);
    out.number(times);
  }
}

/** Throws a DamagedBytes for what cannot be one. */
export function readTally(from: ByteReader): Tally {
  const tally = newTally();
  const counts: Partial<Record<keyof CopyCounts, number>> = {};
  for (const field of COUNTS) counts[field] = from.number();
  const length = from.number(MOST_NOTES);
  for (let index = 0; index < length; index++) {
    const code = readCode(from);
    tally.notes = { ...tally.notes, [code]: from.number() };
  }
  return { ...tally, counts: { ...tally.counts, ...counts } };
}
