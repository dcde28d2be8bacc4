import { ApplicationFailure, ParentClosePolicy, setHandler, startChild } from '@temporalio/workflow';
import { gatesWith, heldMailboxes } from '../../model/gates.ts';
import { MAILBOXES_PER_SHARD, shardWorkflowId } from '../../model/ids.ts';
import { totalsOfProject } from '../../model/project-phase.ts';
import type { RefusalCode } from '../../model/refusals.ts';
import { NO_TOTALS, type MailboxChunk, type ProjectChange, type ShardReport } from '../../model/saga.ts';
import { searchAttributes } from '../attributes.ts';
import {
  addMailboxes,
  cancel,
  change,
  cutover,
  finish,
  pause,
  reportShard,
  resume,
  retry,
  settings,
  status,
} from '../messages.ts';
import { shardWorkflow } from '../shard.ts';
import { refresh, updateProject, viewOfProject, wish, type Project } from './context.ts';
import { mendGates, wakeGates, watchGates } from './gates.ts';

/** Says no to a sender, with a code of the table of refusals as the failure's type. */
function refuse(code: RefusalCode, text: string): never {
  throw ApplicationFailure.nonRetryable(text, code);
}

export function handleMessages(project: Project): void {
  setHandler(status, () => viewOfProject(project));
  setHandler(settings, () => project.state.settings);
  setHandler(reportShard, (report) => takeReport(project, report));
  setHandler(pause, () => {
    if (!project.state.directive.paused) wish(project, { paused: true });
  });
  setHandler(resume, () => {
    if (project.state.directive.paused) wish(project, { paused: false });
  });
  setHandler(cancel, () => {
    if (project.state.directive.stage !== 'cancel') wish(project, { stage: 'cancel', paused: false });
  });
  handleMailboxes(project);
  handleStages(project);
  handleChange(project);
}

function handleMailboxes(project: Project): void {
  setHandler(addMailboxes, (chunk) => addShard(project, chunk), {
    validator: (chunk) => {
      refuseWhenOver(project);
      if (chunk.rows.length === 0 || chunk.rows.length > MAILBOXES_PER_SHARD) {
        refuse('us.bug', `a chunk holds 1 to ${MAILBOXES_PER_SHARD} mailboxes, not ${chunk.rows.length}`);
      }
    },
  });
}

function handleStages(project: Project): void {
  setHandler(
    cutover,
    () => {
      wish(project, { stage: 'cutover', cutoverAt: Date.now() });
      return viewOfProject(project);
    },
    { validator: ({ force }) => validateCutover(project, force) },
  );
  setHandler(
    finish,
    () => {
      wish(project, { stage: 'finish' });
      return viewOfProject(project);
    },
    {
      validator: () => {
        refuseWhenOver(project);
        if (project.state.directive.cutoverAt === undefined) {
          refuse('project.not-ready', 'The project cannot be finished before its cutover; `cancel` would end it now.');
        }
      },
    },
  );
  setHandler(
    retry,
    ({ failedOnly }): number => {
      const { retryAttention, retryRefused } = project.state.directive;
      const { phases } = totalsOfProject(project.state);
      const held = heldMailboxes(project.state.gates);
      wakeGates(project);
      wish(project, {
        retryAttention: retryAttention + 1,
        ...(!failedOnly && { retryRefused: retryRefused + 1 }),
      });
      return held + (phases.attention ?? 0) + (failedOnly ? 0 : (phases.refused ?? 0));
    },
    { validator: (_asked) => refuseWhenOver(project) },
  );
}

function validateCutover(project: Project, force: boolean): void {
  refuseWhenOver(project);
  const { phase, directive, expectedMailboxes } = project.state;
  if (directive.cutoverAt !== undefined) {
    refuse('project.not-ready', `The cutover was signalled at ${new Date(directive.cutoverAt).toISOString()} already.`);
  }
  if (directive.stage === 'hold') {
    refuse('project.not-ready', `The project is still being prepared (${phase}); the cutover can follow in a moment.`);
  }
  if (phase === 'ready' || force) return;
  const { phases } = totalsOfProject(project.state);
  const ready = phases.ready ?? 0;
  refuse(
    'project.not-ready',
    `Pre-stage has not ended: ${ready} of ${expectedMailboxes} mailboxes are ready. With --force the final delta takes over now and copies the rest.`,
  );
}

function handleChange(project: Project): void {
  setHandler(
    change,
    (news: ProjectChange) => {
      if (news.settings) updateProject(project, { settings: news.settings });
      project.news.push(news);
      const { retryAttention, retryRefused } = project.state.directive;
      mendGates(project, news);
      wish(project, { retryAttention: retryAttention + 1, retryRefused: retryRefused + 1 });
      return viewOfProject(project);
    },
    {
      validator: (news) => {
        refuseWhenOver(project);
        if (news.settings && news.settings.name !== project.state.settings.name) {
          refuse('project.not-ready', 'A running project keeps its name.');
        }
      },
    },
  );
}

function refuseWhenOver(project: Project): void {
  const { stage } = project.state.directive;
  if (stage === 'cancel') refuse('project.cancelled', `The project ${project.state.settings.name} is being cancelled.`);
}

/** A chunk becomes a shard; a chunk that came before is taken once. */
async function addShard(project: Project, chunk: MailboxChunk): Promise<number> {
  const { shards, settings: current, expectedMailboxes, phase } = project.state;
  if (shards.every((shard) => shard.key !== chunk.key)) {
    const index = shards.length;
    const totals = { ...NO_TOTALS, mailboxes: chunk.rows.length, phases: { queued: chunk.rows.length } };
    const expected = phase === 'loading' ? expectedMailboxes : expectedMailboxes + chunk.rows.length;
    updateProject(project, {
      shards: [...shards, { index, key: chunk.key, totals }],
      expectedMailboxes: expected,
      gates: gatesWith(project.state.gates, current, chunk.rows),
    });
    project.starting.add(index);
    // Nobody begins while mailboxes come in; later ones find the gates of those that are under way open.
    if (phase !== 'loading') watchGates(project);
    const { directive } = project.state;
    await startChild(shardWorkflow, {
      workflowId: shardWorkflowId(current.name, index),
      args: [{ index, settings: current, directive, rows: chunk.rows, started: 0, reports: {} }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: searchAttributes({ project: current.name }),
      staticSummary: `${chunk.rows.length} mailboxes of ${current.name}`,
    });
    project.starting.delete(index);
    // A wish that was spoken while the shard was being started has not reached it.
    if (project.state.directive.revision !== directive.revision) project.undirected = true;
    refresh(project);
  }
  return totalsOfProject(project.state).mailboxes;
}

function takeReport(project: Project, { index, totals }: ShardReport): void {
  const shards = project.state.shards.map((shard) => (shard.index === index ? { ...shard, totals } : shard));
  updateProject(project, { shards });
  refresh(project);
}
