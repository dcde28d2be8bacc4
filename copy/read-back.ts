import { createHash } from 'node:crypto';
import { parseDateTime } from '../imap/grammar.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { note } from './tally.ts';
import type { Prepared } from './message.ts';
import type { Work } from './work.ts';

/** A message that servers are known to alter, as it was sent. */
export interface Suspect {
  /** Source UID; the ledger knows the counterpart. */
  readonly uid: number;
  readonly digest: string;
  readonly instant: number | undefined;
}

export function suspectOf(uid: number, { message }: Prepared): Suspect {
  return { uid, digest: exactDigest(message.body), instant: parseDateTime(message.internalDate)?.instant };
}

/** Reads such messages back from the destination, and notes those that are not what was sent. */
export async function readBack(work: Work, suspects: readonly Suspect[]): Promise<void> {
  const byCounterpart = new Map<number, Suspect>();
  for (const suspect of suspects) {
    const counterpart = work.ledger.get(suspect.uid)?.counterpart ?? 0;
    if (counterpart !== NOWHERE && counterpart !== SOUGHT) byCounterpart.set(counterpart, suspect);
  }
  if (byCounterpart.size === 0) return;
  let altered = 0;
  for await (const { uid, body, internalDate } of work.destination.fetchMessages([...byCounterpart.keys()])) {
    const suspect = byCounterpart.get(uid);
    if (suspect === undefined || body === undefined) continue;
    byCounterpart.delete(uid);
    const sameInstant = parseDateTime(internalDate)?.instant === suspect.instant;
    if (!sameInstant || exactDigest(body) !== suspect.digest) altered += 1;
  }
  note(work.tally, 'destination.message-altered', altered);
}

function exactDigest(body: readonly Buffer[]): string {
  const digest = createHash('sha256');
  for (const piece of body) digest.update(piece);
  return digest.digest('base64');
}
