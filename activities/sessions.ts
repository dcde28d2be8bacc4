import type { ImapSession } from '../imap/types.ts';
import type { Endpoint, MailboxJob, Side } from '../model/project.ts';
import { loginFor } from './credentials.ts';
import type { Dependencies } from './dependencies.ts';
import type { Demand } from './limiter.ts';
import { askedOf } from './problems.ts';
import type { Secrets } from './secrets.ts';

/** What it takes to open a mailbox. */
export type Opening = Pick<Dependencies, 'openSession' | 'openSecret' | 'tokens' | 'limiter'>;

export interface SessionRequest {
  readonly job: MailboxJob;
  readonly secrets: Secrets;
  /** Gives up the wait for a free connection, and destroys sockets in the tick in which it is aborted. */
  readonly signal: AbortSignal;
  /** Whether tokens are asked for anew. */
  readonly freshTokens?: boolean;
  /** Called when all sessions are open. */
  readonly opened?: () => void;
}

export interface BothSides {
  readonly source: ImapSession;
  readonly destination: ImapSession;
}

export interface Reopening {
  /** Gives up both sessions and opens new ones in their place. Rejects as opening does. */
  readonly reopen: () => Promise<BothSides>;
}

/**
 * Waits until this worker may have a connection more to each side, opens both, lends them, and ends them: with LOGOUT after
 * success, otherwise at once. Rejects with RefusedOn when a side refuses, and with the reason of `signal` when that is
 * aborted during the wait.
 */
export function withBothSides<T>(
  deps: Opening,
  request: SessionRequest,
  use: (sessions: BothSides & Reopening) => Promise<T>,
): Promise<T> {
  return lend(deps, request, ['source', 'destination'], async (open, giveUp) => {
    const openBoth = async (): Promise<BothSides> => {
      const opening = [open('source'), open('destination')] as const;
      // Both are waited for, so that none is opened when nobody looks after it any more.
      await Promise.allSettled(opening);
      const [source, destination] = await Promise.all(opening);
      return { source, destination };
    };
    const reopen = (): Promise<BothSides> => {
      giveUp(new Error('New connections are opened instead'));
      return openBoth();
    };
    const sessions = await openBoth();
    request.opened?.();
    return use({ ...sessions, reopen });
  });
}

/** The same for the source alone. */
export function withSource<T>(
  deps: Opening,
  request: SessionRequest,
  use: (source: ImapSession) => Promise<T>,
): Promise<T> {
  return lend(deps, request, ['source'], async (open) => {
    const source = await open('source');
    request.opened?.();
    return use(source);
  });
}

/** The same for the destination alone. */
export function withDestination<T>(
  deps: Opening,
  request: SessionRequest,
  use: (destination: ImapSession) => Promise<T>,
): Promise<T> {
  return lend(deps, request, ['destination'], async (open) => {
    const destination = await open('destination');
    request.opened?.();
    return use(destination);
  });
}

async function lend<T>(
  deps: Opening,
  request: SessionRequest,
  sides: readonly Side[],
  use: (open: (side: Side) => Promise<ImapSession>, giveUp: (reason: Error) => void) => Promise<T>,
): Promise<T> {
  const { job, signal } = request;
  const demands = sides.map((side) => demandOf(job.settings[side], job));
  const giveBack = await deps.limiter.take(demands, signal);
  const lent: ImapSession[] = [];
  const giveUp = (reason: Error): void => {
    for (const session of lent.splice(0)) session.destroy(reason);
  };
  try {
    const result = await use(async (side) => {
      const session = await askedOf(side, openSide(deps, request, side));
      lent.push(session);
      return session;
    }, giveUp);
    await Promise.all(lent.map((session) => session.logout()));
    return result;
  } catch (error) {
    giveUp(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    giveBack();
  }
}

async function openSide(
  deps: Opening,
  { job, secrets, signal, freshTokens = false }: SessionRequest,
  side: Side,
): Promise<ImapSession> {
  const { openSecret, tokens } = deps;
  const login = await loginFor({ openSecret, tokens, secrets }, job, side, freshTokens);
  signal.throwIfAborted();
  const { host, port, tls, caPem, serverName } = job.settings[side];
  const { root } = job.row[side];
  return deps.openSession({
    address: {
      host,
      port,
      tls,
      ...(caPem !== undefined && { caPem }),
      ...(serverName !== undefined && { serverName }),
    },
    login,
    side,
    ...(root !== undefined && { root }),
    commandTimeout: job.settings.timing.commandTimeout,
    signal,
  });
}

function demandOf({ host, port }: Endpoint, { settings }: MailboxJob): Demand {
  return { endpoint: `${host.toLowerCase()}:${port}`, connections: 1, limit: settings.limits.connectionsPerEndpoint };
}
