import type { FlagsRow } from '../imap/types.ts';
import { passesByItself } from '../model/refusals.ts';
import { batches } from './batches.ts';
import { NOWHERE, SOUGHT } from './ledger.ts';
import { keepableFlags } from './message.ts';
import { SideRefusal } from './sides.ts';
import { count, note } from './tally.ts';
import { throwIfInterrupted, type Work } from './work.ts';

/** What the source's user changed since the base. */
export interface FlagChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

interface Changed {
  readonly row: FlagsRow;
  readonly counterpart: number;
}

/** Messages that all changed in the same way. */
interface ChangedAlike {
  readonly change: FlagChange;
  readonly messages: Changed[];
}

const PER_STORE = 500;

/** The difference, disregarding case (RFC 9051 section 2.3.2); undefined when there is none. */
export function changeOf(base: readonly string[], now: readonly string[]): FlagChange | undefined {
  const before = new Set(base.map((flag) => flag.toLowerCase()));
  const after = new Set(now.map((flag) => flag.toLowerCase()));
  const add = now.filter((flag) => !before.has(flag.toLowerCase()));
  const remove = base.filter((flag) => !after.has(flag.toLowerCase()));
  return add.length === 0 && remove.length === 0 ? undefined : { add, remove };
}

/**
 * Carries over what the source's user changed in the flags of handled messages since they were last carried over, and
 * nothing else: the flags that the destination's user set or removed stay. Messages moved away there are left alone.
 */
export async function carryFlags(work: Work): Promise<void> {
  const groups = await changedAlike(work);
  for (const group of groups) {
    for (const messages of batches(group.messages, PER_STORE)) {
      throwIfInterrupted(work);
      await storeChange(work, group.change, messages);
    }
  }
}

async function changedAlike(work: Work): Promise<Iterable<ChangedAlike>> {
  const { ledger } = work;
  const groups = new Map<string, ChangedAlike>();
  const settled: FlagsRow[] = [];
  for await (const row of flagsToCompare(work)) {
    const entry = ledger.get(row.uid);
    const change = entry === undefined ? undefined : changeOf(entry.flags, row.flags);
    if (entry === undefined || change === undefined || entry.counterpart === SOUGHT) continue;
    if (entry.counterpart === NOWHERE) {
      settled.push(row);
      continue;
    }
    const key = `+${change.add.join(' ')} -${change.remove.join(' ')}`;
    const group = groups.get(key) ?? { change, messages: [] };
    group.messages.push({ row, counterpart: entry.counterpart });
    groups.set(key, group);
  }
  for (const { uid, flags } of settled) ledger.handle(uid, NOWHERE, flags);
  return groups.values();
}

/**
 * With a mod-sequence that the ledger holds, only those that changed since; a source whose last one is lower was set back. One
 * that refuses to tell them, although it keeps mod-sequences, is asked for all.
 */
async function* flagsToCompare({ source, sourceFolder, ledger }: Work): AsyncGenerator<FlagsRow, void, undefined> {
  const { highestModseq: since } = ledger.head;
  const { highestModseq: now = 0 } = sourceFolder;
  let isToldChanges = false;
  try {
    if (since > 0 && since <= now) {
      for await (const row of source.fetchChangedFlags(since)) {
        isToldChanges = true;
        yield row;
      }
      return;
    }
  } catch (error) {
    if (isToldChanges || !source.usable || !refusesCommand(error)) throw error;
  }
  yield* source.fetchFlags('all');
}

/** With NO or BAD, and not because it asks to wait. */
function refusesCommand(error: unknown): boolean {
  if (!(error instanceof SideRefusal)) return false;
  const { status, problem } = error.refusal;
  return (status === 'NO' || status === 'BAD') && !passesByItself(problem.code);
}

async function storeChange(work: Work, change: FlagChange, messages: readonly Changed[]): Promise<void> {
  const { ledger, destination, lease, tally } = work;
  const add = keepableFlags(change.add, work.folder);
  const remove = keepableFlags(change.remove, work.folder);
  const there: number[] = [];
  for await (const { uid } of destination.fetchFlags(messages.map(({ counterpart }) => counterpart))) there.push(uid);
  if (there.length > 0) {
    await acknowledge(work);
    lease.check();
    try {
      if (add.kept.length > 0) await destination.store(there, { add: add.kept });
      if (remove.kept.length > 0) await destination.store(there, { remove: remove.kept });
      count(tally, 'flagsChanged', there.length);
      if (add.dropped) note(tally, 'destination.flag-dropped', there.length);
    } catch (error) {
      if (!isAboutFlags(error)) throw error;
      note(tally, 'destination.flag-dropped', there.length);
    }
  }
  for (const { row, counterpart } of messages) ledger.handle(row.uid, counterpart, row.flags);
}

/** A NO without further meaning: the server does not take these flags. */
export function isAboutFlags(error: unknown): boolean {
  return (
    error instanceof SideRefusal && error.refusal.status === 'NO' && error.refusal.problem.code === 'server.refused'
  );
}

/** The first write of an attempt waits until a heartbeat has been acknowledged. */
export async function acknowledge(work: Work): Promise<void> {
  if (work.acknowledged) return;
  await work.lease.acknowledged();
  work.acknowledged = true;
}
