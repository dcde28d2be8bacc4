import type { ListedFolder } from '../model/folders.ts';
import { listedPath } from '../model/utf7.ts';
import { append } from './append.ts';
import { FLAGS, fetchRows, IDENTITIES, MESSAGES } from './fetch.ts';
import type { RowKind } from './fetch.ts';
import { folderStatus, openFolder } from './folder.ts';
import { flagList, formatUidSet, mailboxName } from './grammar.ts';
import { readListed } from './listing.ts';
import { isImapRefusal, refuse } from './refusal.ts';
import { saysAlreadyExists } from './refusals.ts';
import { search } from './search.ts';
import type {
  Appended,
  AppendMessage,
  FetchedMessage,
  FlagsRow,
  FolderStatus,
  IdentityRow,
  ImapSession,
  OpenFolder,
  SearchCriteria,
} from './types.ts';
import type { Command } from './outgoing.ts';
import type { Completion, Wire } from './wire.ts';

/** What is known of a server once we are in. */
export interface Welcome {
  /** `host:port`, for people. */
  readonly peer: string;
  readonly capabilities: ReadonlySet<string>;
  readonly prefix: string;
  readonly delimiter: string | null;
  /** Prefixes under which folders of others are listed. */
  readonly foreign: readonly string[];
}

const LOGOUT_MS = 1_000;

/** The commands of an authenticated connection, over our own wire. */
export class Session implements ImapSession {
  readonly capabilities: ReadonlySet<string>;
  readonly prefix: string;
  readonly delimiter: string | null;
  readonly #wire: Wire;
  readonly #peer: string;
  readonly #foreign: readonly string[];
  /** The open folder, for people. */
  #open = 'the folder';
  #reading = false;
  #left = false;

  constructor(wire: Wire, welcome: Welcome) {
    this.#wire = wire;
    this.#peer = welcome.peer;
    this.#foreign = welcome.foreign;
    this.capabilities = welcome.capabilities;
    this.prefix = welcome.prefix;
    this.delimiter = welcome.delimiter;
  }

  get usable(): boolean {
    return this.#wire.usable && !this.#left;
  }

