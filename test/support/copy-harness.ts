/** Runs copies of one folder as activities do: with a lease, heartbeats, and attempts that follow one another. */
import { copyFolder } from '../../copy/copy-folder.ts';
import type { CopyTask, Lease } from '../../copy/types.ts';
import type { CopyFolderResult, CopyHeartbeat } from '../../model/activities.ts';
import { MemorySession, type MemorySessionOptions } from './memory-session.ts';
import { MemoryMailbox } from './memory-server.ts';

/** The worker died, or it was asked to: nothing of it goes on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Beat {
  readonly growth: string;
  /** Acknowledged before anything else went on. */
  readonly awaited: boolean;
}

/** What goes on around an attempt. */
export interface World {
  readonly source?: MemorySessionOptions;
  readonly destination?: MemorySessionOptions;
  /** Called at each step of both sides and of the lease, in the order in which they happen; may throw. */
  readonly onStep?: (
    step: string,
    sessions: { readonly source: MemorySession; readonly destination: MemorySession },
  ) => void;
  readonly interrupt?: AbortSignal;
  readonly check?: () => void;
  readonly now?: () => number;
  readonly ebb?: () => Promise<void>;
  /** New connections are to be had. */
  readonly reopens?: boolean;
}

export interface Attempt {
  readonly result?: CopyFolderResult;
  readonly error?: unknown;
  /** Heartbeats, one at each step of the destination; the first that the server must know is `awaited`. */
  readonly beats: readonly Beat[];
  readonly source: MemorySession;
  readonly destination: MemorySession;
}

const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 1 << 25,
};

export class CopyHarness {
  readonly source: MemoryMailbox;
  readonly destination: MemoryMailbox;
  readonly texts: string[] = [];

  constructor(source = new MemoryMailbox(), destination = new MemoryMailbox('Archive')) {
    this.source = source;
    this.destination = destination;
  }

  async attempt(task: Partial<CopyTask> = {}, world: World = {}): Promise<Attempt> {
    const beats: Beat[] = [];
    let beat: (() => CopyHeartbeat) | undefined;
    const send = (awaited: boolean): void => {
      const heartbeat = beat?.();
      if (heartbeat === undefined) return;
      this.texts.push(heartbeat.text);
      beats.push({ growth: heartbeat.growth, awaited });
    };
    const open = (): { source: MemorySession; destination: MemorySession } => ({
      source: new MemorySession(this.source, { ...world.source, onStep: (step) => stepped(`source ${step}`) }),
      destination: new MemorySession(this.destination, {
        ...world.destination,
        onStep: (step) => stepped(`destination ${step}`),
      }),
    });
    const sessions = open();
    let crash: Crash | undefined;
    const stepped = (step: string): void => {
      if (crash !== undefined) throw crash;
      // What the source's steps change, the destination's next one shows; encoding at each would be most of the time.
      if (step.startsWith('destination ')) send(false);
      try {
        world.onStep?.(step, sessions);
      } catch (error) {
        // A dead worker does nothing more, whatever was on its way.
        if (error instanceof Crash) crash = error;
        throw error;
      }
    };
    const lease: Lease = {
      check: world.check ?? (() => undefined),
      carry: (next) => (beat = next),
      acknowledged: async () => {
        world.onStep?.('before acknowledged', sessions);
        send(true);
        world.onStep?.('after acknowledged', sessions);
      },
    };
    try {
      const result = await copyFolder(
        {
          pass: 'final',
          folder: { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' },
          retryAside: false,
          limits: LIMITS,
          ...task,
        },
        {
          ...sessions,
          ...(world.ebb !== undefined && { ebb: world.ebb }),
          ...(world.reopens === true && { reopen: async () => open() }),
          lease,
          interrupt: world.interrupt ?? new AbortController().signal,
          now: world.now ?? (() => Date.UTC(2026, 0, 1)),
        },
      );
      return { result, beats, ...sessions };
    } catch (error) {
      return { error, beats, ...sessions };
    }
  }

  /** An attempt that has to come to a result. */
  async copy(task: Partial<CopyTask> = {}, world: World = {}): Promise<CopyFolderResult> {
    const { result, error } = await this.attempt(task, world);
    if (result === undefined) throw error;
    return result;
  }

  /** Attempts until nothing is left, as the workflow makes them; gives the last result. */
  async copyAll(task: Partial<CopyTask> = {}, world: World = {}): Promise<CopyFolderResult> {
    const { previousGrowth: _known, ...later } = task;
    let result = await this.copy(task, world);
    for (let tries = 0; result.outcome.kind !== 'complete' && tries < 20; tries++) {
      result = await this.copy({ ...later, ledger: result.ledger }, world);
    }
    return result;
  }
}

/** The growth that the next attempt is given when the last `stale` heartbeats were not acknowledged any more. */
export function knownGrowth(beats: readonly Beat[], stale: number): string | undefined {
  const lastAwaited = beats.findLastIndex(({ awaited }) => awaited);
  return beats[Math.max(lastAwaited, beats.length - 1 - stale)]?.growth;
}
