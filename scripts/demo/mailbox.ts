import { createHash } from 'node:crypto';
import type { CorpusMailbox, CorpusMessage } from '../../test/support/corpus.ts';
import { instantOf, type ReadMailbox, type ReadMessage } from '../../test/support/imap-client.ts';

/**
 * What a mailbox has to hold, known from what was put there and from what its users did since: not from any server, and
 * not from mailferry.
 */
export class ExpectedMailbox {
  readonly #folders = new Map<string, ReadMessage[]>();

  /** `pathOf` gives this side's path for a path of the generated mail. */
  constructor(mailbox: CorpusMailbox, pathOf: (path: string) => string) {
    for (const { path, messages } of mailbox.folders) this.#folders.set(pathOf(path), messages.map(expected));
  }

  /** For comparisons; UIDs and names on the server are not known and not looked at there. */
  get contents(): ReadMailbox {
    const folders = [...this.#folders].map(([path, messages]) => ({
      path,
      serverPath: path,
      specialUse: undefined,
      uidValidity: 0,
      messages,
    }));
    return { folders };
  }

  get messages(): number {
    return [...this.#folders.values()].reduce((sum, messages) => sum + messages.length, 0);
  }

  /** Messages of a folder that are older, and that no other has the bytes or the Message-ID of: a client finds them. */
  findable(path: string, before: Date): readonly FindableMessage[] {
    const all = [...this.#folders.values()].flat();
    const times = (test: (message: ReadMessage) => boolean): number => all.filter(test).length;
    return this.#of(path).filter((message): message is FindableMessage => {
      const { messageId, sha256, instant } = message;
      if (messageId === undefined || instant >= before.getTime()) return false;
      return times((other) => other.messageId === messageId) === 1 && times((other) => other.sha256 === sha256) === 1;
    });
  }

  arrive(path: string, messages: readonly CorpusMessage[]): void {
    this.#of(path).push(...messages.map(expected));
  }

  remove(path: string, message: FindableMessage): void {
    const messages = this.#of(path);
    messages.splice(this.#at(path, message), 1);
  }

  move(path: string, message: FindableMessage, to: string): void {
    const [moved] = this.#of(path).splice(this.#at(path, message), 1);
    if (moved !== undefined) this.#of(to).push(moved);
  }

  /** Adds the flag, or takes it away. */
  flag(path: string, message: FindableMessage, flag: string, on: boolean): void {
    const at = this.#at(path, message);
    const others = message.flags.filter((each) => each !== flag);
    const now = this.#of(path)[at];
    if (now === undefined) return;
    this.#of(path)[at] = { ...now, flags: on ? [...others, flag].toSorted() : others };
  }

  #of(path: string): ReadMessage[] {
    const messages = this.#folders.get(path);
    if (messages === undefined) throw new Error(`the demonstration knows no folder ${path}`);
    return messages;
  }

  #at(path: string, { messageId }: FindableMessage): number {
    const at = this.#of(path).findIndex((message) => message.messageId === messageId);
    if (at === -1) throw new Error(`the demonstration knows no message ${messageId} in ${path}`);
    return at;
  }
}

/** One that a search for its Message-ID finds. */
export type FindableMessage = ReadMessage & { readonly messageId: string };

function expected({ raw, date, flags }: CorpusMessage): ReadMessage {
  return {
    uid: 0,
    flags: flags.toSorted(),
    internalDate: date,
    instant: instantOf(date),
    size: raw.length,
    sha256: createHash('sha256').update(raw).digest('hex'),
    messageId: messageIdOf(raw),
  };
}

function messageIdOf(raw: Buffer): string | undefined {
  const header = raw.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
  return /^message-id: (.*)$/im.exec(header)?.[1]?.trim();
}
