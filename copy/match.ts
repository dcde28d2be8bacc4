import { createHash } from 'node:crypto';
import type { Body } from '../imap/body.ts';
import type { IdentityRow } from '../imap/types.ts';
import { batches, type Sliceable } from './batches.ts';
import type { IdentityIndex } from './identity-index.ts';
import type { Identity } from './identity.ts';
import type { SourceSession } from './sides.ts';
import { identityOf, throwIfInterrupted, type Sides } from './work.ts';

/** A source message and the destination message that was found to be the same. */
export type OnMatch = (row: IdentityRow, counterpart: number) => void;

const PER_FETCH = 500;

/**
 * Walks source messages in the order given and gives each the first untaken destination message of the same identity,
 * until none is left. Then those that agree in their headers only are compared by their bodies: servers alter NUL bytes,
 * bare line feeds and odd dates in silence, and must not be taken for others therefore.
 */
export async function matchSource(
  sides: Sides,
  uids: Sliceable<number>,
  index: IdentityIndex,
  onMatch: OnMatch,
): Promise<void> {
  const loose = sides.bytesKept ? index.looseLeft() : new Set<number>();
  const similar: { readonly row: IdentityRow; readonly identity: Identity }[] = [];
  for (const batch of batches(uids, PER_FETCH)) {
    if (index.size === 0) break;
    throwIfInterrupted(sides);
    const asked = new Set(batch);
    const matched: (readonly [IdentityRow, number])[] = [];
    for await (const row of sides.source.fetchIdentities(batch)) {
      if (!asked.delete(row.uid)) continue;
      const identity = identityOf(sides, row);
      const counterpart = index.take(identity);
      if (counterpart !== undefined) matched.push([row, counterpart]);
      else if (loose.has(identity.loose)) similar.push({ row, identity });
    }
    // Only now: a server that contradicts itself in the middle has perhaps told the wrong UIDs all along.
    for (const [row, counterpart] of matched) onMatch(row, counterpart);
  }
  await matchBodies(sides, similar, index, onMatch);
}

async function matchBodies(
  sides: Sides,
  similar: readonly { readonly row: IdentityRow; readonly identity: Identity }[],
  index: IdentityIndex,
  onMatch: OnMatch,
): Promise<void> {
  const counterparts = index.leftWithLoose(new Set(similar.map(({ identity }) => identity.loose)));
  if (counterparts.length === 0) return;
  const loose = index.looseLeft();
  const rows = new Map(similar.filter(({ identity }) => loose.has(identity.loose)).map(({ row }) => [row.uid, row]));
  const byBody = new Map<string, number[]>();
  for await (const [uid, body] of bodiesOf(sides, sides.destination, counterparts)) {
    byBody.set(body, [...(byBody.get(body) ?? []), uid]);
  }
  for await (const [uid, body] of bodiesOf(sides, sides.source, [...rows.keys()])) {
    const counterpart = byBody.get(body)?.shift();
    const row = rows.get(uid);
    if (counterpart === undefined || row === undefined) continue;
    index.takeUid(counterpart);
    onMatch(row, counterpart);
  }
}

/** UIDs and what their messages have in common with altered copies of them. */
async function* bodiesOf(
  sides: Sides,
  session: SourceSession,
  uids: readonly number[],
): AsyncGenerator<readonly [number, string]> {
  for (const batch of batches(uids, PER_FETCH)) {
    throwIfInterrupted(sides);
    const asked = new Set(batch);
    for await (const { uid, body } of session.fetchMessages(batch)) {
      if (asked.delete(uid) && body !== undefined) yield [uid, await likeness(body)];
    }
  }
}

const NUL = 0x00;
const NUL_REPLACED = 0x80;
const CR = 0x0d;

/**
 * A digest that a message shares with copies in which a server has turned bare line feeds and carriage returns into line
 * ends, and NUL bytes into 0x80 (as Dovecot does) or dropped them.
 */
export async function likeness(body: Body): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of body)
    digest.update(piece.filter((byte) => byte !== CR && byte !== NUL && byte !== NUL_REPLACED));
  return digest.digest('base64');
}
