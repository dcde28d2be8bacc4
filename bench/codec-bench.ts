import { applyGrowth, decodeLedger, encodeGrowth, encodeLedger } from '../copy/ledger-codec.ts';
import { Ledger } from '../copy/ledger.ts';
import { newTally } from '../copy/tally.ts';
import { Random } from '../test/support/random.ts';
import { median } from './results.ts';
import { markdownTable, number } from './table.ts';

/** One kind of folder, encoded and decoded several times; milliseconds are of CPU, and medians. */
export interface CodecResult {
  readonly folder: string;
  readonly entries: number;
  /** Of the text that travels, and of what it is before base64. */
  readonly textBytesPerMessage: number;
  readonly bytesPerMessage: number;
  readonly mostBytesPerMessage: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
  /** Of the growth by `GROWN` messages: what one heartbeat takes. */
  readonly growthMs: number;
  readonly growthBytes: number;
}

const ENTRIES = 500_000;
const MOST_MS = 300;
const ROUNDS = 9;
const GROWN = 20_000;
/** By how often they are seen in mailboxes, in a thousand. */
const FLAG_SETS: readonly (readonly [share: number, flags: readonly string[]])[] = [
  [640, ['\\Seen']],
  [130, ['\\Answered', '\\Seen']],
  [100, []],
  [50, ['\\Flagged', '\\Seen']],
  [40, ['$Forwarded', '\\Seen']],
  [20, ['NonJunk', '\\Seen']],
  [12, ['$Label1', '\\Seen']],
  [8, ['\\Draft']],
];

interface FolderKind {
  readonly name: string;
  readonly mostBytesPerMessage: number;
  readonly fill: (ledger: Ledger, entries: number, random: Random) => void;
}

const KINDS: readonly FolderKind[] = [
  { name: '30 % gaps, users writing at the destination', mostBytesPerMessage: 1, fill: fillUsed },
  { name: 'adopted, destination UIDs in no order', mostBytesPerMessage: 3, fill: fillAdopted },
];

/** In this process: there is nothing in it but computing. */
export function codecBench(scale: number): readonly CodecResult[] {
  return KINDS.map((kind) => measureKind(kind, Math.max(1, Math.round(ENTRIES * scale))));
}

function measureKind({ name, mostBytesPerMessage, fill }: FolderKind, entries: number): CodecResult {
  const ledger = new Ledger();
  fill(ledger, entries, new Random(4));
  const text = encodeLedger(ledger);
  const rounds = Array.from({ length: ROUNDS }, () => ({
    encodeMs: milliseconds(() => encodeLedger(ledger)),
    decodeMs: milliseconds(() => decodeLedger(text)),
    ...growth(text),
  }));
  return {
    folder: name,
    entries,
    textBytesPerMessage: text.length / entries,
    bytesPerMessage: Buffer.from(text, 'base64').length / entries,
    mostBytesPerMessage,
    encodeMs: median(rounds.map((round) => round.encodeMs)),
    decodeMs: median(rounds.map((round) => round.decodeMs)),
    growthMs: median(rounds.map((round) => round.growthMs)),
    growthBytes: median(rounds.map((round) => round.growthBytes)),
  };
}

/** A share's worth of new messages on top of the ledger, as its last heartbeat carries them. */
function growth(text: string): { readonly growthMs: number; readonly growthBytes: number } {
  const ledger = decodeLedger(text);
  const random = new Random(5);
  const last = ledger.size === 0 ? 0 : ledger.entryAt(ledger.size - 1).uid;
  for (let more = 1; more <= GROWN; more++) ledger.handle(last + more, 1_000_000_000 + more, flagsOf(random));
  let encoded = '';
  const growthMs = milliseconds(() => (encoded = encodeGrowth(ledger, newTally())));
  const again = decodeLedger(text);
  applyGrowth(again, encoded);
  if (again.size !== ledger.size) throw new Error('growth does not bring a ledger to where it grew from');
  return { growthMs, growthBytes: encoded.length };
}

/** Of CPU, those of V8's own threads included: nothing is waited for here but the CPU, which others may have. */
function milliseconds(act: () => unknown): number {
  const started = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

/** Three of ten messages were deleted; other mail arrives at the destination while the copy runs, singly and in bursts. */
function fillUsed(ledger: Ledger, entries: number, random: Random): void {
  let uid = 0;
  let counterpart = 1_000;
  for (let at = 0; at < entries; at++) {
    do uid += 1;
    while (random.chance(0.3));
    counterpart += random.chance(0.02) ? random.integer(2, 6) : 1;
    ledger.handle(uid, counterpart, flagsOf(random));
  }
}

/** Found in a folder that another tool has filled in an order of its own. */
function fillAdopted(ledger: Ledger, entries: number, random: Random): void {
  const counterparts = Uint32Array.from({ length: entries }, (_, at) => at + 1);
  for (let at = entries - 1; at > 0; at--) {
    const other = random.integer(0, at);
    const held = counterparts[at] ?? 0;
    counterparts[at] = counterparts[other] ?? 0;
    counterparts[other] = held;
  }
  let uid = 0;
  for (const counterpart of counterparts) {
    do uid += 1;
    while (random.chance(0.3));
    ledger.handle(uid, counterpart, flagsOf(random));
  }
}

function flagsOf(random: Random): readonly string[] {
  let ticket = random.integer(0, 999);
  return FLAG_SETS.find(([share]) => (ticket -= share) < 0)?.[1] ?? [];
}

export function codecReport(results: readonly CodecResult[]): string {
  const headings = [
    'folder',
    'bytes/message',
    'in base64',
    'encode ms',
    'decode ms',
    `growth of ${number(GROWN)}, ms`,
    'bytes',
  ];
  const rows = results.map((result) => [
    result.folder,
    result.bytesPerMessage.toFixed(2),
    result.textBytesPerMessage.toFixed(2),
    result.encodeMs.toFixed(0),
    result.decodeMs.toFixed(0),
    result.growthMs.toFixed(1),
    number(result.growthBytes),
  ]);
  return [markdownTable(headings, rows), results.flatMap(judge).join('\n')].join('\n\n');
}

function judge(result: CodecResult): readonly string[] {
  const { folder, entries, bytesPerMessage, mostBytesPerMessage, encodeMs, decodeMs } = result;
  const both = encodeMs + decodeMs;
  return [
    `- ${folder}: at most ${mostBytesPerMessage} bytes a message, before base64: ${bytesPerMessage <= mostBytesPerMessage ? 'met' : 'NOT MET'}`,
    `- ${folder}: ${number(entries)} encoded and decoded in under ${MOST_MS} ms of CPU: ${both.toFixed(0)} ms, ${both < MOST_MS ? 'met' : 'NOT MET'}`,
  ];
}
