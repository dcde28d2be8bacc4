/** Runs passes over whole mailboxes in memory, as the workflow does: surveyed, paired, copied folder by folder. */
import { copyFolder } from '../../copy/copy-folder.ts';
import { pairMoves } from '../../copy/pair-moves.ts';
import type { CopyContext } from '../../copy/types.ts';
import type { CopyHeartbeat, PairMovesResult } from '../../model/activities.ts';
import { addCopyCounts, NO_COPY_COUNTS, type CopyCounts } from '../../model/pass.ts';
import type { FolderState } from '../../model/saga.ts';
import { mergeFolders } from '../../workflows/mailbox/folders.ts';
import { addNotes } from '../../workflows/mailbox/notes.ts';
import { foldersToPair } from '../../workflows/mailbox/pairable.ts';
import { MemorySession, type MemorySessionOptions } from './memory-session.ts';
import { MemoryMailbox } from './memory-server.ts';

export const MOVING = ['IMAP4REV1', 'UIDPLUS', 'UNSELECT', 'CHILDREN', 'CONDSTORE', 'ESEARCH', 'MOVE'];

const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 1 << 25,
};
const NOW = Date.UTC(2026, 0, 1);
const MOST_TRIES = 20;

/** What goes on around an attempt to pair. */
export interface PairingWorld {
  readonly source?: MemorySessionOptions;
  readonly destination?: MemorySessionOptions;
  /** Called at each step of both sides and of the lease; may throw. */
  readonly onStep?: (
    step: string,
    sessions: { readonly source: MemorySession; readonly destination: MemorySession },
  ) => void;
}

export interface PairingAttempt {
  readonly result?: PairMovesResult;
  readonly error?: unknown;
  readonly beats: readonly { readonly growth: string; readonly awaited: boolean }[];
  readonly source: MemorySession;
  readonly destination: MemorySession;
}

export class MailboxHarness {
  readonly source: MemoryMailbox;
  readonly destination: MemoryMailbox;
  folders: readonly FolderState[] = [];
  /** Growth of an attempt to pair whose result never came. */
  growth: string | undefined;
  growthOf: readonly string[] = [];
  counts: CopyCounts = NO_COPY_COUNTS;
  notes: ReturnType<typeof addNotes> = {};

  constructor(source: MemoryMailbox, destination = new MemoryMailbox()) {
    this.source = source;
    this.destination = destination;
  }

  /** A whole pass, each activity until it is through. */
  async pass(world: PairingWorld = {}, options: { readonly before?: number } = {}): Promise<void> {
    this.counts = NO_COPY_COUNTS;
    this.notes = {};
    this.survey();
    await this.pairAll(world);
    await this.copyAll(world, options);
  }

  /** As the survey and the making of folders do; every name is the same on both sides. */
  survey(): void {
    const found = [...this.source.folders].map(([name, { messages, uidNext, uidValidity }]) => ({
      source: name,
      sourcePath: name,
      destination: name,
      destinationPath: name,
      messages: messages.length,
      uidNext,
      uidValidity,
    }));
    this.folders = mergeFolders(this.folders, found).map((folder) => {
      if (!folder.gone && !folder.created && !this.destination.folders.has(folder.destination)) {
        this.destination.create(folder.destination);
      }
      return { ...folder, created: true };
    });
  }

