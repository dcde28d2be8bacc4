import type { SeedMessage } from '../test/support/imap-seed.ts';
import { imapDateTime } from '../test/support/corpus.ts';
import { Random } from '../test/support/random.ts';

/** What a generated mailbox holds. The same plan gives the same bytes. */
export interface CorpusPlan {
  readonly seed: number;
  readonly messages: number;
  /** Of all messages together, about. */
  readonly bytes: number;
  /** Sigma of the log-normal distribution of sizes; 0 makes all messages alike. */
  readonly spread: number;
  readonly folders: readonly FolderPlan[];
}

export interface FolderPlan {
  readonly path: string;
  /** Of the messages; the last folder takes what is left. */
  readonly share: number;
}

export interface FolderSizes {
  readonly path: string;
  /** Octets of each message. */
  readonly sizes: readonly number[];
}

const LEAST_BYTES = 800;
const LINE_BYTES = 78;
const BLOCK_LINES = 8_192;
const FIRST_DATE = Date.UTC(2015, 0, 1);
const BETWEEN_MS = 307_000;

/** Log-normally distributed sizes that add up to about `plan.bytes`. */
export function drawSizes({ seed, messages, bytes, spread, folders }: CorpusPlan): readonly FolderSizes[] {
  const random = new Random(seed);
  const draws = Array.from({ length: messages }, () => Math.exp(spread * normal(random)));
  const factor = bytes / draws.reduce((sum, draw) => sum + draw, 0);
  const sizes = draws.map((draw) => Math.max(LEAST_BYTES, Math.round(draw * factor)));
  let taken = 0;
  return folders.map(({ path, share }, at) => {
    const until = at === folders.length - 1 ? messages : Math.min(messages, taken + Math.round(messages * share));
    const own = sizes.slice(taken, until);
    taken = until;
    return { path, sizes: own };
  });
}

/** Normally distributed, by the transform of Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Messages of these sizes, one at a time: a corpus does not fit into memory. */
export function* messagesOf(seed: number, { path, sizes }: FolderSizes): Generator<SeedMessage> {
  const random = new Random(seed ^ path.length);
  const block = bodyBlock(random);
  for (const [at, size] of sizes.entries()) {
    const date = FIRST_DATE + at * BETWEEN_MS;
    yield {
      raw: messageOf(random, block, { id: `${seed}.${path}.${at}`, date, size }),
      date: imapDateTime(date, 60),
      flags: flagsOf(random),
    };
  }
}

function flagsOf(random: Random): readonly string[] {
  const flags: string[] = [];
  if (random.chance(0.8)) flags.push('\\Seen');
  if (random.chance(0.2)) flags.push('\\Answered');
  if (random.chance(0.05)) flags.push('\\Flagged');
  if (random.chance(0.04)) flags.push('$Forwarded');
  return flags;
}

/** Lines as of an attachment, from which bodies are cut. */
function bodyBlock(random: Random): Buffer {
  const text = random.bytes((BLOCK_LINES * (LINE_BYTES - 2) * 3) / 4).toString('base64');
  return Buffer.from(text.replaceAll(/.{76}/g, '$&\r\n'), 'latin1');
}

function messageOf(
  random: Random,
  block: Buffer,
  { id, date, size }: { readonly id: string; readonly date: number; readonly size: number },
): Buffer {
  const head = Buffer.from(
    [
      `Received: from mx${random.integer(1, 9)}.example.net by mail.example.org with ESMTPS; ${dateField(date)}`,
      `Message-ID: <${id}@mail.example.org>`,
      `Date: ${dateField(date)}`,
      `From: Sender ${random.integer(1, 400)} <sender@example.org>`,
      'To: someone@example.org',
      `Subject: Message ${id} of a corpus of messages for measuring`,
      'MIME-Version: 1.0',
      'Content-Type: application/octet-stream',
      'Content-Transfer-Encoding: base64',
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
  const raw = Buffer.allocUnsafe(size);
  let at = head.copy(raw);
  let from = random.integer(0, BLOCK_LINES - 1) * LINE_BYTES;
  while (at < size) {
    at += block.copy(raw, at, from);
    from = 0;
  }
  return endLine(raw);
}

/** No bare CR or LF, which servers would alter, and a line break at the end. */
function endLine(raw: Buffer): Buffer {
  raw.write('==\r\n', raw.length - 4, 'latin1');
  if (raw[raw.length - 5] === 0x0d) raw[raw.length - 5] = 0x3d;
  return raw;
}

function dateField(date: number): string {
  return new Date(date).toUTCString().replace('GMT', '+0000');
}
