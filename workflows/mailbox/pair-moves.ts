import { ActivityFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import { parseCopyHeartbeat, type PairMovesResult } from '../../model/activities.ts';
import { addCopyCounts } from '../../model/pass.ts';
import type { CurrentPass } from '../../model/saga.ts';
import { ask } from '../ask.ts';
import { currentPass, patchFolder } from './carried.ts';
import { interruptible, untilGo, update, type Mailbox } from './mailbox.ts';
import { addNotes } from './notes.ts';
import { foldersToPair, type Pairable } from './pairable.ts';
import { historyIsFull, type PassEnding } from './pass-ending.ts';
import { recovered } from './recover.ts';
import { tell } from './tell.ts';

/**
 * Before any folder is copied: finds out which messages its user has moved between folders on the source since they were
 * copied, and lets our copies follow. Nothing is asked for where no folder can have lost and none can have got any.
 */
export async function pairMoves(mailbox: Mailbox): Promise<PassEnding> {
  const { folders, tooLarge } = foldersToPair(mailbox.state.folders, currentPass(mailbox).pairing?.folders);
  if (tooLarge.length > 0) {
    update(mailbox, { notes: addNotes(mailbox.state.notes, { 'ledger.moves-unchecked': tooLarge.length }) });
  }
  for (let left = folders; left.length > 0;) {
    await untilGo(mailbox);
    if (historyIsFull()) return { kind: 'history-full' };
    tell(mailbox, 'looking for messages that were moved to other folders on the source');
    const result = await pairShare(mailbox, left);
    if (result !== undefined) {
      take(mailbox, result, left);
      const { outcome } = result;
      if (outcome.kind === 'complete') break;
      if (outcome.kind === 'refused') return { kind: 'problem', problem: outcome.problem };
    }
    left = foldersToPair(mailbox.state.folders, currentPass(mailbox).pairing?.folders).folders;
  }
  return { kind: 'through' };
}

/** Undefined when it was cancelled before a worker had taken it up, or its worker died while it was being cancelled. */
async function pairShare(mailbox: Mailbox, folders: Pairable['folders']): Promise<PairMovesResult | undefined> {
  const { settings, row } = mailbox.state;
  const growth = currentPass(mailbox).pairing?.growth;
  const summary = `Look for messages moved between ${folders.length} folders on the source, move their copies along`;
  try {
    return await interruptible(mailbox, () =>
      ask(settings.timing, summary).pairMoves({ settings, row, folders, ...(growth !== undefined && { growth }) }),
    );
  } catch (error) {
    const timeout = error instanceof ActivityFailure ? error.cause : undefined;
    if (!(timeout instanceof TimeoutFailure) && !isCancellation(error)) throw error;
    if (timeout instanceof TimeoutFailure) {
      keepGrowth(mailbox, parseCopyHeartbeat(timeout.lastHeartbeatDetails)?.growth, folders);
    }
    return undefined;
  }
}

/** The growth belongs to the ledgers that went with it; both go into the next activity. */
function keepGrowth(mailbox: Mailbox, growth: string | undefined, folders: Pairable['folders']): void {
  if (growth === undefined || growth === '') return;
  const pairing = { growth, folders: folders.map(({ source }) => source) };
  update(mailbox, { current: { ...currentPass(mailbox), pairing } });
}

function take(mailbox: Mailbox, result: PairMovesResult, folders: Pairable['folders']): void {
  for (const { source, ledger, rest, handled, aside } of result.folders) {
    const known = mailbox.state.folders.find((folder) => folder.source === source)?.aside ?? [];
    const again = new Set(aside.map(({ uid }) => uid));
    const notes = [...known.filter(({ uid }) => !again.has(uid)), ...aside];
    patchFolder(mailbox, source, { ledger, rest, growth: undefined, handled, aside: notes });
  }
  const { pairing: _settled, ...pass } = currentPass(mailbox);
  const current: CurrentPass = { ...pass, counts: addCopyCounts(pass.counts, result.counts) };
  const { counts } = mailbox.state;
  update(mailbox, {
    current,
    notes: addNotes(mailbox.state.notes, result.notes),
    counts: {
      ...counts,
      copied: counts.copied + result.counts.copied,
      adopted: counts.adopted + result.counts.adopted,
      bytes: counts.bytes + result.counts.bytes,
      flagsChanged: counts.flagsChanged + result.counts.flagsChanged,
      aside: mailbox.state.folders.reduce((sum, folder) => sum + folder.aside.length, 0),
    },
  });
  keepGrowth(mailbox, result.growth, folders);
  if (result.outcome.kind !== 'refused') recovered(mailbox);
}
