import { resolveRanges, type SequenceSet } from '../wire/sequence-set.ts';
import { firstAtOrAfter, type Folder, type FolderWatcher } from './folder.ts';
import type { StoredMessage } from './message.ts';

/** A message with its number in one session. */
export interface NumberedMessage {
  readonly sequence: number;
  readonly message: StoredMessage;
}

/** What a session has to be told about its selected folder. */
export type ViewChange =
  | { readonly kind: 'expunge'; readonly sequence: number }
  | { readonly kind: 'exists'; readonly count: number; readonly recent: number }
  | { readonly kind: 'flags'; readonly sequence: number; readonly message: StoredMessage };

/**
 * A folder as one session sees it: numbers stay as they are until the session has been told of a change
 * (RFC 3501 §7.4.1), whatever others do to the folder meanwhile.
 */
export class View implements FolderWatcher {
  readonly folder: Folder;
  readonly readOnly: boolean;
  /** True once the folder is gone or has another UIDVALIDITY; the session must end or select again. */
  lost = false;
  /** Called at every change, so that IDLE can report it. */
  onChange: () => void = () => {};
  readonly #messages: StoredMessage[];
  #firstRecentUid: number;
  #lastUid: number;
  #expunged: StoredMessage[] = [];
  readonly #changed = new Set<StoredMessage>();

  constructor(folder: Folder, readOnly: boolean) {
    this.folder = folder;
    this.readOnly = readOnly;
    this.#messages = [...folder.messages];
    this.#lastUid = folder.uidNext - 1;
    this.#firstRecentUid = folder.firstRecentUid;
    this.#claimRecent();
    folder.watch(this);
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  get recent(): number {
    return this.#messages.length - firstAtOrAfter(this.#messages, this.#firstRecentUid);
  }

  isRecent(message: StoredMessage): boolean {
    return message.uid >= this.#firstRecentUid;
  }

  close(): void {
    this.folder.unwatch(this);
  }

  /** The messages of a set in the order of their numbers, each once. */
  select(set: SequenceSet, byUid: boolean): NumberedMessage[] {
    const highest = byUid ? (this.#messages.at(-1)?.uid ?? 0) : this.#messages.length;
    const selected: NumberedMessage[] = [];
    for (const range of resolveRanges(set, highest)) {
      const start = byUid ? firstAtOrAfter(this.#messages, range.first) : Math.max(0, range.first - 1);
      for (let index = start; index < this.#messages.length; index += 1) {
        const message = this.#messages[index];
        if (message === undefined || (byUid ? message.uid : index + 1) > range.last) break;
        selected.push({ sequence: index + 1, message });
      }
    }
    return selected;
  }

  /** All messages with their numbers. */
  all(): NumberedMessage[] {
    return this.#messages.map((message, index) => ({ sequence: index + 1, message }));
  }

  /** Takes over what has changed since the last call, and names it. Expunges wait where numbers may not move. */
  takeChanges(expungesAllowed: boolean): readonly ViewChange[] {
    const changes: ViewChange[] = [];
    if (expungesAllowed) this.#takeExpunges(changes);
    if (this.folder.uidNext - 1 > this.#lastUid && !this.lost) this.#takeNew(changes);
    for (const message of this.#changed) {
      const sequence = this.#sequence(message);
      if (sequence !== undefined) changes.push({ kind: 'flags', sequence, message });
    }
    this.#changed.clear();
    return changes;
  }

  added(): void {
    this.onChange();
  }

  expunged(message: StoredMessage): void {
    this.#expunged.push(message);
    this.onChange();
  }

  flagsChanged(message: StoredMessage): void {
    this.#changed.add(message);
    this.onChange();
  }

  invalidated(): void {
    this.lost = true;
    this.onChange();
  }

  #takeExpunges(changes: ViewChange[]): void {
    for (const message of this.#expunged) {
      const sequence = this.#sequence(message);
      if (sequence === undefined) continue;
      this.#messages.splice(sequence - 1, 1);
      this.#changed.delete(message);
      changes.push({ kind: 'expunge', sequence });
    }
    this.#expunged = [];
  }

  #takeNew(changes: ViewChange[]): void {
    const messages = this.folder.messages;
    for (let index = firstAtOrAfter(messages, this.#lastUid + 1); index < messages.length; index += 1) {
      const message = messages[index];
      if (message !== undefined) this.#messages.push(message);
    }
    this.#lastUid = this.folder.uidNext - 1;
    this.#claimRecent();
    changes.push({ kind: 'exists', count: this.#messages.length, recent: this.recent });
  }

  #claimRecent(): void {
    if (!this.readOnly) this.folder.firstRecentUid = this.folder.uidNext;
  }

  #sequence(message: StoredMessage): number | undefined {
    const index = firstAtOrAfter(this.#messages, message.uid);
    return this.#messages[index] === message ? index + 1 : undefined;
  }
}
