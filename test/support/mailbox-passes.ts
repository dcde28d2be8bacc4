/** Runs passes over whole mailboxes as the workflow does: surveyed, paired, copied folder by folder. */
import { copyFolder } from '../../copy/copy-folder.ts';
import { pairMoves } from '../../copy/pair-moves.ts';
import type { CopyContext } from '../../copy/types.ts';
import type { ImapSession } from '../../imap/types.ts';
import type { CopyHeartbeat, PairMovesResult, SurveyedFolder } from '../../model/activities.ts';
import { addCopyCounts, NO_COPY_COUNTS, type CopyCounts, type PassKind } from '../../model/pass.ts';
import type { FolderState } from '../../model/saga.ts';
import { mergeFolders } from '../../workflows/mailbox/folders.ts';
import { addNotes } from '../../workflows/mailbox/notes.ts';
import { foldersToPair } from '../../workflows/mailbox/pairable.ts';

const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 1 << 25,
};
const MOST_TRIES = 20;

export interface BothSessions<Session extends ImapSession> {
  readonly source: Session;
  readonly destination: Session;
}

/** Told of every step of both sessions and of the lease; may throw. */
export type OnStep<Session extends ImapSession> = (step: string, sessions: BothSessions<Session>) => void;

export interface PairingAttempt<Session extends ImapSession> extends BothSessions<Session> {
  readonly result?: PairMovesResult;
  readonly error?: unknown;
  readonly beats: readonly { readonly growth: string; readonly awaited: boolean }[];
}

export interface PassOptions {
  readonly kind?: PassKind;
  readonly before?: number;
}

/** `World`: what the one who opens sessions is told of the circumstances. */
export class MailboxPasses<Session extends ImapSession, World> {
  folders: readonly FolderState[] = [];
  /** Growth of an attempt to pair whose result never came, and the folders that it was about. */
  growth: string | undefined;
  growthOf: readonly string[] = [];
  /** Of the last pass. */
  counts: CopyCounts = NO_COPY_COUNTS;
  notes: ReturnType<typeof addNotes> = {};
  /** Whether new connections are to be had amid an activity. */
  reopens = false;
  readonly #open: (world: World | undefined, onStep: OnStep<Session>) => Promise<BothSessions<Session>>;
  readonly #now: () => number;

  constructor(
    open: (world: World | undefined, onStep: OnStep<Session>) => Promise<BothSessions<Session>>,
    now: () => number,
  ) {
    this.#open = open;
    this.#now = now;
  }

  /** A whole pass, each activity until it is through. */
  async pass(world?: World, options: PassOptions = {}): Promise<void> {
    this.counts = NO_COPY_COUNTS;
    this.notes = {};
    await this.survey();
    await this.pairAll(world);
    await this.copyAll(world, options);
  }

  /** As the survey and the making of folders do; every name is the same on both sides. */
  async survey(): Promise<void> {
    const sessions = await this.#open(undefined, () => undefined);
    const found: SurveyedFolder[] = [];
    for (const { name, selectable } of await sessions.source.list()) {
      if (!selectable) continue;
      const pair = { source: name, sourcePath: name, destination: name, destinationPath: name };
      const { messages, uidNext, uidValidity } = await sessions.source.status(name);
      found.push({ ...pair, messages, uidNext, uidValidity });
    }
    const merged = mergeFolders(this.folders, found);
    for (const { created, gone, destination } of merged) {
      if (!created && !gone && destination !== 'INBOX') await sessions.destination.create(destination);
    }
    this.folders = merged.map((folder) => Object.assign({}, folder, { created: true }));
    await close(sessions);
  }

  /** One attempt; undefined when there is nothing to be looked at. `onStep`: of it alone, beside what the world hears. */
  async pair(world?: World, onStep?: OnStep<Session>): Promise<PairingAttempt<Session> | undefined> {
    const { folders } = foldersToPair(this.folders, this.growthOf);
    if (folders.length === 0) return undefined;
    this.growthOf = folders.map(({ source }) => source);
    const beats: { growth: string; awaited: boolean }[] = [];
    let beat: (() => CopyHeartbeat) | undefined;
    const send = (awaited: boolean): void => {
      if (beat !== undefined) beats.push({ growth: beat().growth, awaited });
    };
    const sessions = await this.#open(world, (step, both) => {
      if (step.startsWith('destination ')) send(false);
      onStep?.(step, both);
    });
    const lease: CopyContext['lease'] = {
      check: () => undefined,
      carry: (next) => (beat = next),
      acknowledged: async () => {
        onStep?.('before acknowledged', sessions);
        send(true);
        onStep?.('after acknowledged', sessions);
      },
    };
    const task = { folders, limits: LIMITS, ...(this.growth !== undefined && { previousGrowth: this.growth }) };
    try {
      return { result: await pairMoves(task, { ...this.#context(sessions, world), lease }), beats, ...sessions };
    } catch (error) {
      return { error, beats, ...sessions };
    } finally {
      await close(sessions);
    }
  }

  async pairAll(world?: World, onStep?: OnStep<Session>): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const attempt = await this.pair(world, onStep);
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

  async copyAll(world?: World, options: PassOptions = {}): Promise<void> {
    for (const folder of this.folders) if (!folder.gone) await this.copy(folder, world, options);
  }

  async copy(folder: FolderState, world?: World, { before, kind = 'final' }: PassOptions = {}): Promise<void> {
    const { source, messages, uidNext, uidValidity, ledger } = folder;
    const sessions = await this.#open(world, () => undefined);
    const result = await copyFolder(
      {
        pass: kind,
        folder,
        retryAside: false,
        limits: LIMITS,
        surveyed: { uidNext, uidValidity, at: this.#now() },
        ...(ledger !== undefined && { ledger }),
        ...(before !== undefined && { before }),
      },
      {
        ...this.#context(sessions, world),
        lease: { check: () => undefined, carry: () => undefined, acknowledged: async () => undefined },
      },
    );
    await close(sessions);
    if (result.outcome.kind !== 'complete') throw new Error(`${source}: ${JSON.stringify(result.outcome)}`);
    this.counts = addCopyCounts(this.counts, result.counts);
    this.notes = addNotes(this.notes, result.notes);
    const change: Partial<FolderState> = {
      ledger: result.ledger,
      handled: result.handled,
      aside: [...folder.aside, ...result.aside],
      completeAt: { messages, uidNext, uidValidity },
      seenUpTo: { uidNext, uidValidity },
      goneFromSource: result.counts.goneFromSource,
    };
    this.folders = this.folders.map((each) => (each.source === source ? { ...each, ...change } : each));
  }

  #context({ source, destination }: BothSessions<Session>, world: World | undefined): Omit<CopyContext, 'lease'> {
    const reopen = (): Promise<BothSessions<Session>> => this.#open(world, () => undefined);
    const interrupt = new AbortController().signal;
    return { source, destination, interrupt, now: this.#now, ...(this.reopens && { reopen }) };
  }
}

async function close({ source, destination }: BothSessions<ImapSession>): Promise<void> {
  await Promise.all([source.logout(), destination.logout()]);
}
