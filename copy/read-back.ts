import { createHash } from 'node:crypto';
import { parseDateTime } from '../imap/grammar.ts';
import { keepsBytes } from './keeps-bytes.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { note } from './tally.ts';
import type { Body } from '../imap/body.ts';
import type { Prepared } from './message.ts';
import { OddOctets } from './odd-octets.ts';
import type { Work } from './work.ts';

/** A message that servers are known to alter, as it was sent. */
export interface Suspect {
  /** Source UID; the ledger knows the counterpart. */
  readonly uid: number;
  readonly digest: string;
  readonly instant: number | undefined;
}

/** The message as a suspect, if it is one. Its body must not be a stream. */
export async function suspectOf(prepared: Prepared): Promise<Suspect> {
  return { uid: prepared.uid, digest: await exactDigest(prepared.message.body), instant: prepared.instant };
}

/** A large body on its way through, and what it turned out to be. */
export class WatchedBody {
  readonly #prepared: Prepared;
  readonly #digest = createHash('sha256');
  readonly #octets = new OddOctets();
  #suspect: boolean;

  constructor(prepared: Prepared) {
    this.#prepared = prepared;
    this.#suspect = prepared.isSuspect;
  }

  /** The message, to be sent once; by the time it was stored it is known whether it is a suspect. */
  watched(): Prepared {
    const isSuspect = (): boolean => this.#suspect || this.#octets.endsBare;
    return {
      ...this.#prepared,
      message: { ...this.#prepared.message, body: this.#stream() },
      get isSuspect() {
        return isSuspect();
      },
    };
  }

  async *#stream(): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of this.#prepared.message.body) {
      this.#digest.update(piece);
      this.#suspect ||= this.#octets.see(piece);
      yield piece;
    }
  }

  /** Reads all of it, and sends nothing. */
  async read(): Promise<Suspect | undefined> {
    const pieces = this.#stream();
    while (!(await pieces.next()).done);
    return this.suspect();
  }

  /** Once all of it has passed. */
  suspect(): Suspect | undefined {
    if (!this.#suspect && !this.#octets.endsBare) return undefined;
    return { uid: this.#prepared.uid, digest: this.#digest.digest('base64'), instant: this.#prepared.instant };
  }
}

const MS = 1_000;
const FIRST_OF_32_BITS = -(2 ** 31) * MS;
const END_OF_32_BITS = 2 ** 31 * MS;

/**
 * Reads such messages back from the destination, and notes those that are not what was sent. Returns those that seem to
 * be what was sent as long as the connection lasts: Dovecot's mdbox remembers a date of more than 32 bits for the session
 * that appended it, and tells every other one what it has stored.
 */
export async function readBack(work: Work, suspects: readonly Suspect[]): Promise<readonly Suspect[]> {
  const { ledger, tally } = work;
  const byCounterpart = new Map<number, Suspect>();
  for (const suspect of suspects) {
    const counterpart = ledger.get(suspect.uid)?.counterpart ?? NOWHERE;
    if (counterpart === NOWHERE) ledger.wasReadBack(suspect.uid);
    else if (counterpart !== SOUGHT) byCounterpart.set(counterpart, suspect);
  }
  if (byCounterpart.size === 0) return [];
  const left = new Set(byCounterpart.values());
  let altered = 0;
  const seeming: Suspect[] = [];
  for await (const { uid, body, internalDate } of work.destination.fetchMessages([...byCounterpart.keys()])) {
    const suspect = byCounterpart.get(uid);
    if (suspect === undefined || body === undefined || !left.delete(suspect)) continue;
    const sameInstant = parseDateTime(internalDate)?.instant === suspect.instant;
    const sameBytes = !keepsBytes(work.destination.capabilities) || (await exactDigest(body)) === suspect.digest;
    if (!sameInstant || !sameBytes) altered += 1;
    else if (needsMoreThan32Bits(suspect)) seeming.push(suspect);
  }
  // In one tick, so that a heartbeat tells of both or of none.
  note(tally, 'destination.message-altered', altered);
  for (const { uid } of byCounterpart.values()) ledger.wasReadBack(uid);
  for (const { uid } of seeming) ledger.awaitReadBack(uid);
  return seeming;
}

function needsMoreThan32Bits({ instant = 0 }: Suspect): boolean {
  return instant < FIRST_OF_32_BITS || instant >= END_OF_32_BITS;
}

async function exactDigest(body: Body): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of body) digest.update(piece);
  return digest.digest('base64');
}
