import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { causeLines } from '../../model/access-causes.ts';
import { credentialEnds } from '../../model/credential-expiry.ts';
import { gateView } from '../../model/gate-view.ts';
import { closedGates } from '../../model/gates.ts';
import { shardWorkflowId } from '../../model/ids.ts';
import { projectPhase, projectSentence, totalsOfProject } from '../../model/project-phase.ts';
import type { Directive, ProjectState, ProjectView, ShardChange } from '../../model/saga.ts';
import type { ProjectSettings } from '../../model/project.ts';
import { changedAttributes } from '../attributes.ts';

/** The view is kept as a memo, which is to stay small. */
const SHOWN_GATES = 10;

/** A project while its workflow runs. */
export interface Project {
  state: ProjectState;
  /** A wish that the shards have not been told yet. */
  undirected: boolean;
  readonly news: { readonly settings?: ProjectSettings; readonly shards?: readonly ShardChange[] }[];
  /** Shards whose start is under way: they cannot be told anything yet. */
  readonly starting: Set<number>;
  /** Keys of gates that are being looked after. */
  readonly watched: Set<string>;
  /** Gates that are being tried at this moment. */
  trying: number;
  /** Counts up when somebody asks for another try. */
  woken: number;
  /** Counts up when somebody changes the project. */
  mended: number;
  /** What ended the care for a gate, which nothing should. */
  failure?: { readonly error: unknown };
  shown: string;
}

export function updateProject(project: Project, change: Partial<ProjectState>): void {
  project.state = { ...project.state, ...change };
}

/** Changes what the project wishes of its mailboxes; the shards are told by the main loop. */
export function wish(project: Project, change: Partial<Directive>): void {
  const { directive } = project.state;
  updateProject(project, { directive: { ...directive, ...change, revision: directive.revision + 1 } });
  project.undirected = true;
  refresh(project);
}

/** Derives the phase anew and shows what has changed, to the Web UI and to visibility. */
export function refresh(project: Project): void {
  const totals = totalsOfProject(project.state);
  const phase = projectPhase(project.state, totals);
  const readyAt = project.state.readyAt ?? (phase === 'ready' ? Date.now() : undefined);
  updateProject(project, { phase, ...(readyAt !== undefined && { readyAt }) });
  const view = viewOfProject(project);
  setCurrentDetails(details(view));
  const shown = JSON.stringify(view);
  if (shown === project.shown) return;
  project.shown = shown;
  upsertMemo({ status: view });
  upsertSearchAttributes(
    changedAttributes(
      {
        project: view.name,
        phase: view.paused ? 'paused' : view.phase,
        messages: totals.counts.copied + totals.counts.adopted,
      },
      view.problem?.code,
    ),
  );
}

export function viewOfProject(project: Project): ProjectView {
  const { state } = project;
  const totals = totalsOfProject(state);
  const { cutoverAt, paused } = state.directive;
  const closed = closedGates(state.gates);
  const ends = credentialEnds(state.settings);
  return {
    name: state.settings.name,
    phase: state.phase,
    paused,
    now: paused ? `paused; before that: ${projectSentence(state, totals)}` : projectSentence(state, totals),
    startedAt: state.startedAt ?? 0,
    expectedMailboxes: state.expectedMailboxes,
    shards: state.shards.length,
    totals,
    ...(state.readyAt !== undefined && { readyAt: state.readyAt }),
    ...(cutoverAt !== undefined && { cutoverAt }),
    ...(state.problem && { problem: state.problem }),
    ...(closed.length > 0 && { gates: closed.slice(0, SHOWN_GATES).map(gateView) }),
    ...(ends.length > 0 && { credentials: ends }),
  };
}

function details(view: ProjectView): string {
  const { counts, phases } = view.totals;
  const lines = [
    `**${view.name}**: ${view.now}`,
    '',
    `${counts.copied} messages copied, ${counts.adopted} were there already, ${counts.messages} on the source, ${counts.aside} put aside.`,
    '',
    ...Object.entries(phases).map(([phase, count]) => `- ${phase}: ${count}`),
  ];
  if (view.problem) lines.push('', `Problem \`${view.problem.code}\`: ${view.problem.text}`);
  for (const { causes = [] } of view.gates ?? []) lines.push('', ...causeLines(causes));
  return lines.join('\n');
}

/** Workflow ids of the shards that can be told something. */
export function shardIds(project: Project): readonly string[] {
  const { settings, shards } = project.state;
  return shards.flatMap(({ index }) => (project.starting.has(index) ? [] : [shardWorkflowId(settings.name, index)]));
}
