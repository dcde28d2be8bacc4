/**
 * The attempt may no longer write: its last acknowledged heartbeat is too old, so another attempt may have taken over.
 * Thrown by `Lease.check`, and passed on by everything in this room like a crash: there is nobody left to report to.
 */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

const LONGEST_CHAIN = 10;

/** The loss of the lease that is this error, or that caused it. */
export function leaseLossIn(error: unknown): LeaseLost | undefined {
  let link = error;
  for (let depth = 0; depth < LONGEST_CHAIN && link instanceof Error; depth++) {
    if (link instanceof LeaseLost) return link;
    link = link.cause;
  }
  return undefined;
}
