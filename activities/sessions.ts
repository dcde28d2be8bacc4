import type { ImapSession } from '../imap/types.ts';
import type { MailboxJob, Side } from '../model/project.ts';
import { loginAs, type LoginAs } from './acting-login.ts';
import { loginFor } from './credentials.ts';
import type { Dependencies } from './dependencies.ts';
import { ebbed } from './ebb.ts';
import type { Demand } from './limiter.ts';
import { askedOf, RefusedOn } from './problems.ts';
import type { Secrets } from './secrets.ts';
import type { KeptSession } from './session-keeper.ts';

/** What it takes to open a mailbox. */
export type Opening = Pick<
  Dependencies,
  'openSession' | 'openSecret' | 'tokens' | 'tenants' | 'proxies' | 'limiter' | 'keeper' | 'throttles' | 'clock'
>;

export interface SessionRequest {
  readonly job: MailboxJob;
  readonly secrets: Secrets;
  /** Gives up the wait for a free connection, and destroys sockets in the tick in which it is aborted. */
  readonly signal: AbortSignal;
  /** Whether tokens are asked for anew. */
  readonly freshTokens?: boolean;
  /** The administrator of the row, for themselves or for another user, instead of the row's own login. */
  readonly as?: LoginAs;
  /** What is opened first on each side; a new connection opens it in the flight of its first questions. */
  readonly folders?: Readonly<Record<Side, string>>;
  /** Called when all sessions are open. */
  readonly opened?: () => void;
}

export interface BothSides {
  readonly source: ImapSession;
  readonly destination: ImapSession;
}

export interface Reopening {
  /** Gives up both sessions and opens new ones in their place; what the old ones sent may be on the wire yet. Rejects as opening does. */
  readonly reopen: () => Promise<BothSides>;
}

type Open = (side: Side) => Promise<ImapSession>;
type GiveUp = (reason: Error) => readonly ImapSession[];

/**
 * Waits until this worker may have a connection more to each side, opens both or takes up those that the mailbox's last
 * activity has left, and lends them. After a result that `keeps` accepts they are left for the next activity, for a moment;
 * otherwise they are ended, since servers tell an open session nothing of a new quota or permission. Rejects with RefusedOn
 * when a side refuses, and with the reason of `signal` when that is aborted during the wait.
 */
export function withBothSides<T>(
  deps: Opening,
  request: SessionRequest,
  use: (sessions: BothSides & Reopening) => Promise<T>,
  keeps: (result: T) => boolean = () => true,
): Promise<T> {
  const useBoth = async (open: Open, giveUp: GiveUp): Promise<T> => {
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
  };
  return lend(deps, request, ['source', 'destination'], useBoth, keeps);
}

/** The same for one side as somebody else than the row's user. Such a session is ended afterwards. */
export function withSideAs<T>(
  deps: Opening,
  request: SessionRequest,
  side: Side,
  as: LoginAs,
  use: (session: ImapSession) => Promise<T>,
): Promise<T> {
  return withSide(deps, { ...request, as }, side, use);
}

/** The same for the source alone. */
export function withSource<T>(
  deps: Opening,
  request: SessionRequest,
  use: (source: ImapSession) => Promise<T>,
): Promise<T> {
  return withSide(deps, request, 'source', use);
}

/** The same for the destination alone. */
export function withDestination<T>(
  deps: Opening,
  request: SessionRequest,
  use: (destination: ImapSession) => Promise<T>,
): Promise<T> {
  return withSide(deps, request, 'destination', use);
}

/** The same for one side. */
export function withSide<T>(
  deps: Opening,
  request: SessionRequest,
  side: Side,
  use: (session: ImapSession) => Promise<T>,
): Promise<T> {
  const useOne = async (open: Open): Promise<T> => {
    const session = await open(side);
    request.opened?.();
    return use(session);
  };
  return lend(deps, request, [side], useOne, () => request.as === undefined);
}

