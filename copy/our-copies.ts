import { batches } from './batches.ts';
import type { FolderChange } from './folder-changes.ts';
import { IdentityIndex } from './identity-index.ts';
import type { Identity } from './identity.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { matchSource } from './match.ts';
import { opened } from './open-folders.ts';
import { counterpartsIn, type Pairing, type PairingFolder } from './pairing.ts';
import { indexDestination } from './strangers.ts';
import { identityOf, throwIfInterrupted } from './work.ts';

/** Our copy of a message that disappeared from the source. */
export interface OurCopy {
  readonly from: PairingFolder;
  /** On the source, before it disappeared. */
  readonly uid: number;
  /** Destination UID in the folder of `from`, whose UIDVALIDITY is the second. */
  readonly counterpart: number;
  readonly uidValidity: number;
}

/** Copies whose UIDs are not known, among destination messages that nobody accounts for. */
interface Sought {
  readonly from: PairingFolder;
  readonly uids: number[];
  readonly index: IdentityIndex;
  /** So many of those destination messages belong to source messages that are still there, and were not found to. */
  readonly others: number;
  readonly uidValidity: number;
}

const PER_FETCH = 1_000;

/**
 * Our copies of what disappeared, by identity: those that are still where we put them. Each can be taken once, equal ones in
 * the order of their folders and source UIDs.
 */
export class OurCopies {
  readonly #index: IdentityIndex;
  readonly #copies: OurCopy[] = [];
  readonly #sought: Sought[] = [];
  readonly #missing: { readonly from: PairingFolder; readonly uids: number[] }[] = [];

  private constructor(capacity: number) {
    this.#index = new IdentityIndex(capacity);
  }

  /** Reads the headers of all of them at the destination. */
  static async read(pairing: Pairing, changes: readonly FolderChange[]): Promise<OurCopies> {
    const copies = new OurCopies(changes.reduce((sum, { disappeared }) => sum + disappeared.length, 0));
    for (const change of changes) if (change.disappeared.length > 0) await copies.#readFolder(pairing, change);
    return copies;
  }

  get size(): number {
    return this.#index.size + this.#sought.reduce((sum, { uids, index }) => sum + Math.min(uids.length, index.size), 0);
  }

  has(identity: Identity): boolean {
    return this.#index.has(identity) || this.#sought.some(({ index }) => index.has(identity));
  }

  take(identity: Identity): OurCopy | undefined {
    const number = this.#index.take(identity);
    return number === undefined ? this.#takeSought(identity) : this.#copies[number];
  }

  /** Copies left that agree with one of these headers, by their folders: servers may have altered them. */
  similar(loose: ReadonlySet<number>): ReadonlyMap<PairingFolder, readonly OurCopy[]> {
    const found = new Map<PairingFolder, OurCopy[]>();
    for (const number of this.#index.leftWithLoose(loose)) {
      const copy = this.#copies[number];
      if (copy === undefined) continue;
      const beside = found.get(copy.from);
      if (beside === undefined) found.set(copy.from, [copy]);
      else beside.push(copy);
    }
    return found;
  }

  /** Headers of all that is left. */
  looseLeft(): ReadonlySet<number> {
    return this.#index.looseLeft();
  }

  /** Takes this one; false when it has been taken. */
  takeCopy(copy: OurCopy): boolean {
    const number = this.#copies.indexOf(copy);
    return number >= 0 && this.#index.takeUid(number);
  }

  /** Source UIDs of what disappeared and is not where we put it: their users have moved or deleted the copies. */
  missing(): readonly { readonly from: PairingFolder; readonly uids: readonly number[] }[] {
    return [...this.#missing, ...this.#sought.map(stillSought)];
  }

  #takeSought(identity: Identity): OurCopy | undefined {
    for (const { from, uids, index, uidValidity } of this.#sought) {
      const [uid] = uids;
      const counterpart = uid === undefined ? undefined : index.take(identity);
      if (uid === undefined || counterpart === undefined) continue;
      uids.shift();
      return { from, uid, counterpart, uidValidity };
    }
    return undefined;
  }

