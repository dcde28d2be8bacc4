/**
 * Gates: before hundreds of mailboxes knock at a tenant, a few canaries do. A gate stands for one application on one side
 * and is closed until one of its canaries is in. Pure: who tries next, and what a round of tries means.
 */
import { isMailboxRefusal } from './access-refusals.ts';
import { diagnose, type Diagnosis, type RoundEvidence } from './doctor.ts';
import type { Problem } from './mailbox.ts';
import type { Endpoint, MailboxRow, MailboxSide, ProjectSettings, Side, Timing } from './project.ts';
import { passesByItself } from './refusals.ts';

export const SIDES: readonly Side[] = ['source', 'destination'];

/** So many mailboxes of one application log in in one round, and none of the others meanwhile. */
export const CANARIES = 3;

/** Mailboxes kept to choose canaries from: ten rounds in which nobody is tried twice. */
const CANDIDATES = 10 * CANARIES;

/** Applications that get a gate. A project with more of them has few mailboxes for each. */
const GATES = 50;

/** The OAuth2 application that opens a mailbox on one side. */
export interface GateApplication {
  readonly clientId: string;
  /** Absent where the mailbox's domain tells it. */
  readonly tenant?: string;
}

export interface Gate extends Tries {
  readonly key: string;
  readonly side: Side;
  readonly application: GateApplication;
  /** Mailboxes behind it. */
  readonly mailboxes: number;
  /** Spread evenly over the mailboxes behind it, in their order; empty when it is open. */
  readonly candidates: readonly MailboxRow[];
  /** Every so many mailboxes there is a candidate. */
  readonly stride: number;
  readonly open: boolean;
}

/** What has come of trying; times are epoch milliseconds. */
interface Tries {
  /** Ids of the candidates that were refused since all of them had been. */
  readonly tried: readonly string[];
  /** Rounds in a row in which the application was refused, whoever tried. */
  readonly rounds: number;
  /** Rounds in a row that told nothing about the application. */
  readonly unclear: number;
  readonly refusedSince?: number | undefined;
  /** When the last round ended. */
  readonly lastAt?: number | undefined;
  readonly nextAt?: number | undefined;
  readonly diagnosis?: Diagnosis | undefined;
}

const UNTRIED: Tries = {
  tried: [],
  rounds: 0,
  unclear: 0,
  refusedSince: undefined,
  lastAt: undefined,
  nextAt: undefined,
  diagnosis: undefined,
};

/** Which gate stands before a mailbox on one side; undefined where no application opens it. */
export function gateKey(endpoint: Endpoint, side: Side, row: MailboxRow): string | undefined {
  const opener = openerOf(endpoint, row[side]);
  if (opener === undefined) return undefined;
  const { tenant = '', clientId } = opener.application;
  return opener.own ? `${side} ${tenant}/${clientId}` : side;
}

/** Whether a mailbox is behind one of the gates with these keys. */
export function isBehind(keys: ReadonlySet<string>, settings: ProjectSettings, row: MailboxRow): boolean {
  return SIDES.some((side) => keys.has(gateKey(settings[side], side, row) ?? ''));
}

/** The gates with the mailboxes of `rows` behind them. A gate that is open stays open. */
export function gatesWith(
  gates: readonly Gate[],
  settings: ProjectSettings,
  rows: readonly MailboxRow[],
): readonly Gate[] {
  const known = new Map(gates.map((gate) => [gate.key, gate]));
  for (const row of rows) {
    for (const side of SIDES) {
      const key = gateKey(settings[side], side, row);
      const opener = openerOf(settings[side], row[side]);
      if (key === undefined || opener === undefined) continue;
      const gate = known.get(key) ?? newGate(key, side, opener.application);
      if (known.size < GATES || known.has(key)) known.set(key, withMailbox(gate, row));
    }
  }
  return [...known.values()];
}

function newGate(key: string, side: Side, application: GateApplication): Gate {
  return { key, side, application, mailboxes: 0, candidates: [], stride: 1, open: false, ...UNTRIED };
}

/** Every `stride`-th mailbox is a candidate; when there are too many, every second one goes. */
function withMailbox(gate: Gate, row: MailboxRow): Gate {
  const mailboxes = gate.mailboxes + 1;
  if (gate.open || gate.mailboxes % gate.stride !== 0) return { ...gate, mailboxes };
  const candidates = [...gate.candidates, row];
  if (candidates.length <= CANDIDATES) return { ...gate, mailboxes, candidates };
  return { ...gate, mailboxes, candidates: candidates.filter((_, at) => at % 2 === 0), stride: gate.stride * 2 };
}

