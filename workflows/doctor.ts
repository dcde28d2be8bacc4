import { CancellationScope, setHandler, upsertMemo } from '@temporalio/workflow';
import { diagnose, diagnoseLogins, type CanaryEvidence, type RoundEvidence } from '../model/doctor.ts';
import {
  DOCTOR_ROUNDS,
  refusedKey,
  type DoctorFinding,
  type DoctorInput,
  type DoctorResult,
  type DoctorTask,
} from '../model/doctor-run.ts';
import { afterRound } from '../model/gates.ts';
import type { MailboxRow, ProjectSettings } from '../model/project.ts';
import { doctorProgress } from './messages.ts';
import { tryCanary, tryGate } from './try-gate.ts';

/** Mailboxes that log in at the same time, once it is known that some are let in. */
const AT_A_TIME = 10;

/**
 * Looks at how the mailboxes of a project are opened, and why where they are not. Writes nothing, waits for nothing, and
 * never has more than a few mailboxes knock at a tenant that has not let one in.
 */
export async function doctorWorkflow({ settings, tasks }: DoctorInput): Promise<DoctorResult> {
  const findings = tasks.map((task) => firstFinding(settings, task));
  setHandler(doctorProgress, () => findings);
  await CancellationScope.cancellable(() =>
    Promise.all(
      tasks.map((task, at) =>
        examine(settings, task, (change) => {
          const before = findings[at];
          if (before !== undefined) findings[at] = { ...before, ...change };
        }),
      ),
    ),
  );
  rememberRefusals(findings);
  return findings;
}

function firstFinding(settings: ProjectSettings, task: DoctorTask): DoctorFinding {
  const { side, mailboxes } = task.kind === 'gate' ? task.gate : task;
  const { kind: auth } = settings[side].auth;
  return {
    key: task.kind === 'gate' ? task.gate.key : side,
    side,
    auth,
    mailboxes,
    canaries: [],
    ...(task.kind === 'gate' && { application: task.gate.application }),
  };
}

/** What changes of a finding. */
type Tell = (change: Partial<DoctorFinding>) => void;

function examine(settings: ProjectSettings, task: DoctorTask, tell: Tell): Promise<void> {
  return task.kind === 'gate' ? examineGate(settings, task, tell) : examineLogins(settings, task, tell);
}

/** A token, then rounds of canaries that nobody was among before, until one is in or enough were refused. */
async function examineGate(
  settings: ProjectSettings,
  task: Extract<DoctorTask, { readonly kind: 'gate' }>,
  tell: Tell,
): Promise<void> {
  const { auth } = settings[task.gate.side];
  if (auth.kind !== 'oauth2') throw new Error(`no application opens the ${task.gate.side} of ${settings.name}`);
  const rounds: RoundEvidence[] = [];
  const told = (round: RoundEvidence): void =>
    tell({ token: round.token, canaries: [...rounds, round].flatMap(({ canaries }) => canaries) });
  let { gate } = task;
  for (;;) {
    const round = await tryGate(settings, gate, { fresh: true, told });
    rounds.push(round);
    const now = Date.now();
    const refusedSince = task.refusedSince ?? now;
    const young = now - refusedSince < settings.timing.accessGrace;
    const diagnosis = diagnose(rounds, { scope: auth.scope, young }) ?? { kind: 'open', refused: [] };
    const allRefused = round.canaries.length > 0 && (diagnosis.kind === 'propagation' || diagnosis.kind === 'tenant');
    gate = afterRound(gate, round, auth.scope, settings.timing, now);
    // Nobody is tried twice: when all have been refused, none of them counts as tried any more.
    const others = gate.tried.length > 0;
    if (allRefused && others && rounds.length < DOCTOR_ROUNDS) continue;
    tell({ diagnosis, ...(allRefused && { refusedSince }) });
    return;
  }
}

async function examineLogins(
  settings: ProjectSettings,
  { side, rows }: Extract<DoctorTask, { readonly kind: 'logins' }>,
  tell: Tell,
): Promise<void> {
  const canaries: CanaryEvidence[] = [];
  const queue = [...rows];
  const lane = async (): Promise<void> => {
    for (let row: MailboxRow | undefined = queue.shift(); row !== undefined; row = queue.shift()) {
      canaries.push(await tryCanary(settings, side, row, false));
      tell({ canaries: [...canaries] });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  tell({ diagnosis: diagnoseLogins(canaries, settings[side].auth.kind === 'admin') });
}

/** The next doctor reads here since when an application has been refused: what lasts for hours is no propagation. */
function rememberRefusals(findings: readonly DoctorFinding[]): void {
  const refused = findings.flatMap((finding) =>
    finding.refusedSince === undefined ? [] : [[refusedKey(finding), finding.refusedSince] as const],
  );
  if (refused.length > 0) upsertMemo({ refusedSince: Object.fromEntries(refused) });
}
