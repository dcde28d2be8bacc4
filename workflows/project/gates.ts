import { condition, isCancellation } from '@temporalio/workflow';
import type { TokenEvidence } from '../../model/doctor.ts';
import { gateProblem, gateSentence } from '../../model/gate-view.ts';
import { afterRound, closedGates, mayBegin, mendedGates, wokenGates, type Gate } from '../../model/gates.ts';
import type { ProjectChange } from '../../model/saga.ts';
import { shorten } from '../ask.ts';
import { tryGate } from '../try-gate.ts';
import { refresh, updateProject, wish, type Project } from './context.ts';

/**
 * Looks after every closed gate until it is open: a few canaries try, with durable back-off, as long as it takes. `retry`
 * and `apply` end a wait early. Mailboxes are let go as their gates open.
 */
export function watchGates(project: Project): void {
  letGo(project);
  for (const { key } of closedGates(project.state.gates)) {
    if (project.watched.has(key)) continue;
    project.watched.add(key);
    watch(project, key).catch((error: unknown) => {
      if (!isCancellation(error)) project.failure = { error };
    });
  }
}

async function watch(project: Project, key: string): Promise<void> {
  for (let gate = await due(project, key); gate !== undefined; gate = await due(project, key)) {
    project.trying += 1;
    try {
      await tryOnce(project, gate);
    } finally {
      project.trying -= 1;
    }
  }
  project.watched.delete(key);
}

/** Waits until a gate is to be tried, and gives it as it is then; undefined when there is nothing to try any more. */
async function due(project: Project, key: string): Promise<Gate | undefined> {
  for (;;) {
    const gate = closedGate(project, key);
    if (gate === undefined || isCancelled(project)) return undefined;
    const { nextAt = 0 } = gate;
    const left = nextAt - Date.now();
    const changed = (): boolean => {
      const now = closedGate(project, key);
      return now === undefined || (now.nextAt ?? 0) !== nextAt || isCancelled(project);
    };
    if (project.state.directive.paused) {
      await condition(() => !project.state.directive.paused || changed());
    } else if (left <= 0) {
      return gate;
    } else {
      const summary = shorten(gateSentence(gate));
      await condition(() => project.state.directive.paused || changed(), left, { summary });
    }
  }
}

async function tryOnce(project: Project, gate: Gate): Promise<void> {
  const { settings } = project.state;
  const { auth } = settings[gate.side];
  if (auth.kind !== 'oauth2') throw new Error(`no application opens the ${gate.side} of ${settings.name}`);
  const { mended, woken } = project;
  const round = await tryGate(settings, gate, { fresh: gate.rounds > 0 });
  // Evidence of what was changed meanwhile is worth nothing: the changed gate is tried.
  if (project.mended !== mended) return;
  const now = Date.now();
  const tried = afterRound(gate, round, auth.scope, settings.timing, now);
  const current = closedGate(project, gate.key);
  if (current === undefined) return;
  const { mailboxes } = current;
  const nextAt = project.woken === woken ? tried.nextAt : now;
  const gates = project.state.gates.map((each) => (each.key === gate.key ? { ...tried, mailboxes, nextAt } : each));
  updateProject(project, { gates, ...tokensWith(project, gate, round.token) });
  showGates(project);
}

/** The token of a side's own application, as people see it. */
function tokensWith(project: Project, { key, side }: Gate, token: TokenEvidence): { readonly tokens?: Tokens } {
  if (!token.ok || key !== side) return {};
  const { expiresAt, audience, roles } = token;
  return { tokens: { ...project.state.tokens, [side]: { expiresAt, audience, roles } } };
}

type Tokens = Project['state']['tokens'];

function showGates(project: Project): void {
  updateProject(project, { problem: gateProblem(closedGates(project.state.gates)) });
  letGo(project);
  refresh(project);
}

/** The mailboxes begin when a canary of each side is in; those behind other gates when these open. */
function letGo(project: Project): void {
  const { gates, directive } = project.state;
  const closed = closedGates(gates).map(({ key }) => key);
  const begins = directive.stage === 'hold' && mayBegin(gates);
  const before = directive.closed ?? [];
  const same = before.length === closed.length && before.every((key) => closed.includes(key));
  if (same && !begins) return;
  wish(project, { closed, ...(begins && { stage: 'prestage' }) });
}

/** Somebody asked for another try. */
export function wakeGates(project: Project): void {
  project.woken += 1;
  updateProject(project, { gates: wokenGates(project.state.gates, Date.now()) });
}

/** Somebody changed the project: what is known of closed gates is of another project. */
export function mendGates(project: Project, { shards = [] }: ProjectChange): void {
  project.mended += 1;
  const rows = shards.flatMap((shard) => shard.rows ?? []);
  const removed = shards.flatMap((shard) => shard.removed ?? []);
  const { settings, gates } = project.state;
  updateProject(project, { gates: mendedGates(gates, settings, { rows, removed }) });
  showGates(project);
}

function closedGate(project: Project, key: string): Gate | undefined {
  return project.state.gates.find((gate) => gate.key === key && !gate.open);
}

function isCancelled(project: Project): boolean {
  return project.state.directive.stage === 'cancel';
}
