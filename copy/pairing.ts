import type { PairedFolder } from '../model/activities.ts';
import type { Limits } from '../model/project.ts';
import { NOWHERE, SOUGHT, type Ledger } from './ledger.ts';
import { recallLedger } from './recall.ts';
import { addTally, count, newTally, note, type Tally } from './tally.ts';
import { HeaderReading, readingHeaders } from './header-reading.ts';
import type { DestinationSession, SourceSession } from './sides.ts';
import type { CopyContext, Lease, PairTask } from './types.ts';
import { takeSides, type Progress, type Sides } from './work.ts';

/** One source folder, and what its messages became. */
export interface PairingFolder {
  readonly at: PairedFolder;
  readonly ledger: Ledger;
  /** Source UIDs that another folder's ledger answers for from now on; they leave this one when it is handed over. */
  readonly left: Set<number>;
  /** Whether the ledger is another than the one that came in. */
  changed: boolean;
}

/** A source message that was in one folder and is in another, or under another UID, and the copy that belongs to it. */
export interface PairedMessage {
  readonly from: PairingFolder;
  /** In the ledger of `from`; no longer on the source. */
  readonly uid: number;
  readonly to: PairingFolder;
  /** On the source. */
  readonly target: number;
  /** Destination UID in the folder of `to`, NOWHERE or SOUGHT. */
  readonly counterpart: number;
}

/** A MOVE that is about to be sent: recorded before, so that whoever comes after can find out what became of it. */
export interface Intent {
  readonly from: PairingFolder;
  readonly to: PairingFolder;
  /** Of the destination folder of `to` before the MOVE: what was moved is at or above this UIDNEXT. */
  readonly uidNext: number;
  readonly uidValidity: number;
  readonly messages: readonly Pick<PairedMessage, 'uid' | 'target'>[];
}

/** One attempt to pair what disappeared from folders with what is new in others, over one mailbox. */
export interface Pairing extends Sides {
  /** Of the connections in use; they are opened anew when the source has failed at headers. */
  source: SourceSession;
  destination: DestinationSession;
  readonly reopen: CopyContext['reopen'];
  /** How `source` reads headers, by folder. */
  readonly headers: ReadonlyMap<string, HeaderReading>;
  readonly lease: Lease;
  readonly now: () => number;
  readonly startedAt: number;
  readonly limits: Limits;
  readonly folders: readonly PairingFolder[];
  readonly paired: PairedMessage[];
  /** Of copies that were under way before; of what is paired. */
  readonly tally: Tally;
  intent: Intent | undefined;
  /** For people. */
  readonly progress: Progress;
}

/**
 * Decodes the ledgers; what an earlier attempt paired is still to be applied. A folder whose ledger is lost is left to its
 * copy: nothing can be said of what disappeared from it, and what is new in it cannot be told from the rest.
 */
export function beginPairing(task: PairTask, context: CopyContext): Pairing {
  const copied = newTally();
  const folders = task.folders.flatMap((at): readonly PairingFolder[] => {
    const { ledger, tally } = recallLedger(at);
    if (tally.notes['ledger.rebuilt'] !== undefined) {
      note(copied, 'ledger.moves-unchecked');
      return [];
    }
    addTally(copied, tally);
    return [{ at, ledger, left: new Set(), changed: at.growth !== undefined }];
  });
  const sides = takeSides(context);
  const options = { retryAside: false, bodiesFollow: false };
  const headers = new Map(folders.map(({ at, ledger }) => [at.source, new HeaderReading(ledger, options)]));
  return {
    ...sides,
    source: readingHeaders(sides.source, headers),
    headers,
    reopen: context.reopen,
    lease: context.lease,
    now: context.now,
    startedAt: context.now(),
    limits: task.limits,
    folders,
    paired: [],
    tally: copied,
    intent: undefined,
    progress: { doing: 'looking for messages that were moved on the source', done: 0, of: 0 },
  };
}

/** Opens both sides anew; false where that is not to be had. */
export async function reopenPairing(pairing: Pairing): Promise<boolean> {
  const sides = await pairing.reopen?.();
  if (sides === undefined) return false;
  const { source, destination } = takeSides({ ...sides, interrupt: pairing.interrupt });
  pairing.source = readingHeaders(source, pairing.headers);
  pairing.destination = destination;
  return true;
}

/**
 * From here on the new folder's ledger answers for the message, with the flags last seen, and its user's changes of flags
 * since then are found by comparing all flags once.
 */
export function apply(pairing: Pairing, paired: PairedMessage): void {
  const { from, uid, to, target, counterpart } = paired;
  const flags = from.ledger.get(uid)?.flags ?? [];
  to.ledger.handle(target, counterpart, flags);
  to.ledger.update({ highestModseq: 0 });
  if (isPlaced(counterpart) && from.at.destination !== to.at.destination) {
    const { writtenFrom, writtenBelow } = to.ledger.head;
    to.ledger.update({
      writtenFrom: writtenFrom === 0 ? counterpart : Math.min(writtenFrom, counterpart),
      writtenBelow: Math.max(writtenBelow, counterpart + 1),
    });
  }
  from.left.add(uid);
  from.changed = true;
  to.changed = true;
  pairing.paired.push(paired);
}

/** The same, counted. `stays`: the copy stays in its old folder, since the destination does not move it. */
export function record(pairing: Pairing, paired: PairedMessage, stays = false): void {
  apply(pairing, paired);
  pairing.progress.done += 1;
  if (stays) note(pairing.tally, 'destination.move-unsupported');
  else if (paired.counterpart !== NOWHERE && paired.from.at.destination !== paired.to.at.destination) {
    count(pairing.tally, 'moved');
  }
}

export function isPlaced(counterpart: number): boolean {
  return counterpart !== NOWHERE && counterpart !== SOUGHT;
}

/** Destination UIDs that are counterparts in this destination folder, for whichever source folder. */
export function counterpartsIn({ folders }: Pairing, destination: string, uidValidity: number): ReadonlySet<number> {
  const known = new Set<number>();
  for (const { at, ledger } of folders) {
    if (at.destination !== destination || ledger.head.destinationValidity !== uidValidity) continue;
    for (const uid of ledger.knownCounterparts(1)) known.add(uid);
  }
  return known;
}