  async #readFolder(pairing: Pairing, { folder: from, disappeared }: FolderChange): Promise<void> {
    throwIfInterrupted(pairing);
    const { destination } = pairing;
    const there = await opened(() => destination.examine(from.at.destination), destination);
    if (there === undefined) {
      this.#missing.push({ from, uids: [...disappeared] });
      return;
    }
    const { uidValidity } = there;
    const isSame = from.ledger.head.destinationValidity === uidValidity;
    const byCounterpart = new Map<number, number>();
    const missing: number[] = [];
    const sought: number[] = [];
    for (const uid of disappeared) {
      const counterpart = from.ledger.get(uid)?.counterpart ?? NOWHERE;
      if (counterpart === NOWHERE) missing.push(uid);
      else if (counterpart === SOUGHT || !isSame) sought.push(uid);
      else byCounterpart.set(counterpart, uid);
    }
    await this.#readPlaced(pairing, from, uidValidity, byCounterpart);
    this.#missing.push({ from, uids: [...missing, ...byCounterpart.values()] });
    if (sought.length > 0) await this.#readSought(pairing, { from, uids: sought, uidValidity }, isSame);
  }

  /** In the order of source UIDs; what was found leaves the map. */
  async #readPlaced(
    pairing: Pairing,
    from: PairingFolder,
    uidValidity: number,
    byCounterpart: Map<number, number>,
  ): Promise<void> {
    for (const batch of batches([...byCounterpart.keys()], PER_FETCH)) {
      throwIfInterrupted(pairing);
      const rows: { readonly copy: OurCopy; readonly identity: Identity }[] = [];
      for await (const row of pairing.destination.fetchIdentities(batch)) {
        const uid = byCounterpart.get(row.uid);
        if (uid === undefined) continue;
        byCounterpart.delete(row.uid);
        rows.push({ copy: { from, uid, counterpart: row.uid, uidValidity }, identity: identityOf(pairing, row) });
      }
      for (const { copy, identity } of rows.toSorted((a, b) => a.copy.uid - b.copy.uid)) {
        this.#index.add(this.#copies.push(copy) - 1, identity);
      }
    }
  }

  async #readSought(
    pairing: Pairing,
    sought: Pick<Sought, 'from' | 'uids' | 'uidValidity'>,
    isSame: boolean,
  ): Promise<void> {
    const known = counterpartsIn(pairing, sought.from.at.destination, sought.uidValidity);
    const unknown = (await pairing.destination.search({ kind: 'all' })).filter((uid) => !known.has(uid));
    const index = await indexDestination(pairing, unknown);
    const disappeared = new Set(sought.uids);
    const others = unplaced(sought.from, isSame).filter((uid) => !disappeared.has(uid));
    const found = await takeOwn(pairing, sought.from, others, index);
    this.#sought.push({ ...sought, others: others.length - found, index });
  }
}

/** Messages whose counterparts have to be found anew: all that have one after another UIDVALIDITY. */
function unplaced({ ledger, left }: PairingFolder, isSame: boolean): readonly number[] {
  const uids: number[] = [];
  for (let position = 0; position < ledger.size; position++) {
    const { uid, counterpart } = ledger.entryAt(position);
    if (counterpart !== NOWHERE && (counterpart === SOUGHT || !isSame) && !left.has(uid)) uids.push(uid);
  }
  return uids;
}

/** Takes what belongs to messages that are still there, so that it follows no equal one; gives how many were found. */
async function takeOwn(
  pairing: Pairing,
  { at, ledger }: PairingFolder,
  uids: readonly number[],
  index: IdentityIndex,
): Promise<number> {
  if (uids.length === 0 || index.size === 0) return 0;
  const { source } = pairing;
  const there = await opened(() => source.examine(at.source), source);
  if (there?.uidValidity !== ledger.head.sourceValidity) return 0;
  let found = 0;
  await matchSource(pairing, uids, index, () => (found += 1));
  return found;
}

/** What is sought beyond the number of destination messages that may be it. */
function stillSought({ from, uids, index, others }: Sought): { readonly from: PairingFolder; readonly uids: number[] } {
  return { from, uids: uids.slice(Math.max(0, index.size - others)) };
}
