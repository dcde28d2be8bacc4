/** Copies between two sandbox servers over real sockets, as activities do: attempts that follow one another, with growth. */
import { copyFolder } from '../../copy/copy-folder.ts';
import type { CopyTask } from '../../copy/types.ts';
import type { ByteBudget } from '../../imap/budget.ts';
import { openSession } from '../../imap/open.ts';
import { parseDateTime } from '../../imap/grammar.ts';
import type { ImapSession } from '../../imap/types.ts';
import type { CopyFolderResult, CopyHeartbeat } from '../../model/activities.ts';
import type { Limits } from '../../model/project.ts';
import { DOVECOT_CAPABILITIES } from '../../sandbox/capabilities.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';
import type { NewMessage, StoredMessage } from '../../sandbox/store/message.ts';
import { knownGrowth, type Beat } from './copy-harness.ts';

const without = (...names: readonly string[]): readonly string[] =>
  DOVECOT_CAPABILITIES.filter((name) => !names.includes(name));

/** Ways in which a destination takes messages, by its capabilities. */
export const DESTINATIONS: readonly (readonly [string, readonly string[]])[] = [
  ['MULTIAPPEND and LITERAL+', DOVECOT_CAPABILITIES],
  ['LITERAL+ alone', without('MULTIAPPEND')],
  ['MULTIAPPEND and LITERAL-', [...without('LITERAL+'), 'LITERAL-']],
  ['LITERAL- alone', [...without('MULTIAPPEND', 'LITERAL+'), 'LITERAL-']],
  ['LITERAL+ and no UIDPLUS', without('MULTIAPPEND', 'UIDPLUS')],
  ['neither', without('MULTIAPPEND', 'LITERAL+')],
];

/** Few enough bytes for the larger test messages to be passed through. */
export const LIMITS: Limits = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 128 * 1024,
};

export interface Circumstances {
  /** Called each time before something is written. */
  readonly check?: () => void;
  readonly interrupt?: AbortSignal;
  /** False: a lost connection ends the attempt. */
  readonly reopens?: boolean;
  readonly commandTimeout?: number;
  /** Ports through which the servers are reached; default: their own. */
  readonly route?: { readonly source: number; readonly destination: number };
  /** The user on the source; default: `ann`. */
  readonly from?: string;
  /** Told the most bytes of bodies that were held at one time, when the attempt is over. */
  readonly onHeld?: (bytes: number) => void;
}

export interface FailureAttempt {
  readonly result?: CopyFolderResult;
  readonly error?: unknown;
  readonly beats: readonly Beat[];
}

/** A source with mail, and a destination with a fresh user for each copy. */
export class FailureHarness {
  readonly source: Sandbox;
  readonly destination: Sandbox;
  #users = 0;

  constructor(source: Sandbox, destination: Sandbox) {
    this.source = source;
    this.destination = destination;
  }

  static async start(
    messages: readonly NewMessage[],
    destination: SandboxOptions = {},
    source: SandboxOptions = {},
  ): Promise<FailureHarness> {
    const copy = new FailureHarness(
      await startSandbox({ ...source, users: [{ name: 'ann', password: 'pw' }] }),
      await startSandbox({ ...destination, users: [] }),
    );
    for (const message of messages) copy.source.store.user('ann').addMessage('INBOX', message);
    return copy;
  }

  async close(): Promise<void> {
    await this.source.close();
    await this.destination.close();
  }

  newUser(): string {
    this.#users += 1;
    const name = `user${this.#users}`;
    this.destination.store.addUser({ name, password: 'pw' });
    return name;
  }

  async attempt(user: string, task: Partial<CopyTask> = {}, world: Circumstances = {}): Promise<FailureAttempt> {
    const beats: Beat[] = [];
    let carried: (() => CopyHeartbeat) | undefined;
    const beat = (awaited: boolean): void => {
      if (carried !== undefined) beats.push({ growth: carried().growth, awaited });
    };
    const budgets = new Set<ByteBudget>();
    const open: ImapSession[] = [];
    const giveUp = (): void => {
      for (const session of open.splice(0)) session.destroy(new Error('the attempt is over'));
    };
    try {
      const sessions = await this.#openBoth(user, open, world);
      const reopen = async (): ReturnType<FailureHarness['openBoth']> => {
        giveUp();
        return this.#openBoth(user, open, world);
      };
      const readMessages = sessions.source.readMessages.bind(sessions.source);
      sessions.source.readMessages = (uids, budget) => {
        budgets.add(budget);
        return readMessages(uids, budget);
      };
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
          ...(world.reopens === false ? {} : { reopen }),
          lease: {
            check: () => {
              world.check?.();
              beat(false);
            },
            carry: (next) => (carried = next),
            acknowledged: async () => beat(true),
          },
          interrupt: world.interrupt ?? new AbortController().signal,
          now: Date.now,
        },
      );
      return { result, beats };
    } catch (error) {
      return { error, beats };
    } finally {
      giveUp();
      for (const { peak } of budgets) world.onHeld?.(peak);
    }
  }

  /** Attempts until nothing is left, the first under these circumstances. `stale`: heartbeats lost with a dead worker. */
  async copyAll(
    user: string,
    { task = {}, first = {}, stale = 0 }: { task?: Partial<CopyTask>; first?: Circumstances; stale?: number } = {},
  ): Promise<CopyFolderResult> {
    let known: Partial<CopyTask> = {};
    for (let attempts = 0; attempts < 20; attempts++) {
      const { result, beats } = await this.attempt(user, { ...task, ...known }, attempts === 0 ? first : {});
      if (result?.outcome.kind === 'complete') return result;
      if (result !== undefined) known = { ledger: result.ledger };
      else {
        const growth = knownGrowth(beats, stale);
        if (growth !== undefined) known = { ...known, previousGrowth: growth };
      }
    }
    throw new Error('twenty attempts did not complete the copy');
  }

  readonly openBoth = (
    user: string,
    from = 'ann',
  ): Promise<{ readonly source: ImapSession; readonly destination: ImapSession }> => this.#openBoth(user, [], { from });

  async #openBoth(
    user: string,
    open: ImapSession[],
    { commandTimeout = 5_000, route, from = 'ann' }: Circumstances,
  ): Promise<{ readonly source: ImapSession; readonly destination: ImapSession }> {
    const enter = async (sandbox: Sandbox, name: string, side: 'source' | 'destination'): Promise<ImapSession> => {
      const session = await openSession({
        address: { host: sandbox.host, port: route?.[side] ?? sandbox.port, tls: 'none' },
        login: { kind: 'password', user: name, secret: () => 'pw' },
        side,
        commandTimeout,
        signal: new AbortController().signal,
      });
      open.push(session);
      return session;
    };
    return {
      source: await enter(this.source, from, 'source'),
      destination: await enter(this.destination, user, 'destination'),
    };
  }

  /** What a copy has to keep of the source, in order. */
  expected(): readonly string[] {
    return contentsOf(this.source.store.user('ann').folder('INBOX').messages);
  }

  /** What is in the destination's INBOX. */
  copied(user: string): readonly string[] {
    return contentsOf(this.destination.store.user(user).folder('INBOX').messages);
  }
}

function contentsOf(messages: readonly StoredMessage[]): readonly string[] {
  return messages
    .map(({ body, flags, internalDate }) =>
      JSON.stringify([body.toString('latin1'), flags.toSorted(), parseDateTime(internalDate)?.instant]),
    )
    .toSorted();
}
