import { doctorGates, type DoctorFinding } from '../../model/doctor-run.ts';
import { isBehind } from '../../model/gates.ts';
import type { PreflightResult } from '../../model/preflight.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import type { Context } from '../context.ts';
import { examine, isOpen } from './doctor.ts';
import { preflight, type PreflightProgress } from './preflight.ts';
import type { Remote } from './temporal.ts';

/** What was seen before a project starts. */
export interface FirstLook {
  readonly rows: PreflightResult;
  /** Applications that let nobody in: the mailboxes behind them were not looked at. */
  readonly closed: readonly DoctorFinding[];
}

/**
 * A few mailboxes of each application log in, then all that have a chance: thousands of logins that can only be refused would
 * help nobody. Rejects as a preflight does.
 */
export async function firstLook(
  context: Context,
  remote: Remote,
  settings: ProjectSettings,
  rows: readonly MailboxRow[],
  told: PreflightProgress,
): Promise<FirstLook> {
  const gates = doctorGates(settings, rows);
  const findings = gates.length === 0 ? [] : await examine(context, remote, settings, gates, () => undefined);
  const closed = findings.filter((finding) => !isOpen(finding));
  const keys = new Set(closed.map(({ key }) => key));
  const reachable = rows.filter((row) => !isBehind(keys, settings, row));
  return { rows: await preflight(context, remote, settings, reachable, told), closed };
}
