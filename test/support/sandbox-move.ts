/** Moves a mailbox between two sandbox servers over real sockets, as the workflow asks for it: folder after folder. */
import { copyFolder } from '../../copy/copy-folder.ts';
import type { CopyTask } from '../../copy/types.ts';
import { pairMoves } from '../../copy/pair-moves.ts';
import { verifyFolder } from '../../copy/verify-folder.ts';
import { openSession } from '../../imap/open.ts';
import type { ImapSession } from '../../imap/types.ts';
import type {
  CopyFolderResult,
  CopyHeartbeat,
  LedgerBeside,
  PairMovesResult,
  ShownFolder,
  VerifiedFolder,
  VerifyFolderResult,
} from '../../model/activities.ts';
import { mapFolders } from '../../model/folder-map.ts';
import type { FolderPair } from '../../model/folders.ts';
import type { FolderRules } from '../../model/project.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';
import type { User } from '../../sandbox/store/user.ts';

const USER = { name: 'ann', password: 'secret' };

export const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 1 << 25,
};

interface BothSides {
  readonly source: ImapSession;
  readonly destination: ImapSession;
}

export class SandboxMove {
  readonly source: Sandbox;
  readonly destination: Sandbox;
  /** By source folders, after their last copies. */
  readonly ledgers = new Map<string, string>();

  constructor(source: Sandbox, destination: Sandbox) {
    this.source = source;
    this.destination = destination;
  }

  static async start(source: SandboxOptions = {}, destination: SandboxOptions = {}): Promise<SandboxMove> {
    return new SandboxMove(
      await startSandbox({ users: [USER], ...source }),
      await startSandbox({ users: [USER], ...destination }),
    );
  }

  async close(): Promise<void> {
    await this.source.close();
    await this.destination.close();
  }

  get from(): User {
    return userOf(this.source);
  }

  get to(): User {
    return userOf(this.destination);
  }

  open(side: 'source' | 'destination'): Promise<ImapSession> {
    return openSession({
      address: { host: this[side].host, port: this[side].port, tls: 'none' },
      login: { kind: 'password', user: USER.name, secret: () => USER.password },
      side,
      commandTimeout: 10_000,
      signal: new AbortController().signal,
    });
  }

  /** The pairs of the whole mailbox under these rules. */
  pairs(rules: Partial<FolderRules> = {}): Promise<readonly FolderPair[]> {
    return this.#withBoth(async ({ source, destination }) => {
      const view = { delimiter: '/', namespacePrefix: '' };
      return mapFolders({
        source: { ...view, folders: await source.list() },
        destination: { ...view, folders: await destination.list() },
        rules: { include: [], exclude: [], rename: [], roles: true, ...rules },
      }).pairs;
    });
  }

  /** One share of one folder; its ledger is kept. `beats` gets what heartbeats carry that are acknowledged. */
  async copy(folder: FolderPair, task: Partial<CopyTask> = {}, beats: CopyHeartbeat[] = []): Promise<CopyFolderResult> {
    const ledger = this.ledgers.get(folder.source);
    const result = await this.#withBoth((sides) => {
      let beat: (() => CopyHeartbeat) | undefined;
      const acknowledged = async (): Promise<void> => {
        if (beat !== undefined) beats.push(beat());
      };
      return copyFolder(
        { pass: 'final', folder, retryAside: false, limits: LIMITS, ...(ledger !== undefined && { ledger }), ...task },
        {
          ...sides,
          lease: { check: () => undefined, carry: (next) => (beat = next), acknowledged },
          interrupt: new AbortController().signal,
          now: Date.now,
        },
      );
    });
    this.ledgers.set(folder.source, result.ledger ?? '');
    return result;
  }

  /** A whole pass over the mailbox; those that share a destination folder know of each other. */
  async pass(pairs: readonly FolderPair[]): Promise<readonly CopyFolderResult[]> {
    const results: CopyFolderResult[] = [];
    for (const pair of pairs) {
      const beside = sharersOf(pair, pairs).map(({ source }) => this.#ledgerOf(source));
      results.push(await this.copy(pair, { beside }));
    }
    return results;
  }

  /** As the survey sees the source folders of these pairs. */
  surveyed(pairs: readonly FolderPair[]): readonly ShownFolder[] {
    return pairs.map(({ source, destination }) => {
      const { messages, uidNext, uidValidity } = this.from.folder({ wire: source });
      return { source, destination, messages: messages.length, uidNext, uidValidity };
    });
  }

  /** Moves our copies of what was moved on the source since the last pass; of folders that repeat others, all is new. */
  async pair(pairs: readonly FolderPair[], arrivedFrom: ReadonlyMap<string, number>): Promise<PairMovesResult> {
    const folders = pairs.map((pair) => {
      const { uidNext, uidValidity } = this.from.folder({ wire: pair.source });
      const from = pair.exceptIn === undefined ? (arrivedFrom.get(pair.source) ?? 1) : 1;
      return { ...pair, ...this.#ledgerOf(pair.source), arrived: { from, below: uidNext, uidValidity } };
    });
    const lease = { check: () => undefined, carry: () => undefined, acknowledged: async () => undefined };
    const result = await this.#withBoth((sides) =>
      pairMoves(
        { folders, limits: LIMITS },
        { ...sides, lease, interrupt: new AbortController().signal, now: Date.now },
      ),
    );
    for (const { source, ledger } of result.folders) if (ledger !== undefined) this.ledgers.set(source, ledger);
    return result;
  }

  verify(pair: FolderPair, pairs: readonly FolderPair[] = [pair]): Promise<VerifyFolderResult> {
    const verified = (folder: FolderPair): VerifiedFolder => ({ folder, ...this.#ledgerOf(folder.source) });
    const task = { ...verified(pair), beside: sharersOf(pair, pairs).map(verified) };
    return this.#withBoth((sides) => verifyFolder(task, { ...sides, interrupt: new AbortController().signal }));
  }

  #ledgerOf(source: string): LedgerBeside {
    const ledger = this.ledgers.get(source);
    return { source, ...(ledger !== undefined && { ledger }) };
  }

  async #withBoth<T>(act: (sides: BothSides) => Promise<T>): Promise<T> {
    const source = await this.open('source');
    const destination = await this.open('destination');
    try {
      return await act({ source, destination });
    } finally {
      await Promise.all([source.logout(), destination.logout()]);
    }
  }
}

function sharersOf(pair: FolderPair, pairs: readonly FolderPair[]): readonly FolderPair[] {
  return pairs.filter((other) => other.source !== pair.source && other.destination === pair.destination);
}

function userOf({ store }: Sandbox): User {
  const user = store.users.find(({ name }) => name === USER.name);
  if (user === undefined) throw new Error(`the sandbox has no user ${USER.name}`);
  return user;
}

/** Subjects of a folder's messages, in their order. */
export function subjects(user: User, folder: string): readonly string[] {
  const found = user.findFolder(folder)?.messages ?? [];
  return found.map(({ body }) => /^Subject: (.*)$/m.exec(body.toString('latin1'))?.[1]?.trim() ?? '');
}
