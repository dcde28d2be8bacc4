import {
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { isBehind } from '../model/gates.ts';
import { mailboxWorkflowId, projectWorkflowId } from '../model/ids.ts';
import { NO_COUNTS, type MailboxReport } from '../model/mailbox.ts';
import type { MailboxRow } from '../model/project.ts';
import { newMailbox, totalsOf, type Directive, type ShardState, type Totals } from '../model/saga.ts';
import { searchAttributes } from './attributes.ts';
import { mailboxWorkflow } from './mailbox.ts';
import {
  changeMailbox,
  changeShard,
  directMailbox,
  directShard,
  reportMailbox,
  reportShard,
  shardReports,
  shardRows,
  type ShardNews,
} from './messages.ts';
import { signalAll } from './signals.ts';

/** Children started in one workflow task: their inputs together stay below 1 MiB. */
const STARTS_AT_A_TIME = 50;

/** Reports of mailboxes are gathered for so long before the project hears of them, in milliseconds. */
const GATHER = 1_000;

/** A run takes at most 10,000 signals; long before that it is continued as new. */
const REPORTS_PER_RUN = 4_000;

interface Shard {
  state: ShardState;
  /** Wishes of the project that the mailboxes have not been told yet. */
  undirected: boolean;
  readonly news: ShardNews[];
  /** Gates have opened, so that rows that were held back may have their turn. */
  released: boolean;
  unreported: boolean;
  reportsTaken: number;
}

/**
 * A hand between the project and some of its mailboxes: starts them, passes wishes down and sums up. It ends when all its
 * mailboxes have; when the project is gone it cancels them.
 */
export async function shardWorkflow(initial: ShardState): Promise<Totals> {
  const shard: Shard = {
    state: initial,
    undirected: false,
    news: [],
    released: true,
    unreported: true,
    reportsTaken: 0,
  };
  handleMessages(shard);
  for (;;) {
    // What was removed is not started, though its gate opens in the same moment.
    if (shard.news.length > 0) await spread(shard);
    else if (mayStart(shard)) await startSome(shard);
    else if (shard.undirected) await direct(shard);
    else if (shard.unreported) await report(shard);
    else if (allEnded(shard)) return totalsOf(reportsOf(shard.state));
    else if (isFull(shard)) await renew(shard);
    else await condition(() => somethingToDo(shard));
  }
}

function handleMessages(shard: Shard): void {
  setHandler(shardRows, () => shard.state.rows);
  setHandler(shardReports, () => reportsOf(shard.state));
  setHandler(directShard, (directive) => {
    const before = shard.state.directive;
    if (directive.revision <= before.revision) return;
    shard.state = { ...shard.state, directive };
    shard.released = true;
    shard.undirected ||= !sameForMailboxes(before, directive);
  });
  setHandler(changeShard, (news) => {
    shard.news.push(news);
    shard.state = { ...shard.state, ...(news.settings && { settings: news.settings }) };
    const changed = new Map(news.change?.rows?.map((row) => [row.id, row]));
    shard.state = { ...shard.state, rows: shard.state.rows.map((row) => changed.get(row.id) ?? row) };
  });
  setHandler(reportMailbox, (told) => {
    record(shard, told);
    shard.reportsTaken += 1;
  });
}

/** Gates are nothing to mailboxes that have begun. */
function sameForMailboxes(a: Directive, b: Directive): boolean {
  return JSON.stringify({ ...forMailboxes(a), revision: 0 }) === JSON.stringify({ ...forMailboxes(b), revision: 0 });
}

function mayStart({ state, released }: Shard): boolean {
  const { directive, started, rows, held = [] } = state;
  if (directive.stage === 'hold' || directive.stage === 'cancel') return false;
  return started < rows.length || (released && held.length > 0);
}

function somethingToDo(shard: Shard): boolean {
  return mayStart(shard) || shard.undirected || shard.news.length > 0 || shard.unreported || isFull(shard);
}

function isFull(shard: Shard): boolean {
  return workflowInfo().continueAsNewSuggested || shard.reportsTaken > REPORTS_PER_RUN;
}

async function startSome(shard: Shard): Promise<void> {
  await Promise.all(nextTurns(shard).map((row) => startOne(shard, row)));
}

/** Takes the next rows in their order, first those whose gates have opened; those behind closed ones are held back. */
function nextTurns(shard: Shard): readonly MailboxRow[] {
  const { rows, started, reports, directive, settings, held = [] } = shard.state;
  const closed = new Set(directive.closed);
  const isHeld = (row: MailboxRow): boolean => isBehind(closed, settings, row);
  const back = new Set(held);
  const released = shard.released ? rows.filter((row) => back.has(row.id) && !isHeld(row)) : [];
  if (released.length > 0) {
    const some = released.slice(0, STARTS_AT_A_TIME);
    const begun = new Set(some.map(({ id }) => id));
    shard.state = { ...shard.state, held: held.filter((id) => !begun.has(id)) };
    return some;
  }
  shard.released = false;
  const some = rows.slice(started, started + STARTS_AT_A_TIME).filter(({ id }) => !reports[id]?.ended);
  const nowHeld = some.filter(isHeld).map(({ id }) => id);
  const turns = Math.min(rows.length, started + STARTS_AT_A_TIME);
  shard.state = { ...shard.state, started: turns, ...(nowHeld.length > 0 && { held: [...held, ...nowHeld] }) };
  return some.filter((row) => !isHeld(row));
}

async function startOne(shard: Shard, row: MailboxRow): Promise<void> {
  const { settings, index } = shard.state;
  const directive = forMailboxes(shard.state.directive);
  try {
    const child = await startChild(mailboxWorkflow, {
      workflowId: mailboxWorkflowId(settings.name, row.id),
      args: [newMailbox(settings, row, index, directive)],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: searchAttributes({ project: settings.name, phase: 'queued' }),
      staticSummary: `${row.source.user} → ${row.destination.user}`,
    });
    void child.result().then(
      (told) => record(shard, told),
      (error: unknown) => endedByHand(shard, row.id, String(error)),
    );
  } catch (error) {
    log.error('a mailbox could not be started', { mailbox: row.id, error: String(error) });
    endedByHand(shard, row.id, `its workflow could not be started: ${String(error)}`);
  }
}

/** A mailbox that was terminated tells nothing; without this the project would wait for it for ever. */
function endedByHand(shard: Shard, id: string, why: string): void {
  const known = shard.state.reports[id];
  if (known?.ended) return;
  const text = `the mailbox's workflow is over without an end: ${why}`;
  record(shard, {
    id,
    phase: 'cancelled',
    counts: known?.counts ?? NO_COUNTS,
    ended: true,
    problem: { code: 'project.cancelled', text },
  });
}

function record(shard: Shard, told: MailboxReport): void {
  if (shard.state.reports[told.id]?.ended && !told.ended) return;
  shard.state = { ...shard.state, reports: { ...shard.state.reports, [told.id]: told } };
  shard.unreported = true;
}

/** Tells every living mailbox the newest wish. */
async function direct(shard: Shard): Promise<void> {
  shard.undirected = false;
  const { settings, directive } = shard.state;
  const ids = living(shard);
  const targets = ids.map((id) => mailboxWorkflowId(settings.name, id));
  const gone = new Set(await signalAll(targets, directMailbox, forMailboxes(directive)));
  for (const id of ids) {
    if (gone.has(mailboxWorkflowId(settings.name, id))) endedByHand(shard, id, 'it is not running');
  }
  if (directive.stage === 'cancel') cancelUnstarted(shard);
}

function cancelUnstarted(shard: Shard): void {
  const { rows, started, held = [] } = shard.state;
  for (const id of [...held, ...rows.slice(started).map((row) => row.id)]) cancelOne(shard, id);
  shard.state = { ...shard.state, started: rows.length, held: [] };
}

/** A mailbox that is cancelled before its workflow has begun never begins. */
function cancelOne(shard: Shard, id: string): void {
  record(shard, { id, phase: 'cancelled', counts: NO_COUNTS, ended: true });
}

/** Tells the mailboxes concerned what has changed. */
async function spread(shard: Shard): Promise<void> {
  const news = shard.news.shift();
  if (news === undefined) return;
  const { settings } = shard.state;
  const to = (id: string): string => mailboxWorkflowId(settings.name, id);
  const live = new Set(living(shard));
  if (news.settings) await signalAll([...live].map(to), changeMailbox, { settings: news.settings });
  for (const row of news.change?.rows ?? [])
    if (live.has(row.id)) await signalAll([to(row.id)], changeMailbox, { row });
  for (const id of news.change?.removed ?? []) {
    if (live.has(id)) await signalAll([to(id)], changeMailbox, { removed: true });
    else remove(shard, id);
  }
}

/** Takes away a mailbox that has not begun. */
function remove(shard: Shard, id: string): void {
  const { rows, started, held = [], reports } = shard.state;
  const waits = held.includes(id) || rows.slice(started).some((row) => row.id === id);
  if (!waits || reports[id]?.ended) return;
  shard.state = { ...shard.state, held: held.filter((other) => other !== id) };
  cancelOne(shard, id);
}

/** Gathers for a moment, then tells the project. A project that is gone has nobody to steer these mailboxes. */
async function report(shard: Shard): Promise<void> {
  if (!allEnded(shard)) await sleep(GATHER, { summary: 'gathers what the mailboxes report' });
  shard.unreported = false;
  const { settings, index } = shard.state;
  const totals = totalsOf(reportsOf(shard.state));
  setCurrentDetails(`${totals.ended} of ${totals.mailboxes} mailboxes ended; phases: ${JSON.stringify(totals.phases)}`);
  try {
    await getExternalWorkflowHandle(projectWorkflowId(settings.name)).signal(reportShard, { index, totals });
  } catch (error) {
    // The project ends with its last mailbox, which it may have heard of before this report.
    if (allEnded(shard)) return;
    log.warn('the project is gone; its mailboxes are cancelled', { error: String(error) });
    orphan(shard);
  }
}

function orphan(shard: Shard): void {
  const { directive } = shard.state;
  if (directive.stage === 'cancel') return;
  shard.state = {
    ...shard.state,
    directive: { ...directive, stage: 'cancel', paused: false, revision: directive.revision + 1 },
  };
  shard.undirected = true;
}

async function renew(shard: Shard): Promise<void> {
  await condition(allHandlersFinished);
  if (shard.undirected || shard.news.length > 0) return;
  await continueAsNew<typeof shardWorkflow>(shard.state);
}

function living(shard: Shard): readonly string[] {
  const { rows, started, reports, held } = shard.state;
  const back = new Set(held);
  return rows.slice(0, started).flatMap(({ id }) => (back.has(id) || reports[id]?.ended ? [] : [id]));
}

function forMailboxes({ closed: _closed, ...directive }: Directive): Directive {
  return directive;
}

function allEnded(shard: Shard): boolean {
  return shard.state.rows.every((row) => shard.state.reports[row.id]?.ended);
}

function reportsOf(state: ShardState): readonly MailboxReport[] {
  return state.rows.map(
    (row): MailboxReport => state.reports[row.id] ?? { id: row.id, phase: 'queued', counts: NO_COUNTS, ended: false },
  );
}