/** Who tries in the next round: candidates that have not been refused before, spread over those that are left. */
export function nextCanaries({ candidates, tried }: Gate): readonly MailboxRow[] {
  const left = candidates.filter(({ id }) => !tried.includes(id));
  const count = Math.min(CANARIES, left.length);
  return Array.from({ length: count }, (_, at) => left[Math.floor((at * left.length) / count)]).filter(
    (row) => row !== undefined,
  );
}

/** What a round does to its gate. `now` is when it ended, in epoch milliseconds. */
export function afterRound(gate: Gate, round: RoundEvidence, scope: string, timing: Timing, now: number): Gate {
  const since = gate.refusedSince ?? now;
  const young = now - since < timing.accessGrace;
  const diagnosis = diagnose([round], { scope, young }) ?? { kind: 'open', refused: [] };
  if (diagnosis.kind === 'open') return { ...gate, ...UNTRIED, open: true, candidates: [], diagnosis };
  const { problem } = diagnosis;
  if (diagnosis.kind === 'unclear') {
    const unclear = gate.unclear + 1;
    return { ...gate, unclear, diagnosis, lastAt: now, nextAt: now + waitAfter(problem, timing, unclear) };
  }
  const rounds = gate.rounds + 1;
  const tried = triedWith(gate, round);
  const nextAt = now + waitAfter(problem, timing, rounds);
  return { ...gate, rounds, unclear: 0, tried, refusedSince: since, diagnosis, lastAt: now, nextAt };
}

/** When all candidates have been refused, they are tried anew: the rows may be right and the tenant was not. */
function triedWith(gate: Gate, { canaries }: RoundEvidence): readonly string[] {
  const refused = canaries.flatMap(({ id, problem }) =>
    problem !== undefined && isMailboxRefusal(problem) ? [id] : [],
  );
  const tried = [...new Set([...gate.tried, ...refused])];
  return gate.candidates.every(({ id }) => tried.includes(id)) ? [] : tried;
}

function waitAfter(problem: Problem, { accessBackoff, troubleBackoff }: Timing, times: number): number {
  const waits = passesByItself(problem.code) ? troubleBackoff : accessBackoff;
  return problem.waitMs ?? waits[Math.min(times, waits.length) - 1] ?? 60_000;
}

/** Whether the first mailboxes may begin: of each side that has gates, one is open. */
export function mayBegin(gates: readonly Gate[]): boolean {
  return SIDES.every((side) => {
    const own = gates.filter((gate) => gate.side === side);
    return own.length === 0 || own.some(({ open }) => open);
  });
}

/** How many mailboxes wait behind closed gates: each may be behind one on either side. */
export function heldMailboxes(gates: readonly Gate[]): number {
  const behind = SIDES.map((side) =>
    closedGates(gates).reduce((sum, gate) => (gate.side === side ? sum + gate.mailboxes : sum), 0),
  );
  return Math.max(...behind);
}

export function closedGates(gates: readonly Gate[]): readonly Gate[] {
  return gates.filter(({ open }) => !open);
}

/** Somebody asked for another try, or changed something: all that are closed try now. */
export function wokenGates(gates: readonly Gate[], now: number): readonly Gate[] {
  return gates.map((gate) => (gate.open ? gate : { ...gate, nextAt: now }));
}

/** After a change of the project what was refused before tells nothing any more. */
export function mendedGates(
  gates: readonly Gate[],
  settings: ProjectSettings,
  change: { readonly rows?: readonly MailboxRow[]; readonly removed?: readonly string[] },
): readonly Gate[] {
  const changed = new Map(change.rows?.map((row) => [row.id, row]));
  const removed = new Set(change.removed);
  return gates.flatMap((gate) => {
    if (gate.open) return [gate];
    const candidates = gate.candidates.filter(({ id }) => !removed.has(id)).map((row) => changed.get(row.id) ?? row);
    const opener = openerOf(settings[gate.side], candidates[0]?.[gate.side]);
    return opener === undefined ? [] : [{ ...gate, ...UNTRIED, application: opener.application, candidates }];
  });
}

interface Opener {
  readonly application: GateApplication;
  /** It is the row's own, and not that of the side. */
  readonly own: boolean;
}

function openerOf({ auth }: Endpoint, mailbox: MailboxSide | undefined): Opener | undefined {
  if (auth.kind !== 'oauth2') return undefined;
  const app = mailbox?.app ?? auth.app;
  if (app === undefined) return undefined;
  const tenant = mailbox?.app?.tenant ?? auth.tenant;
  const application = { clientId: app.clientId, ...(tenant !== undefined && { tenant }) };
  return { application, own: mailbox?.app !== undefined };
}
