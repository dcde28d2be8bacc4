import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AsideFolder, AsidePage } from '../../model/aside.ts';

/** A message and its bytes, in pieces that are read once. */
export interface EmlMessage {
  readonly folder: Pick<AsideFolder, 'source' | 'sourcePath' | 'uidValidity'>;
  readonly uid: number;
  readonly body: readonly Buffer[] | AsyncIterable<Buffer>;
}

export interface EmlSummary {
  readonly directory: string;
  readonly written: number;
  /** Were there already. */
  readonly kept: number;
}

/**
 * Messages as .eml files below one directory, `MAILBOX/FOLDER/UIDVALIDITY-UID.eml`, byte for byte and for their owner only. A
 * UID under its UIDVALIDITY names one message for ever (RFC 3501 section 2.3.1.1), so a file that is there is that message.
 */
export class EmlFiles {
  readonly #directory: string;
  #written = 0;
  #kept = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get summary(): EmlSummary {
    return { directory: this.#directory, written: this.#written, kept: this.#kept };
  }

  /** The folders with only those messages that are not there yet. */
  missing({ row, folders }: Pick<AsidePage, 'row' | 'folders'>): readonly AsideFolder[] {
    return folders.map((folder) => {
      const notes = folder.notes.filter(({ uid }) => !existsSync(this.#path(row.id, { folder, uid })));
      this.#kept += folder.notes.length - notes.length;
      return { ...folder, notes };
    });
  }

  /** Writes it whole or not at all. */
  async write(mailbox: string, message: EmlMessage): Promise<void> {
    const path = this.#path(mailbox, message);
    const part = `${path}.part`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(part, { force: true });
    const file = await open(part, 'wx', 0o600);
    try {
      for await (const piece of message.body) await file.writeFile(piece);
      await file.sync();
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(part, path);
    this.#written += 1;
  }

  #path(mailbox: string, { folder, uid }: Pick<EmlMessage, 'folder' | 'uid'>): string {
    const place = fileName(folder.sourcePath, folder.source);
    return join(this.#directory, fileName(mailbox, mailbox), place, `${folder.uidValidity}-${uid}.eml`);
  }
}

const LONGEST = 80;
const UNSAFE = /[^\p{L}\p{N} @._+=-]/gu;
/** Names that Windows keeps for devices. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** A name for a file system, made of one for people; what had to be changed is told apart by a digest of the exact name. */
function fileName(shown: string, exact: string): string {
  const safe = Array.from(shown.replaceAll(UNSAFE, '_')).slice(0, LONGEST).join('');
  const trimmed = safe.replace(/^[. ]+/, '_').replace(/[. ]+$/, '_');
  if (trimmed === exact && !DEVICE.test(trimmed)) return trimmed;
  return `${trimmed}~${createHash('sha256').update(exact).digest('hex').slice(0, 8)}`;
}
