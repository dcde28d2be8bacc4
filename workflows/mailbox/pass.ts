import type { Problem } from '../../model/mailbox.ts';
import { refusal, wantsFreshToken } from '../../model/refusals.ts';
import { NO_COPY_COUNTS, type PassKind } from '../../model/pass.ts';
import { KEPT_PASSES, stuckFolder, type CurrentPass } from '../../model/saga.ts';
import { moreConnections } from '../../model/trouble.ts';
import { ask } from '../ask.ts';
import { copyFolders } from './copy-folders.ts';
import { createFolders, mergeFolders } from './folders.ts';
import { repeatedly, update, type Mailbox } from './mailbox.ts';
import { pairMoves } from './pair-moves.ts';
import { phaseOf, type PassEnding } from './pass-ending.ts';
import { recovered } from './recover.ts';
import { tell } from './tell.ts';

const DAY = 86_400_000;

/**
 * One pass over a mailbox: log in where that has not worked before, list both sides, make the folders, let copies follow
 * what was moved on the source, copy what is new.
 * A pass that was cut short goes on where it was: the folders' ledgers know what is handled.
 */
export async function runPass(mailbox: Mailbox, kind: PassKind): Promise<PassEnding> {
  const current = begin(mailbox, kind);
  const problem = (await probe(mailbox)) ?? (await survey(mailbox, current)) ?? (await createFolders(mailbox));
  if (problem) return { kind: 'problem', problem };
  const pairing = await pairMoves(mailbox);
  if (pairing.kind !== 'through') return pairing;
  const ending = await copyFolders(mailbox);
  if (ending.kind !== 'through') return ending;
  if (mailbox.state.current?.relisting === 'wanted') {
    update(mailbox, { current: { ...mailbox.state.current, relisting: 'done' } });
    return await runPass(mailbox, kind);
  }
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
  const freshToken = state.problem !== undefined && wantsFreshToken(state.problem.code);
  const result = await repeatedly(mailbox, () =>
    ask(
      mailbox.state.settings.timing,
      `Log in to both sides as ${state.row.source.user} and ${state.row.destination.user}`,
    ).probeAccess({ settings: mailbox.state.settings, row: mailbox.state.row, freshToken }),
  );
  if (!result.ok) return result.problem;
  letIn(mailbox);
  return undefined;
}

/** What was refused after the login counts on until something has been copied. */
function letIn(mailbox: Mailbox): void {
  const { problem } = mailbox.state;
  if (problem === undefined || refusal(problem.code).reaction === 'wait-for-access') recovered(mailbox);
  else update(mailbox, { refusedSince: undefined, problem: undefined });
}

async function survey(mailbox: Mailbox, pass: CurrentPass): Promise<Problem | undefined> {
  update(mailbox, { phase: mailbox.state.passes.length === 0 ? 'survey' : phaseOf(pass.kind) });
  tell(mailbox, 'listing the folders of both sides');
  const surveyedAt = Date.now();
  const result = await repeatedly(mailbox, () =>
    ask(mailbox.state.settings.timing, `List the folders of both sides for the ${pass.kind} pass`).surveyMailbox({
      settings: mailbox.state.settings,
      row: mailbox.state.row,
    }),
  );
  if (!result.ok) return result.problem;
  const folders = mergeFolders(mailbox.state.folders, result.folders);
  // What shows messages of other folders once more has been counted with those.
  const counted = result.folders.filter((folder) => folder.exceptIn === undefined);
  const messages = counted.reduce((sum, folder) => sum + folder.messages, 0);
  update(mailbox, {
    current: { ...pass, surveyedAt },
    folders,
    leftOut: result.leftOut,
    counts: { ...mailbox.state.counts, messages, folders: result.folders.length },
  });
  return undefined;
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
    connections: moreConnections(mailbox.state.connections, mailbox.state.settings.limits.connectionsPerMailbox),
    ...(kind === 'final' && { finalAt: endedAt }),
    ...(foundNew && { lastNewAt: endedAt }),
  });
}
