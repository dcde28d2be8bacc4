/** A mailbox in memory, as faithful to RFC 3501 as a copy can notice: folders, UIDs that only grow, UIDVALIDITY, flags. */
import { parseDateTime } from '../../imap/grammar.ts';

export interface StoredMessage {
  readonly uid: number;
  flags: readonly string[];
  readonly internalDate: string;
  readonly body: Buffer;
  modseq: number;
}

export interface MemoryFolder {
  /** As of RFC 7162: counts every change in the folder. */
  highestModseq: number;
  uidValidity: number;
  uidNext: number;
  messages: StoredMessage[];
}

export interface NewMessage {
  readonly flags?: readonly string[];
  readonly internalDate?: string;
  readonly body: Buffer | string;
}

let validities = 1_000;

export class MemoryMailbox {
  readonly folders = new Map<string, MemoryFolder>();

  constructor(...names: readonly string[]) {
    for (const name of ['INBOX', ...names]) this.create(name);
  }

  clone(): MemoryMailbox {
    const again = new MemoryMailbox();
    again.folders.clear();
    for (const [name, folder] of this.folders) {
      const messages = folder.messages.map((message) => Object.assign({}, message));
      again.folders.set(name, { ...folder, messages });
    }
    return again;
  }

  create(name: string): void {
    validities += 1;
    this.folders.set(name, { uidValidity: validities, uidNext: 1, messages: [], highestModseq: 1 });
  }

  folder(name: string): MemoryFolder {
    const folder = this.folders.get(name);
    if (folder === undefined) throw new Error(`there is no folder ${name}`);
    return folder;
  }

  /** As a delivery or an APPEND: gives the UID. */
  add(name: string, { flags = [], internalDate = '17-Jul-2020 02:44:25 +0000', body }: NewMessage): number {
    const folder = this.folder(name);
    const uid = folder.uidNext;
    folder.uidNext += 1;
    folder.highestModseq += 1;
    folder.messages.push({ uid, flags, internalDate, body: Buffer.from(body), modseq: folder.highestModseq });
    return uid;
  }

  /** As its user deletes it for good. */
  expunge(name: string, uid: number): StoredMessage {
    const folder = this.folder(name);
    const found = folder.messages.find((message) => message.uid === uid);
    if (found === undefined) throw new Error(`${name} has no message ${uid}`);
    folder.messages = folder.messages.filter((message) => message !== found);
    return found;
  }

  /** As its user moves it; gives the UID that it has there. */
  move(from: string, uid: number, to: string): number {
    const { flags, internalDate, body } = this.expunge(from, uid);
    return this.add(to, { flags, internalDate, body });
  }

  /** As a restored backup or another storage would: the same messages under other UIDs, in another order if asked for. */
  renumber(name: string, order: (messages: StoredMessage[]) => StoredMessage[] = (messages) => messages): void {
    const { messages } = this.folder(name);
    this.create(name);
    this.folder(name).uidNext = 5_000;
    for (const message of order([...messages])) this.add(name, message);
  }

  /** As its user renames it: UIDVALIDITY and UIDs stay, as on most servers. */
  rename(from: string, to: string): void {
    const folder = this.folder(from);
    this.folders.delete(from);
    this.folders.set(to, folder);
  }

  flag(name: string, uid: number, flags: readonly string[]): void {
    const folder = this.folder(name);
    const found = folder.messages.find((message) => message.uid === uid);
    if (found === undefined) throw new Error(`${name} has no message ${uid}`);
    folder.highestModseq += 1;
    found.flags = flags;
    found.modseq = folder.highestModseq;
  }

  bodies(name: string): readonly string[] {
    return this.folder(name).messages.map(({ body }) => body.toString('latin1'));
  }

  /** Everything that a copy has to keep, in order of bodies. */
  contents(name: string): readonly string[] {
    return this.folder(name)
      .messages.map(({ body, flags, internalDate }) =>
        JSON.stringify([
          body.toString('latin1'),
          flags.toSorted(),
          parseDateTime(internalDate)?.instant ?? internalDate,
        ]),
      )
      .toSorted();
  }
}

/** A message of a few lines; `id: undefined` leaves Message-ID out. */
export function mail(
  subject: string,
  fields: { readonly id?: string | undefined; readonly text?: string } = {},
): string {
  const id = 'id' in fields ? fields.id : `<${subject.replaceAll(' ', '.')}@example.org>`;
  return [
    ...(id === undefined ? [] : [`Message-ID: ${id}`]),
    'Date: Fri, 17 Jul 2020 02:44:25 +0000',
    'From: Ada <ada@example.org>',
    `Subject: ${subject}`,
    '',
    fields.text ?? 'Hello.',
    '',
  ].join('\r\n');
}
