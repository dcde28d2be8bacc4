import type { ImapSession } from '../imap/types.ts';
import type { Clock } from './clock.ts';

/** A session between two activities of one mailbox; logging in costs more than most folders. */
export interface KeptSession {
  readonly session: ImapSession;
  /** Destroys the sockets in the tick in which it is aborted. */
  readonly end: AbortController;
  /** `host:port`, as the limiter counts. */
  readonly endpoint: string;
  /** Whose session it is, and by which settings and secrets it was opened: nothing else may use it. */
  readonly key: string;
}

export interface SessionKeeper {
  /** A usable session of this key, now the caller's. */
  readonly take: (key: string) => KeptSession | undefined;
  /** Keeps a session for the next activity, for a moment; then it is logged out. */
  readonly keep: (kept: KeptSession) => void;
  /** Logs out the session kept longest to an endpoint where `limit` connections are open already. */
  readonly makeRoom: (endpoint: string, inUse: number, limit: number) => Promise<void>;
  /** Logs out all that are kept, and keeps none from now on. */
  readonly close: () => Promise<void>;
}

/** Long enough for the workflow's next step, short enough to give connections back when there is none. */
const KEPT_MS = 2_000;

interface Idle {
  readonly kept: KeptSession;
  readonly callOff: () => void;
}

export function createSessionKeeper(clock: Clock): SessionKeeper {
  const idle: Idle[] = [];
  let closed = false;

  function remove(one: Idle): void {
    one.callOff();
    idle.splice(idle.indexOf(one), 1);
  }

  function take(key: string): KeptSession | undefined {
    for (const one of idle.filter(({ kept }) => kept.key === key)) {
      remove(one);
      if (one.kept.session.usable) return one.kept;
    }
    return undefined;
  }

  function keep(kept: KeptSession): void {
    if (!kept.session.usable) return;
    if (closed) {
      void kept.session.logout();
      return;
    }
    const one: Idle = {
      kept,
      callOff: clock.after(KEPT_MS, () => {
        remove(one);
        void kept.session.logout();
      }),
    };
    idle.push(one);
  }

  async function makeRoom(endpoint: string, inUse: number, limit: number): Promise<void> {
    const here = idle.filter(({ kept }) => kept.endpoint === endpoint);
    const tooMany = here.slice(0, Math.max(0, inUse + here.length - limit));
    for (const one of tooMany) remove(one);
    await Promise.all(tooMany.map(({ kept }) => kept.session.logout()));
  }

  async function close(): Promise<void> {
    closed = true;
    const all = idle.slice();
    for (const one of all) remove(one);
    await Promise.all(all.map(({ kept }) => kept.session.logout()));
  }

  return { take, keep, makeRoom, close };
}

/** For who opens a mailbox once. */
export const KEEPS_NOTHING: SessionKeeper = {
  take: () => undefined,
  keep: ({ session }) => void session.logout(),
  makeRoom: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
