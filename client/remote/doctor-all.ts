import { mailboxFaults, type Diagnosis } from '../../model/doctor.ts';
import type { DoctorFinding, DoctorResult } from '../../model/doctor-run.ts';
import { gateKey } from '../../model/gates.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import { chunksOf } from '../chunks.ts';
import type { Context } from '../context.ts';
import { mapAtOnce } from '../parallel.ts';
import { examine, isOpen } from './doctor.ts';
import type { Remote } from './temporal.ts';

const CHUNKS_AT_ONCE = 2;
/** Rows that one workflow looks at. */
const ROWS = 200;

export interface AllMailboxes {
  readonly settings: ProjectSettings;
  readonly rows: readonly MailboxRow[];
}

/**
 * Has every mailbox log in that has not yet, behind whatever lets some in; the others would only knock in vain. `told` hears
 * how many have been tried, of how many.
 */
export async function examineAll(
  context: Context,
  remote: Remote,
  { settings, rows }: AllMailboxes,
  findings: DoctorResult,
  told: (done: number, of: number) => void,
): Promise<DoctorResult> {
  const left = new Map(findings.map((finding) => [finding.key, untried(finding, settings, rows)]));
  const of = [...left.values()].reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const whole: DoctorFinding[] = [];
  for (const finding of findings) {
    const chunks = chunksOf(left.get(finding.key) ?? [], ROWS);
    const looked = await mapAtOnce(chunks, CHUNKS_AT_ONCE, async (chunk) => {
      const task = { kind: 'logins', side: finding.side, rows: chunk, mailboxes: finding.mailboxes } as const;
      const found = await examine(context, remote, settings, [task], () => undefined);
      told((done += chunk.length), of);
      return found;
    });
    const canaries = [finding, ...looked.flat()].flatMap((part) => part.canaries);
    whole.push(looked.length === 0 ? finding : { ...finding, canaries, diagnosis: openOf(canaries) });
  }
  return whole;
}

function openOf(canaries: DoctorFinding['canaries']): Diagnosis {
  return { kind: 'open', refused: mailboxFaults(canaries) };
}

function untried(
  finding: DoctorFinding,
  settings: ProjectSettings,
  rows: readonly MailboxRow[],
): readonly MailboxRow[] {
  if (!isOpen(finding)) return [];
  const tried = new Set(finding.canaries.map(({ id }) => id));
  const { side, key } = finding;
  return rows.filter((row) => !tried.has(row.id) && (gateKey(settings[side], side, row) ?? side) === key);
}