  /** One attempt; undefined when there is nothing to be looked at. */
  async pair(world: PairingWorld = {}): Promise<PairingAttempt | undefined> {
    const { folders } = foldersToPair(this.folders, this.growthOf);
    if (folders.length === 0) return undefined;
    const beats: { growth: string; awaited: boolean }[] = [];
    let beat: (() => CopyHeartbeat) | undefined;
    const send = (awaited: boolean): void => {
      if (beat !== undefined) beats.push({ growth: beat().growth, awaited });
    };
    const sessions = this.#sessions(world, (step) => {
      if (step.startsWith('destination ')) send(false);
      world.onStep?.(step, sessions);
    });
    const context: CopyContext = {
      ...sessions,
      lease: {
        check: () => undefined,
        carry: (next) => (beat = next),
        acknowledged: async () => {
          world.onStep?.('before acknowledged', sessions);
          send(true);
          world.onStep?.('after acknowledged', sessions);
        },
      },
      interrupt: new AbortController().signal,
      now: () => NOW,
    };
    try {
      const previousGrowth = this.growth;
      const task = { folders, limits: LIMITS, ...(previousGrowth !== undefined && { previousGrowth }) };
      return { result: await pairMoves(task, context), beats, ...sessions };
    } catch (error) {
      return { error, beats, ...sessions };
    } finally {
      this.growthOf = folders.map(({ source }) => source);
    }
  }

  async pairAll(world: PairingWorld = {}): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const attempt = await this.pair(world);
      if (attempt === undefined) return;
      if (attempt.result === undefined) throw attempt.error;
      this.take(attempt.result);
      if (attempt.result.outcome.kind === 'complete') return;
    }
    throw new Error('the pairing does not come to an end');
  }

  /** Keeps what an activity returned, as the workflow does. */
  take(result: PairMovesResult): void {
    const changed = new Map(result.folders.map((folder) => [folder.source, folder]));
    this.folders = this.folders.map((folder) => {
      const now = changed.get(folder.source);
      if (now === undefined) return folder;
      const { ledger, handled, aside } = now;
      return { ...folder, ledger, handled, aside: [...folder.aside, ...aside], growth: undefined };
    });
    this.growth = result.growth;
    if (result.growth === undefined) this.growthOf = [];
    this.counts = addCopyCounts(this.counts, result.counts);
    this.notes = addNotes(this.notes, result.notes);
  }

  async copyAll(world: PairingWorld = {}, options: { readonly before?: number } = {}): Promise<void> {
    for (const folder of this.folders) if (!folder.gone) await this.copy(folder, world, options);
  }

  async copy(folder: FolderState, world: PairingWorld, { before }: { readonly before?: number }): Promise<void> {
    const { source, messages, uidNext, uidValidity, ledger } = folder;
    const result = await copyFolder(
      {
        pass: 'final',
        folder,
        retryAside: false,
        limits: LIMITS,
        surveyed: { uidNext, uidValidity, at: NOW },
        ...(ledger !== undefined && { ledger }),
        ...(before !== undefined && { before }),
      },
      {
        ...this.#sessions(world, () => undefined),
        lease: { check: () => undefined, carry: () => undefined, acknowledged: async () => undefined },
        interrupt: new AbortController().signal,
        now: () => NOW,
      },
    );
    if (result.outcome.kind !== 'complete') throw new Error(`${source}: ${JSON.stringify(result.outcome)}`);
    this.counts = addCopyCounts(this.counts, result.counts);
    this.notes = addNotes(this.notes, result.notes);
    this.#patch(source, {
      ledger: result.ledger,
      handled: result.handled,
      aside: [...folder.aside, ...result.aside],
      completeAt: { messages, uidNext, uidValidity },
      seenUpTo: { uidNext, uidValidity },
      goneFromSource: result.counts.goneFromSource,
    });
  }

  #patch(source: string, change: Partial<FolderState>): void {
    this.folders = this.folders.map((folder) => (folder.source === source ? { ...folder, ...change } : folder));
  }

  #sessions(
    world: PairingWorld,
    onStep: (step: string) => void,
  ): { readonly source: MemorySession; readonly destination: MemorySession } {
    return {
      source: new MemorySession(this.source, { ...world.source, onStep: (step) => onStep(`source ${step}`) }),
      destination: new MemorySession(this.destination, {
        capabilities: MOVING,
        ...world.destination,
        onStep: (step) => onStep(`destination ${step}`),
      }),
    };
  }
}
