import { copyFolder as copyOneFolder } from '../copy/copy-folder.ts';
import { pairMoves as pairMovesOfMailbox } from '../copy/pair-moves.ts';
import { verifyFolder as verifyOneFolder } from '../copy/verify-folder.ts';
import { createTokenProvider } from '../entra/tokens.ts';
import { openSession } from '../imap/open.ts';
import type { Activities } from '../model/activities.ts';
import { acquireToken } from './acquire-token.ts';
import { systemClock } from './clock.ts';
import { copyFolder } from './copy-folder.ts';
import { createFolders } from './create-folders.ts';
import type { Dependencies } from './dependencies.ts';
import { createLimiter } from './limiter.ts';
import { probeAccess } from './probe-access.ts';
import { surveyMailbox } from './survey-mailbox.ts';
import { pairMoves } from './pair-moves.ts';
import { describeAside } from './describe-aside.ts';
import { exportAside, type ExportedMessage } from './export-aside.ts';
import { verifyFolder } from './verify-folder.ts';

export type { Dependencies } from './dependencies.ts';
export { acknowledgedHeartbeats } from './heartbeats.ts';

/** All activities, by the names under which histories know them. */
export function createActivities(deps: Dependencies): Activities {
  return {
    acquireToken: (input) => acquireToken(deps, input),
    probeAccess: (input) => probeAccess(deps, input),
    surveyMailbox: (input) => surveyMailbox(deps, input),
    createFolders: (input) => createFolders(deps, input),
    copyFolder: (input) => copyFolder(deps, input),
    verifyFolder: (input) => verifyFolder(deps, input),
  };
    pairMoves: (input) => pairMoves(deps, input),
}

/** What a worker has to bring; the rest is the same for all of them. */
export type WorkerPart = Pick<Dependencies, 'openSecret' | 'heartbeats' | 'stopping'>;

/** The dependencies of a real worker: real servers, the system's clock, one limiter and one token cache. */
export function dependenciesOf(part: WorkerPart): Dependencies {
  return {
    ...part,
    openSession,
    copyFolder: copyOneFolder,
    verifyFolder: verifyOneFolder,
    tokens: createTokenProvider(systemClock.wall),
    limiter: createLimiter(),
    clock: systemClock,
  };
}
    pairMoves: pairMovesOfMailbox,