  async list(): Promise<readonly ListedFolder[]> {
    const folders = new Map<string, ListedFolder>();
    const withRoles = this.capabilities.has('SPECIAL-USE') && this.capabilities.has('LIST-EXTENDED');
    await this.#run({
      asked: 'list',
      about: 'list the folders',
      parts: [withRoles ? 'LIST "" "*" RETURN (SPECIAL-USE)' : 'LIST "" "*"'],
      onData: (data) => {
        if (data.name !== 'LIST') return;
        const folder = readListed(data);
        folders.set(folder.name, folder);
      },
    });
    return [...folders.values()].filter((folder) => folder.name !== '' && !this.#isForeign(folder));
  }

  #isForeign({ name, delimiter }: ListedFolder): boolean {
    return this.#foreign.some((prefix) => name.startsWith(prefix) || `${name}${delimiter ?? ''}` === prefix);
  }

  async status(name: string): Promise<FolderStatus> {
    this.#mustBeFree();
    return folderStatus(this.#wire, this.#peer, name, this.#shown(name));
  }

  async create(name: string): Promise<'created' | 'exists'> {
    const shown = this.#shown(name);
    const result = await this.#attempt(
      { asked: 'create', about: `create the folder ${shown}`, parts: ['CREATE ', mailboxName(name)] },
      (responseCode, text) => saysAlreadyExists(responseCode, text),
    );
    // A server without subscriptions is no reason to stop: the folder is there.
    await this.#attempt(
      { asked: 'subscribe', about: `subscribe to ${shown}`, parts: ['SUBSCRIBE ', mailboxName(name)] },
      () => true,
    );
    return result === 'done' ? 'created' : 'exists';
  }

  examine(name: string): Promise<OpenFolder> {
    return this.#openFolder('examine', name);
  }

  select(name: string): Promise<OpenFolder> {
    return this.#openFolder('select', name);
  }

  async search(criteria: SearchCriteria): Promise<readonly number[]> {
    this.#mustBeFree();
    return search(this.#wire, this.#open, criteria);
  }

  fetchFlags(uids: readonly number[] | 'all'): AsyncIterable<FlagsRow> {
    return this.#fetch(uids, FLAGS);
  }

  fetchIdentities(uids: readonly number[] | 'all'): AsyncIterable<IdentityRow> {
    return this.#fetch(uids, IDENTITIES);
  }

  fetchMessages(uids: readonly number[]): AsyncIterable<FetchedMessage> {
    return this.#fetch(uids, MESSAGES);
  }

  async append(name: string, message: AppendMessage, mayCommit: () => void): Promise<Appended> {
    this.#mustBeFree();
    return append(this.#wire, name, this.#shown(name), message, mayCommit);
  }

  async store(
    uids: readonly number[],
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void> {
    const changes = [
      { sign: '+', flags: change.add ?? [] },
      { sign: '-', flags: change.remove ?? [] },
    ].filter(({ flags }) => flags.length > 0);
    const about = `change flags in ${this.#open}`;
    for (const set of formatUidSet(uids)) {
      for (const { sign, flags } of changes) {
        const parts = [`UID STORE ${set} ${sign}FLAGS.SILENT ${flagList(flags)}`];
        await this.#run({ asked: 'store', about, parts });
      }
    }
  }

  async noop(): Promise<void> {
    await this.#run({ asked: 'noop', about: 'answer', parts: ['NOOP'] });
  }

  async logout(): Promise<void> {
    if (!this.#wire.usable) return;
    this.#left = true;
    const reason = refuse('server.connection-lost', `The session with ${this.#peer} was logged out`);
    const timer = setTimeout(() => this.destroy(reason), LOGOUT_MS);
    const farewell = this.#wire.run({ asked: 'logout', about: 'log out', parts: ['LOGOUT'] });
    this.#wire.resume();
    // Whatever the answer is, also none: the connection is over.
    await farewell.catch(() => undefined);
    clearTimeout(timer);
    this.destroy(reason);
  }

  destroy(reason: Error): void {
    this.#wire.destroy(reason);
  }

  #shown(name: string): string {
    return listedPath(name, this.delimiter).join('/');
  }

  /** Otherwise a consumer that waits for a command amid its rows would wait for itself for ever. */
  #mustBeFree(): void {
    if (!this.#reading) return;
    const text = 'A command was called before the rows of a fetch on the same connection were read to their end';
    throw refuse('us.bug', text, { stored: 'refused' });
  }

  async #run(command: Command): Promise<Completion> {
    this.#mustBeFree();
    return this.#wire.run(command);
  }

  /** Runs a command whose NO may be no failure. */
  async #attempt(
    command: Command,
    tolerated: (responseCode: string | undefined, text: string) => boolean,
  ): Promise<'done' | 'tolerated'> {
    try {
      await this.#run(command);
      return 'done';
    } catch (error) {
      if (!isImapRefusal(error) || error.status === undefined || error.status === 'BYE') throw error;
      if (!this.#wire.usable || !tolerated(error.responseCode, error.problem.serverText ?? '')) throw error;
      return 'tolerated';
    }
  }

  async #openFolder(how: 'examine' | 'select', name: string): Promise<OpenFolder> {
    this.#mustBeFree();
    const shown = this.#shown(name);
    const folder = await openFolder(this.#wire, this.#peer, how, name, shown);
    this.#open = shown;
    return folder;
  }

  async *#fetch<Row>(uids: readonly number[] | 'all', kind: RowKind<Row>): AsyncGenerator<Row, void, undefined> {
    this.#mustBeFree();
    const sets = uids === 'all' ? ['1:*'] : formatUidSet(uids);
    const asked = uids === 'all' ? undefined : new Set(uids);
    this.#reading = true;
    try {
      yield* fetchRows(this.#wire, this.#open, sets, asked, kind);
    } finally {
      this.#reading = false;
    }
  }
}
