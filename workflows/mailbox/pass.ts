import type { CreateFoldersResult, SurveyedFolder } from '../../model/activities.ts';
import type { Problem } from '../../model/mailbox.ts';
import { NO_COPY_COUNTS, type PassKind } from '../../model/pass.ts';
import { KEPT_PASSES, stuckFolder, type CurrentPass, type FolderState, type MailboxState } from '../../model/saga.ts';
import { ask } from '../ask.ts';
import { copyFolders } from './copy-folders.ts';
import { repeatedly, update, type Mailbox } from './mailbox.ts';
import { pairMoves } from './pair-moves.ts';
import { phaseOf, type PassEnding } from './pass-ending.ts';
import { recovered } from './recover.ts';
import { tell } from './tell.ts';

const DAY = 86_400_000;

/**
 * One pass over a mailbox: log in where that has not worked before, list both sides, make the folders, copy what is new.
 * A pass that was cut short goes on where it was: the folders' ledgers know what is handled.
 */
export async function runPass(mailbox: Mailbox, kind: PassKind): Promise<PassEnding> {
  const current = begin(mailbox, kind);
  const problem = (await probe(mailbox)) ?? (await survey(mailbox, current)) ?? (await createFolders(mailbox));
  if (problem) return { kind: 'problem', problem };
  const ending = await copyFolders(mailbox);
  const pairing = await pairMoves(mailbox);
  if (pairing.kind !== 'through') return pairing;
  if (ending.kind !== 'through') return ending;
  complete(mailbox);
  const stuck = stuckFolder(mailbox.state);
  if (stuck?.problem) return { kind: 'problem', problem: stuck.problem };
  recovered(mailbox);
  return ending;
}

/** Takes up the pass that was cut short, or begins a new one. A final delta takes over from a pre-stage that is under way. */
function begin(mailbox: Mailbox, kind: PassKind): CurrentPass {
  const { state } = mailbox;
  if (state.current?.kind === kind) return state.current;
  const startedAt = Date.now();
  const days = state.settings.prestageOlderThanDays;
  const aged = (kind === 'prestage' || kind === 'delta') && days > 0;
  const current: CurrentPass = {
    kind,
    startedAt,
    done: [],
    counts: NO_COPY_COUNTS,
    retryAside: state.retryAside,
    ...(aged && { before: startedAt - days * DAY }),
  };
  update(mailbox, { current, retryAside: false });
  return current;
}

/** Only before the first pass and after a failure: a survey logs in as well. */
async function probe(mailbox: Mailbox): Promise<Problem | undefined> {
  const { state } = mailbox;
  if (state.passes.length > 0 && state.tries === 0) return undefined;
  if (state.tries === 0) update(mailbox, { phase: 'probe' });
  tell(mailbox, 'logging in to both sides');
  const freshToken = state.problem?.code === 'access.refused' || state.problem?.code === 'access.token';
  const result = await repeatedly(mailbox, () =>
    ask(
      mailbox.state.settings.timing,
      `Log in to both sides as ${state.row.source.user} and ${state.row.destination.user}`,
    ).probeAccess({ settings: mailbox.state.settings, row: mailbox.state.row, freshToken }),
  );
  if (!result.ok) return result.problem;
  recovered(mailbox);
  return undefined;
}

async function survey(mailbox: Mailbox, pass: CurrentPass): Promise<Problem | undefined> {
  update(mailbox, { phase: mailbox.state.passes.length === 0 ? 'survey' : phaseOf(pass.kind) });
  tell(mailbox, 'listing the folders of both sides');
  const result = await repeatedly(mailbox, () =>
  const surveyedAt = Date.now();
    ask(mailbox.state.settings.timing, `List the folders of both sides for the ${pass.kind} pass`).surveyMailbox({
      settings: mailbox.state.settings,
      row: mailbox.state.row,
    }),
  );
  if (!result.ok) return result.problem;
  const folders = mergeFolders(mailbox.state.folders, result.folders);
  const messages = result.folders.reduce((sum, folder) => sum + folder.messages, 0);
  update(mailbox, {
    folders,
    leftOut: result.leftOut,
    counts: { ...mailbox.state.counts, messages, folders: result.folders.length },
    current: { ...pass, surveyedAt },
  });
  return undefined;
}

/** What was known of a folder stays; a folder that is gone from the source keeps its ledger. */
function mergeFolders(known: readonly FolderState[], found: readonly SurveyedFolder[]): readonly FolderState[] {
  const before = new Map(known.map((folder) => [folder.source, folder]));
  const present = found.map((folder): FolderState => {
    const old = before.get(folder.source);
    before.delete(folder.source);
    if (old === undefined) return { ...folder, handled: 0, aside: [], created: false, gone: false };
    const moved = old.destination !== folder.destination;
    return { ...old, ...folder, created: old.created && !moved, gone: false, problem: undefined };
  });
  const gone: FolderState[] = [];
  for (const folder of before.values()) gone.push({ ...folder, messages: 0, gone: true, problem: undefined });
  return [...present, ...gone];
}

async function createFolders(mailbox: Mailbox): Promise<Problem | undefined> {
  const missing = mailbox.state.folders.filter((folder) => !folder.created && !folder.gone);
  if (missing.length === 0) return undefined;
  const pairs = missing.map(({ source, sourcePath, destination, destinationPath }) => ({
    source,
    sourcePath,
    destination,
    destinationPath,
  }));
  const result = await repeatedly(mailbox, () =>
    ask(
      mailbox.state.settings.timing,
      `Make ${missing.length} folders at the destination where they are missing`,
    ).createFolders({ settings: mailbox.state.settings, row: mailbox.state.row, folders: pairs }),
  );
  update(mailbox, { folders: withCreated(mailbox.state, new Set(pairs.map((pair) => pair.source)), result) });
  return result.problem;
}

function withCreated(
  state: MailboxState,
  asked: ReadonlySet<string>,
  result: CreateFoldersResult,
): readonly FolderState[] {
  if (result.problem) return state.folders;
  const refused = new Map(result.refused.map(({ folder, problem }) => [folder.source, problem]));
  return state.folders.map((folder) => {
    if (!asked.has(folder.source)) return folder;
    const problem = refused.get(folder.source);
    return problem ? { ...folder, problem } : { ...folder, created: true };
  });
}

/** Writes the pass into the mailbox's story. */
function complete(mailbox: Mailbox): void {
  const { current, passes } = mailbox.state;
  if (current === undefined) return;
  const endedAt = Date.now();
  const { kind, startedAt, counts } = current;
  const folders = mailbox.state.folders.filter((folder) => !folder.gone).length;
  const summary = { kind, startedAt, endedAt, folders, counts };
  const foundNew = kind === 'tail' && counts.copied > 0;
  update(mailbox, {
    current: undefined,
    passes: [...passes, summary].slice(-KEPT_PASSES),
    ...(kind === 'final' && { finalAt: endedAt }),
    ...(foundNew && { lastNewAt: endedAt }),
  });
}
