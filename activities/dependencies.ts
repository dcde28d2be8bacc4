import type { OpenSession } from '../imap/types.ts';
import type { CopyFolder, PairMoves, VerifyFolder } from '../copy/types.ts';
import type { TenantFinder } from '../entra/discovery.ts';
import type { TokenProvider } from '../entra/tokens.ts';
import type { SealBinding } from '../model/seal-binding.ts';
import type { Clock } from './clock.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { Limiter } from './limiter.ts';
import type { OwnMailboxes } from './own-mailboxes.ts';
import type { Proxies } from './proxies.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { Throttles } from './throttles.ts';

/** All that activities need of the world. */
export interface Dependencies {
  readonly openSession: OpenSession;
  readonly copyFolder: CopyFolder;
  readonly pairMoves: PairMoves;
  readonly verifyFolder: VerifyFolder;
  /** Opens what was sealed for exactly this binding; rejects with a SealError. */
  readonly openSecret: (binding: SealBinding, envelope: string) => Promise<string>;
  readonly tokens: TokenProvider;
  readonly tenants: TenantFinder;
  readonly proxies: Proxies;
  readonly heartbeats: Heartbeats;
  readonly limiter: Limiter;
  readonly keeper: SessionKeeper;
  readonly ownMailboxes: OwnMailboxes;
  readonly throttles: Throttles;
  readonly clock: Clock;
  /** Aborted when this worker begins to stop: copies end after the batch in hand, for another worker to go on. */
  readonly stopping: AbortSignal;
}
