import { ApplicationFailure, allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { shardWorkflowId } from '../model/ids.ts';
import { totalsOfProject } from '../model/project-phase.ts';
import type { ProjectResult, ProjectState } from '../model/saga.ts';
import { changeShard, directShard } from './messages.ts';
import { refresh, shardIds, updateProject, wish, type Project } from './project/context.ts';
import { watchGates } from './project/gates.ts';
import { handleMessages } from './project/handlers.ts';

import { signalAll } from './signals.ts';

/** The command that starts a project sends its mailboxes at once; one that stops on the way leaves nothing behind. */
const LOADING_TIMEOUT = '10 minutes';

/** How long mailboxes that are being cancelled are waited for. */
const CANCEL_TIMEOUT = '2 minutes';

/**
 * One project from its start to its end: takes in its mailboxes, lets them go when a canary of each tenant is in, passes
 * the administrator's wishes on and adds up. It ends when every mailbox has, or when it was cancelled.
 */
export async function projectWorkflow(initial: ProjectState): Promise<ProjectResult> {
  const project: Project = {
    state: { ...initial, startedAt: initial.startedAt ?? Date.now() },
    undirected: false,
    news: [],
    starting: new Set(),
    watched: new Set(),
    trying: 0,
    woken: 0,
    mended: 0,
    shown: '',
  };
  handleMessages(project);
  refresh(project);
  if (project.state.phase === 'loading') await load(project);
  if (project.state.phase !== 'loading') watchGates(project);
  await steer(project);
  await condition(allHandlersFinished);
  const totals = totalsOfProject(project.state);
  return { phase: project.state.directive.stage === 'cancel' ? 'cancelled' : 'finished', totals };
}

/** No mailbox begins before all have come. */
async function load(project: Project): Promise<void> {
  const { settings, expectedMailboxes } = project.state;
  const loaded = (): boolean =>
    project.starting.size === 0 && totalsOfProject(project.state).mailboxes >= project.state.expectedMailboxes;
  const cancelled = (): boolean => project.state.directive.stage === 'cancel';
  const complete = await condition(() => loaded() || cancelled(), LOADING_TIMEOUT, {
    summary: `takes in ${expectedMailboxes} mailboxes`,
  });
  if (!complete) {
    wish(project, { stage: 'cancel' });
    await tellShards(project);
    throw ApplicationFailure.nonRetryable(
      `The start of ${settings.name} broke off: ${totalsOfProject(project.state).mailboxes} of ${expectedMailboxes} mailboxes came. Nothing was copied; start it again.`,
      'project.cancelled',
    );
  }
  if (cancelled()) return;
  updateProject(project, { phase: 'prepare' });
  refresh(project);
}

async function steer(project: Project): Promise<void> {
  for (;;) {
    if (project.failure !== undefined) throw project.failure.error;
    if (project.undirected || project.news.length > 0) await tellShards(project);
    else if (isOver(project)) return;
    else if (project.state.directive.stage === 'cancel') return await awaitCancelled(project);
    else if (workflowInfo().continueAsNewSuggested) await renew(project);
    else await condition(() => hasToDo(project));
  }
}

function hasToDo(project: Project): boolean {
  return (
    project.undirected ||
    project.news.length > 0 ||
    project.failure !== undefined ||
    isOver(project) ||
    workflowInfo().continueAsNewSuggested
  );
}

/** A project that was cancelled before it had any mailboxes has nothing to wait for. */
function isOver(project: Project): boolean {
  const { mailboxes, ended } = totalsOfProject(project.state);
  return ended === mailboxes && (mailboxes > 0 || project.state.directive.stage === 'cancel');
}

/** Passes changes and wishes on. A shard that is gone has ended, or was terminated by hand; nobody is left to tell. */
async function tellShards(project: Project): Promise<void> {
  const { name } = project.state.settings;
  for (let news = project.news.shift(); news !== undefined; news = project.news.shift()) {
    if (news.settings) await signalAll(shardIds(project), changeShard, { settings: news.settings });
    for (const change of news.shards ?? [])
      await signalAll([shardWorkflowId(name, change.index)], changeShard, { change });
  }
  if (!project.undirected) return;
  project.undirected = false;
  const gone = new Set(await signalAll(shardIds(project), directShard, project.state.directive));
  if (gone.size > 0) writeOff(project, gone);
}

/** Mailboxes of a shard that is gone are counted as ended, so that the project can end. */
function writeOff(project: Project, gone: ReadonlySet<string>): void {
  const { name } = project.state.settings;
  const shards = project.state.shards.map((shard) => {
    if (!gone.has(shardWorkflowId(name, shard.index)) || shard.totals.ended === shard.totals.mailboxes) return shard;
    const { mailboxes } = shard.totals;
    return { ...shard, totals: { ...shard.totals, phases: { cancelled: mailboxes }, ended: mailboxes } };
  });
  updateProject(project, { shards });
  refresh(project);
}

async function awaitCancelled(project: Project): Promise<void> {
  await condition(() => isOver(project), CANCEL_TIMEOUT, { summary: 'mailboxes stop after the batch in hand' });
}

async function renew(project: Project): Promise<void> {
  const told = (): boolean => !project.undirected && project.news.length === 0;
  // What a round at a gate has found out is not to be lost.
  await condition(() => !told() || (allHandlersFinished() && project.trying === 0));
  if (!told()) return;
  await continueAsNew<typeof projectWorkflow>(project.state);
}
