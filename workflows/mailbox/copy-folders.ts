import { ActivityFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import {
  parseCopyHeartbeat,
  type CopyFolderResult,
  type LedgerBeside,
  type LedgerRest,
} from '../../model/activities.ts';
import { pairOf } from '../../model/folders.ts';
import type { Problem } from '../../model/mailbox.ts';
import { addCopyCounts } from '../../model/pass.ts';
import { refusal, wantsFreshToken } from '../../model/refusals.ts';
import type { CurrentPass, FolderState } from '../../model/saga.ts';
import { isCrowdedBeside } from '../../model/trouble.ts';
import { ask } from '../ask.ts';
import { currentPass, patchFolder } from './carried.ts';
import { interruptible, untilGo, update, type Mailbox } from './mailbox.ts';
import { addNotes } from './notes.ts';
import { historyIsFull, phaseOf, type PassEnding } from './pass-ending.ts';
import { lanesOf, recovered } from './recover.ts';
import { tell } from './tell.ts';
import { besideOf, byDestination, shownIn } from './together.ts';

/**
 * Copies every folder that may hold something new, several at a time. A problem of one folder is kept with the folder and
 * the others go on; any other problem ends the pass, since it would meet the next folder too.
 */
export async function copyFolders(mailbox: Mailbox): Promise<PassEnding> {
  const pass = currentPass(mailbox);
  update(mailbox, { phase: phaseOf(pass.kind) });
  const groups = byDestination(mailbox.state.folders.filter((folder) => hasWork(folder, pass)));
  const first = await copyGroups(
    mailbox,
    groups.filter((group) => !isLast(group)),
  );
  return first.kind === 'through' ? await copyGroups(mailbox, groups.filter(isLast)) : first;
}

/** What shows messages of other folders once more is copied when those are. */
function isLast(group: readonly FolderState[]): boolean {
  return group.some(({ exceptIn }) => exceptIn !== undefined);
}

async function copyGroups(mailbox: Mailbox, groups: readonly (readonly FolderState[])[]): Promise<PassEnding> {
  const lanes = Math.min(groups.length, lanesOf(mailbox));
  const run: Run = { queue: [...groups], ending: undefined, lanes };
  const settled = await Promise.allSettled(Array.from({ length: lanes }, () => lane(mailbox, run)));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return run.ending ?? { kind: 'through' };
}

interface Run {
  readonly queue: (readonly FolderState[])[];
  ending: PassEnding | undefined;
  /** Copies at the same time. */
  lanes: number;
}

async function lane(mailbox: Mailbox, run: Run): Promise<void> {
  for (let group = run.queue.shift(); group !== undefined; group = run.queue.shift()) {
    for (const [at, { source }] of group.entries()) {
      if (run.ending) return;
      const ending = await copyOneFolder(mailbox, source);
      if (ending.kind === 'problem' && isCrowdedBeside(ending.problem) && run.lanes > 1) {
        // The others are in: they take over what this one leaves.
        run.lanes -= 1;
        run.queue.unshift(group.slice(at));
        update(mailbox, { connections: run.lanes });
        return;
      }
      if (ending.kind !== 'through') run.ending ??= ending;
    }
  }
  run.lanes -= 1;
}

/**
 * A pre-stage or delta passes over folders in which everything is handled. A final or tail pass does not: flags may have
 * changed where nothing is new.
 */
function hasWork(folder: FolderState, pass: CurrentPass): boolean {
  if (folder.gone || folder.problem !== undefined || pass.done.includes(folder.source)) return false;
  if (folder.growth !== undefined) return true;
  if (folder.messages === 0 && folder.ledger === undefined) return false;
  if (pass.kind === 'final' || pass.kind === 'tail' || pass.retryAside) return true;
  const { completeAt, uidNext, uidValidity } = folder;
  const unchanged = completeAt?.uidNext === uidNext && completeAt.uidValidity === uidValidity;
  const handled = folder.handled - (folder.goneFromSource ?? 0);
  return !(unchanged && handled + folder.aside.length >= folder.messages);
}

/** Share after share, until the folder is through. */
async function copyOneFolder(mailbox: Mailbox, source: string): Promise<PassEnding> {
  let freshToken = false;
  for (let reconnected = false; ;) {
    await untilGo(mailbox);
    const pass = currentPass(mailbox);
    const superseded = phaseOf(pass.kind) === 'prestage' && mailbox.state.directive.stage !== 'prestage';
    if (superseded) return { kind: 'superseded' };
    if (historyIsFull()) return { kind: 'history-full' };
    const folder = folderOf(mailbox, source);
    tell(mailbox, `${pass.kind} pass: ${folder.sourcePath} (${folder.handled} of ${folder.messages})`);
    const result = await copyShare(mailbox, folder, pass, freshToken);
    if (result === undefined) continue;
    take(mailbox, folder, result);
    const { outcome } = result;
    if (outcome.kind === 'complete') {
      finishFolder(mailbox, folder, result.counts.goneFromSource);
      return { kind: 'through' };
    }
    if (outcome.kind !== 'refused') continue;
    // What is known of the folder is at hand, so the copy goes on at once; a second time only after some progress.
    const mayReconnect = !reconnected || isProgress(result);
    if (refusal(outcome.problem.code).reaction !== 'reconnect' || !mayReconnect) {
      return meet(mailbox, source, outcome.problem);
    }
    reconnected = true;
    freshToken = wantsFreshToken(outcome.problem.code);
  }
}

function isProgress({ counts: { copied, adopted, aside } }: CopyFolderResult): boolean {
  return copied + adopted + aside > 0;
}

/** A folder's own problem stays with the folder; what reaches further ends the pass. */
function meet(mailbox: Mailbox, source: string, problem: Problem): PassEnding {
  const pass = currentPass(mailbox);
  const isStale = problem.code === 'source.folder-gone' || problem.code === 'source.folder-refused';
  if (isStale && pass.relisting === undefined) {
    update(mailbox, { current: { ...pass, relisting: 'wanted' } });
    return { kind: 'through' };
  }
  if (problem.code === 'source.folder-gone' || (isStale && pass.relisting === 'wanted')) return { kind: 'through' };
  const { scope, reaction } = refusal(problem.code);
  if (scope !== 'folder' || reaction !== 'attention') return { kind: 'problem', problem };
  patchFolder(mailbox, source, { problem });
  return { kind: 'through' };
}

/** Undefined when the copy was cancelled before a worker had taken it up, or its worker died while it was being cancelled. */
async function copyShare(
  mailbox: Mailbox,
  folder: FolderState,
  pass: CurrentPass,
  freshToken: boolean,
): Promise<CopyFolderResult | undefined> {
  const { settings, row } = mailbox.state;
  const beside = besideOf(folder, mailbox.state.folders);
  const shown = shownIn(folder, mailbox.state.folders);
  const summary = `${pass.kind}: ${folder.sourcePath} → ${folder.destinationPath}, ${folder.handled} of ${folder.messages} handled`;
  try {
    return await interruptible(mailbox, () =>
      ask(settings.timing, summary).copyFolder({
        settings,
        row,
        pass: pass.kind,
        folder: pairOf(folder),
        retryAside: pass.retryAside,
        ...(freshToken && { freshToken }),
        ...(beside.length > 0 && { beside: beside.map(ledgerBeside) }),
        ...(shown.length > 0 && { shown }),
        ...(folder.ledger !== undefined && { ledger: folder.ledger }),
        ...restOf(folder),
        ...(folder.growth !== undefined && { growth: folder.growth }),
        ...(pass.before !== undefined && { before: pass.before }),
        ...(folder.uidNext > 0 &&
          pass.surveyedAt !== undefined && {
            surveyed: { uidNext: folder.uidNext, uidValidity: folder.uidValidity, at: pass.surveyedAt },
          }),
      }),
    );
  } catch (error) {
    const timeout = error instanceof ActivityFailure ? error.cause : undefined;
    if (!(timeout instanceof TimeoutFailure) && !isCancellation(error)) throw error;
    keepGrowth(mailbox, folder.source, timeout);
    return undefined;
  }
}

/** Without a ledger, what was put aside goes along, so that it is not taken for what its user has deleted. */
function restOf({ ledger, rest, aside }: FolderState): { readonly rest?: LedgerRest } {
  if (rest === undefined) return {};
  if (ledger !== undefined) return { rest };
  return { rest: { ...rest, aside: aside.map(({ uid, code }) => ({ uid, code })) } };
}

function ledgerBeside({ source, ledger, growth }: FolderState): LedgerBeside {
  return { source, ...(ledger !== undefined && { ledger }), ...(growth !== undefined && { growth }) };
}

/** Without the growth that the server knows of an attempt that timed out, what it wrote would be sent again. */
function keepGrowth(mailbox: Mailbox, source: string, timeout: Error | undefined): void {
  if (!(timeout instanceof TimeoutFailure)) return;
  const growth = parseCopyHeartbeat(timeout.lastHeartbeatDetails)?.growth;
  if (growth !== undefined) patchFolder(mailbox, source, { growth });
}

function take(mailbox: Mailbox, folder: FolderState, result: CopyFolderResult): void {
  const { counts } = mailbox.state;
  const known = new Set(result.aside.map((note) => note.uid));
  const aside = [...folder.aside.filter((note) => !known.has(note.uid)), ...result.aside];
  patchFolder(mailbox, folder.source, {
    ledger: result.ledger,
    rest: result.rest,
    growth: undefined,
    handled: result.handled,
    aside: mailbox.state.current?.retryAside ? result.aside : aside,
  });
  const asideInAll = mailbox.state.folders.reduce((sum, one) => sum + one.aside.length, 0);
  const pass = currentPass(mailbox);
  update(mailbox, {
    current: { ...pass, counts: addCopyCounts(pass.counts, result.counts) },
    notes: addNotes(mailbox.state.notes, result.notes),
    counts: {
      ...counts,
      copied: counts.copied + result.counts.copied,
      adopted: counts.adopted + result.counts.adopted,
      bytes: counts.bytes + result.counts.bytes,
      flagsChanged: counts.flagsChanged + result.counts.flagsChanged,
      aside: asideInAll,
    },
  });
  if (result.outcome.kind !== 'refused') recovered(mailbox);
  else if (isProgress(result)) update(mailbox, { tries: 0 });
}

function finishFolder(mailbox: Mailbox, seen: FolderState, goneFromSource: number): void {
  const { source, messages, uidNext, uidValidity } = seen;
  const pass = currentPass(mailbox);
  patchFolder(mailbox, source, {
    completeAt: { messages, uidNext, uidValidity },
    ...(uidNext > 0 && { seenUpTo: { uidNext, uidValidity } }),
    goneFromSource,
  });
  update(mailbox, { current: { ...pass, done: [...pass.done, source] } });
}

function folderOf(mailbox: Mailbox, source: string): FolderState {
  const folder = mailbox.state.folders.find((one) => one.source === source);
  if (folder === undefined) throw new Error(`the mailbox's state has no folder ${JSON.stringify(source)}`);
  return folder;
}
