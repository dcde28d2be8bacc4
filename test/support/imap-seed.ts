import { ImapConnection, ImapRefusal } from './imap-connection.ts';
import type { ImapAccess } from './imap-connection.ts';
import { quoted } from './imap-read.ts';
import { encodeMailboxName, serverPathOf } from './mailbox-names.ts';

/** A message to write, kept byte for byte. */
export interface SeedMessage {
  readonly raw: Buffer;
  /** An IMAP date-time such as `17-Jul-1996 02:44:25 -0700`. */
  readonly date: string;
  readonly flags: readonly string[];
}

/** A folder to write, created if it is not there. */
export interface SeedFolder {
  /** Segments joined by `/`, without a namespace's prefix. */
  readonly path: string;
  /** Told to the server where it can be (RFC 6154, CREATE-SPECIAL-USE). */
  readonly specialUse?: string;
  readonly messages: readonly SeedMessage[];
}

/** How messages are appended; by default the fastest way that the server announces. */
export type AppendMode = 'multiappend' | 'pipelined' | 'plain';

const BATCH_MESSAGES = 200;
const BATCH_BYTES = 8 * 1024 * 1024;

function fastestMode(connection: ImapConnection): AppendMode {
  if (!connection.has('LITERAL+')) return 'plain';
  return connection.has('MULTIAPPEND') ? 'multiappend' : 'pipelined';
}

function appendArguments({ flags, date, raw }: SeedMessage, plus: '+' | ''): string {
  return ` (${flags.join(' ')}) "${date}" {${raw.length}${plus}}\r\n`;
}

function* batchesOf(messages: readonly SeedMessage[]): Generator<readonly SeedMessage[]> {
  let batch: SeedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (batch.length === BATCH_MESSAGES || (batch.length > 0 && bytes + message.raw.length > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += message.raw.length;
  }
  if (batch.length > 0) yield batch;
}

async function multiappend(connection: ImapConnection, name: string, batch: readonly SeedMessage[]): Promise<void> {
  const tag = connection.nextTag();
  await connection.write(`${tag} APPEND ${name}`);
  for (const message of batch) {
    await connection.write(appendArguments(message, '+'));
    await connection.write(message.raw);
  }
  await connection.write('\r\n');
  await connection.answerOf(tag, 'APPEND');
}

async function pipelined(connection: ImapConnection, name: string, batch: readonly SeedMessage[]): Promise<void> {
  const tags = batch.map(() => connection.nextTag());
  const writing = (async () => {
    for (const [at, message] of batch.entries()) {
      await connection.write(`${tags[at] ?? ''} APPEND ${name}${appendArguments(message, '+')}`);
      await connection.write(message.raw);
      await connection.write('\r\n');
    }
  })();
  const reading = (async () => {
    for (const tag of tags) await connection.answerOf(tag, 'APPEND');
  })();
  await Promise.all([writing, reading]);
}

async function plain(connection: ImapConnection, name: string, batch: readonly SeedMessage[]): Promise<void> {
  for (const message of batch) {
    const tag = connection.nextTag();
    await connection.write(`${tag} APPEND ${name}${appendArguments(message, '')}`);
    await connection.continuation('APPEND');
    await connection.write(message.raw);
    await connection.write('\r\n');
    await connection.answerOf(tag, 'APPEND');
  }
}

async function createFolder(connection: ImapConnection, name: string, specialUse: string | undefined): Promise<void> {
  const role = specialUse !== undefined && connection.has('CREATE-SPECIAL-USE') ? ` (USE (${specialUse}))` : '';
  try {
    await connection.command(`CREATE ${name}${role}`);
  } catch (error) {
    const exists = error instanceof ImapRefusal && /^NO \[ALREADYEXISTS\]|^NO .*exists/i.test(error.response.text);
    if (!exists) throw error;
  }
}

/**
 * Writes folders and messages as they are; what is there already stays. Gives the number of messages written. A refusal
 * ends the connection, so that nothing of a message can be read as a command.
 */
export async function seedMailbox(
  access: ImapAccess,
  mailbox: { readonly folders: readonly SeedFolder[] },
  options: { readonly mode?: AppendMode } = {},
): Promise<number> {
  const connection = await ImapConnection.open(access);
  try {
    const naming = await connection.naming();
    const append = { multiappend, pipelined, plain }[options.mode ?? fastestMode(connection)];
    let written = 0;
    for (const { path, specialUse, messages } of mailbox.folders) {
      const name = quoted(encodeMailboxName(serverPathOf(path, naming)));
      if (path !== 'INBOX') await createFolder(connection, name, specialUse);
      for (const batch of batchesOf(messages)) {
        await append(connection, name, batch);
        written += batch.length;
      }
    }
    await connection.logout();
    return written;
  } finally {
    connection.close();
  }
}