async function lend<T>(
  deps: Opening,
  request: SessionRequest,
  sides: readonly Side[],
  use: (open: Open, giveUp: GiveUp) => Promise<T>,
  keeps: (result: T) => boolean,
): Promise<T> {
  const { job, signal } = request;
  const demands = sides.map((side) => demandOf(deps, job, side));
  const giveBack = await deps.limiter.take(demands, signal);
  const lent: KeptSession[] = [];
  const abort = (): void => {
    for (const { end } of lent) end.abort(signal.reason);
  };
  const giveUp: GiveUp = (reason) => {
    const sessions = sessionsOf(lent.splice(0));
    for (const session of sessions) session.destroy(reason);
    return sessions;
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    throwIfHeld(deps, job, sides);
    const result = await use(async (side) => {
      const kept = await askedOf(side, openSide(deps, request, side, lent));
      return kept.session;
    }, giveUp);
    // Whoever comes next finds what was sent.
    await ebbed(deps.clock, sessionsOf(lent), signal);
    signal.removeEventListener('abort', abort);
    if (keeps(result)) for (const kept of lent) deps.keeper.keep(kept);
    else await Promise.all(sessionsOf(lent).map((session) => session.logout()));
    return result;
  } catch (error) {
    const given = giveUp(error instanceof Error ? error : new Error(String(error)));
    await ebbed(deps.clock, given, signal);
    if (!(error instanceof RefusedOn)) throw error;
    throw new RefusedOn(error.side, deps.throttles.met(job, error.side, error.problem), error);
  } finally {
    signal.removeEventListener('abort', abort);
    giveBack();
  }
}

function sessionsOf(lent: readonly KeptSession[]): readonly ImapSession[] {
  return lent.map(({ session }) => session);
}

/** While a whole tenant is asked to wait nobody knocks there, not even with a session that is open already. */
function throwIfHeld({ throttles }: Opening, job: MailboxJob, sides: readonly Side[]): void {
  for (const side of sides) {
    const problem = throttles.against(job, side);
    if (problem !== undefined) throw new RefusedOn(side, problem, undefined);
  }
}

/** The session is among `lent` in the tick in which it exists. */
async function openSide(deps: Opening, request: SessionRequest, side: Side, lent: KeptSession[]): Promise<KeptSession> {
  const { job, signal, as, freshTokens = false } = request;
  const demand = demandOf(deps, job, side);
  const key = keyOf(job, side);
  const taken = freshTokens || as !== undefined ? undefined : deps.keeper.take(key);
  if (taken !== undefined) {
    lent.push(taken);
    signal.throwIfAborted();
    return taken;
  }
  await deps.keeper.makeRoom(demand.endpoint, deps.limiter.inUse(demand.endpoint), demand.limit);
  const end = new AbortController();
  const giveUp = (): void => end.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const session = await openNew(deps, request, side, end.signal);
    const kept = { session, end, endpoint: demand.endpoint, key };
    lent.push(kept);
    return kept;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Whatever decides whose session it is and how it was opened; secrets stand in it sealed. */
function keyOf({ settings, row }: MailboxJob, side: Side): string {
  return JSON.stringify([settings.name, side, settings[side], settings.timing.commandTimeout, row[side]]);
}

async function openNew(
  deps: Opening,
  { job, secrets, signal, as, folders, freshTokens = false }: SessionRequest,
  side: Side,
  ended: AbortSignal,
): Promise<ImapSession> {
  const { openSecret, tokens, tenants } = deps;
  const openers = { openSecret, tokens, tenants, secrets };
  const login =
    as === undefined ? await loginFor(openers, job, side, freshTokens) : await loginAs(openers, job, side, as);
  signal.throwIfAborted();
  const { host, port, tls, caPem, serverName } = job.settings[side];
  const { root } = job.row[side];
  const proxy = deps.proxies.forMailServer(host, port);
  if (proxy !== undefined) secrets.keep(decodeURIComponent(proxy.password));
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
    ...(folders !== undefined && as === undefined && { folder: folders[side] }),
    ...(root !== undefined && { root }),
    ...(proxy !== undefined && { proxy }),
    commandTimeout: job.settings.timing.commandTimeout,
    signal: ended,
  });
}

function demandOf({ throttles }: Opening, job: MailboxJob, side: Side): Demand {
  const { host, port } = job.settings[side];
  return { endpoint: `${host.toLowerCase()}:${port}`, connections: 1, limit: throttles.limit(job, side) };
}
