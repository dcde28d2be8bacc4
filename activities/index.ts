import { copyFolder as copyOneFolder } from '../copy/copy-folder.ts';
import { pairMoves as pairMovesOfMailbox } from '../copy/pair-moves.ts';
import { verifyFolder as verifyOneFolder } from '../copy/verify-folder.ts';
import { createTenantFinder } from '../entra/discovery.ts';
import { createTokenProvider } from '../entra/tokens.ts';
import { openSession } from '../imap/open.ts';
import type { Activities } from '../model/activities.ts';
import type { AsideInput } from '../model/aside.ts';
import type { Problem } from '../model/mailbox.ts';
import { acquireToken } from './acquire-token.ts';
import { systemClock } from './clock.ts';
import { copyFolder } from './copy-folder.ts';
import { createFolders } from './create-folders.ts';
import type { Dependencies } from './dependencies.ts';
import { createLimiter } from './limiter.ts';
import { createOwnMailboxes } from './own-mailboxes.ts';
import { pairMoves } from './pair-moves.ts';
import { describeAside } from './describe-aside.ts';
import { exportAside, type ExportedMessage } from './export-aside.ts';
import { probeAccess, probeSide } from './probe-access.ts';
import { KEEPS_NOTHING, createSessionKeeper } from './session-keeper.ts';
import { createProxies, type Environment } from './proxies.ts';
import { createThrottles } from './throttles.ts';
import { surveyMailbox } from './survey-mailbox.ts';
import { verifyFolder } from './verify-folder.ts';

export type { Dependencies } from './dependencies.ts';
export type { ExportedMessage } from './export-aside.ts';
export { acknowledgedHeartbeats } from './heartbeats.ts';

/** All activities, by the names under which histories know them. */
export function createActivities(deps: Dependencies): Activities {
  return {
    acquireToken: (input) => acquireToken(deps, input),
    probeAccess: (input) => probeAccess(deps, input),
    probeSide: (input) => probeSide(deps, input),
    surveyMailbox: (input) => surveyMailbox(deps, input),
    createFolders: (input) => createFolders(deps, input),
    pairMoves: (input) => pairMoves(deps, input),
    copyFolder: (input) => copyFolder(deps, input),
    verifyFolder: (input) => verifyFolder(deps, input),
    describeAside: (input) => describeAside(deps, input),
  };
}

/**
 * Reads messages that were put aside outside of any activity, for the command line: see `exportAside`. `openSecret` as for
 * workers.
 */
export function asideExporter(
  openSecret: Dependencies['openSecret'],
  env: Environment,
): (
  input: AsideInput,
  take: (message: ExportedMessage) => Promise<void>,
  signal: AbortSignal,
) => Promise<Problem | undefined> {
  const opening = {
    openSession,
    openSecret,
    ...reachedBy(env),
    limiter: createLimiter(),
    keeper: KEEPS_NOTHING,
    throttles: createThrottles(systemClock.wall),
    clock: systemClock,
  };
  return (input, take, signal) => exportAside(opening, input, take, signal);
}

/** What a worker has to bring; the rest is the same for all of them. */
export interface WorkerPart extends Pick<Dependencies, 'openSecret' | 'heartbeats' | 'stopping'> {
  /** Names the proxies. */
  readonly env: Environment;
}

/** The dependencies of a real worker: real servers, the system's clock; one of whatever its activities share. */
export function dependenciesOf({ env, ...part }: WorkerPart): Dependencies {
  const keeper = createSessionKeeper(systemClock);
  part.stopping.addEventListener('abort', () => void keeper.close(), { once: true });
  return {
    ...part,
    openSession,
    copyFolder: copyOneFolder,
    pairMoves: pairMovesOfMailbox,
    verifyFolder: verifyOneFolder,
    ...reachedBy(env),
    limiter: createLimiter(),
    keeper,
    ownMailboxes: createOwnMailboxes(systemClock),
    throttles: createThrottles(systemClock.wall),
    clock: systemClock,
  };
}

/** One cache of tokens and one of tenants, reached through the proxies that the environment names. */
export function reachedBy(env: Environment): Pick<Dependencies, 'tokens' | 'tenants' | 'proxies'> {
  const proxies = createProxies(env);
  return {
    tokens: createTokenProvider(systemClock.wall, proxies.forTokenService),
    tenants: createTenantFinder(systemClock.wall, proxies.forTokenService),
    proxies,
  };
}
