import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startDovecot, type Dovecot } from '../test/support/dovecot.ts';
import { seedMailbox, type SeedMessage } from '../test/support/imap-seed.ts';
import { drawSizes, messagesOf, type CorpusPlan } from './corpus.ts';
import type { Account } from './processes/job.ts';

/** What a mailbox holds, in all folders together. */
export interface Holding {
  readonly messages: number;
  readonly bytes: number;
}

/** Two Dovecots: one with a corpus, and one with an empty mailbox for each run. */
export interface BenchServers {
  readonly source: Account;
  /** The configuration of the source's Dovecot, for its own tools. */
  readonly sourceConfig: string;
  readonly destinationPort: number;
  readonly folders: readonly string[];
  readonly holding: Holding;
  /** A mailbox that nothing was ever written to. Rejects when all have been given out. */
  readonly freshDestination: () => Promise<Destination>;
  readonly stop: () => Promise<void>;
}

export interface Destination extends Account {
  /** The folder in which Dovecot keeps this mailbox. */
  readonly home: string;
  readonly holding: () => Promise<Holding>;
  /** Deletes the mailbox from disk, and waits until disks are idle again. */
  readonly remove: () => Promise<void>;
}

export interface ServerOptions {
  readonly corpus: CorpusPlan;
  readonly unannounced: readonly string[];
  /** Fresh destinations that will be asked for. */
  readonly runs: number;
}

const USER = 'source';
const PASSWORD = 'benchmark';
const SEED_MESSAGES = 1_000;
/** Dovecot's own default; without it a destination would promise what it has not written. */
export const FSYNC = 'optimized';

/** Starts both and fills the source. */
export async function startServers({ corpus, unannounced, runs }: ServerOptions): Promise<BenchServers> {
  const names = Array.from({ length: runs }, (_, at) => `run-${at + 1}`);
  const common = { format: 'mdbox', fsync: FSYNC } as const;
  const source = await startDovecot({ ...common, users: [{ name: USER, password: PASSWORD }] });
  const destination = await startDovecot({
    ...common,
    users: names.map((name) => ({ name, password: PASSWORD })),
    withoutCapabilities: unannounced,
  }).catch(async (error: unknown) => {
    await source.stop();
    throw error;
  });
  const stop = async (): Promise<void> => void (await Promise.all([source.stop(), destination.stop()]));
  try {
    const holding = await fill(source, corpus);
    await settleDisks();
    return {
      source: { port: source.port, user: USER, password: PASSWORD },
      sourceConfig: join(dirname(source.mailFolder), 'dovecot.conf'),
      destinationPort: destination.port,
      folders: corpus.folders.map(({ path }) => path),
      holding,
      freshDestination: () => fresh(destination, names),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill(source: Dovecot, corpus: CorpusPlan): Promise<Holding> {
  const access = { host: source.host, port: source.port, user: USER, password: PASSWORD };
  const sizes = drawSizes(corpus);
  for (const folder of sizes) {
    for (const messages of chunks(messagesOf(corpus.seed, folder))) {
      await seedMailbox(access, { folders: [{ path: folder.path, messages }] });
    }
  }
  const octets = sizes.flatMap((folder) => folder.sizes);
  const filled = { messages: octets.length, bytes: octets.reduce((sum, size) => sum + size, 0) };
  const held = await holdingOf(source, USER);
  if (held.messages !== filled.messages || held.bytes !== filled.bytes) {
    throw new Error(`the source holds ${describe(held)} where ${describe(filled)} were written`);
  }
  return filled;
}

function* chunks(messages: Iterable<SeedMessage>): Generator<readonly SeedMessage[]> {
  let chunk: SeedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    chunk.push(message);
    bytes += message.raw.length;
    if (chunk.length < SEED_MESSAGES && bytes < 16 * 1024 * 1024) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

async function fresh(destination: Dovecot, names: string[]): Promise<Destination> {
  const user = names.shift();
  if (user === undefined) throw new Error('more runs than mailboxes were prepared for');
  const home = (await destination.doveadm(['user', '-f', 'home', user])).trim();
  return {
    port: destination.port,
    user,
    password: PASSWORD,
    home,
    holding: () => holdingOf(destination, user),
    remove: async () => {
      await destination.kick(user);
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
      await settleDisks();
    },
  };
}

/** As Dovecot counts them: all messages, and their octets as IMAP gives them out. */
async function holdingOf(server: Dovecot, user: string): Promise<Holding> {
  const lines = await server.doveadm(['-f', 'tab', 'mailbox', 'status', '-u', user, 'messages vsize', '*']);
  return sumOfStatus(lines);
}

/** Of doveadm's table with a line for each mailbox: its name, its messages and its octets, below a line of headings. */
export function sumOfStatus(table: string): Holding {
  const rows = table.trim().split('\n').slice(1);
  const column = (at: number): number => rows.reduce((sum, row) => sum + Number(row.split('\t')[at] ?? 0), 0);
  return { messages: column(1), bytes: column(2) };
}

export function describe({ messages, bytes }: Holding): string {
  return `${messages.toLocaleString('en-US')} messages with ${bytes.toLocaleString('en-US')} bytes`;
}

/** What one run has left to be written must not be the next one's burden. */
async function settleDisks(): Promise<void> {
  await promisify(execFile)('sync');
}
