import {
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { mailboxCredentialEnds } from '../../model/credential-expiry.ts';
import { shardWorkflowId } from '../../model/ids.ts';
import type { FolderView, MailboxReport, MailboxView } from '../../model/mailbox.ts';
import { refusal } from '../../model/refusals.ts';
import type { FolderState } from '../../model/saga.ts';
import { changedAttributes } from '../attributes.ts';
import { reportMailbox } from '../messages.ts';
import type { Mailbox } from './mailbox.ts';

/**
 * Between two reports of mere progress, in milliseconds; a changed phase or problem is told at once. Each is a signal to a
 * workflow that hears a thousand mailboxes, and a workflow that is kept busy gets its own signals away late.
 */
const PROGRESS_INTERVAL = 10_000;

/** Shows and reports what the mailbox does now; `nextAt` where it waits for a time. */
export function tell(mailbox: Mailbox, now: string, nextAt?: number): void {
  mailbox.now = now;
  mailbox.nextAt = nextAt;
  show(mailbox);
  const report = reportOf(mailbox);
  const key = JSON.stringify([report.phase, report.problem]);
  const at = Date.now();
  if (key === mailbox.told.reported && at - mailbox.told.reportedAt < PROGRESS_INTERVAL) return;
  mailbox.told.reported = key;
  mailbox.told.reportedAt = at;
  void reportToShard(mailbox, report);
}

/** Reports and learns whether there still is a shard; a mailbox without one has nobody who steers it. */
export async function reportToShard(mailbox: Mailbox, report: MailboxReport): Promise<void> {
  const shard = shardWorkflowId(mailbox.state.settings.name, mailbox.state.shard);
  try {
    await getExternalWorkflowHandle(shard).signal(reportMailbox, report);
  } catch (error) {
    log.warn('the shard of this mailbox is gone; stopping before the next step', { shard, error: String(error) });
    mailbox.orphaned = true;
  }
}

export function reportOf(mailbox: Mailbox, ended = false): MailboxReport {
  const { row, phase, problem, counts } = mailbox.state;
  return { id: row.id, phase, counts, ended, ...(problem && { problem }) };
}

/** Brings the Web UI and visibility up to date; cheap when nothing has changed. */
export function show(mailbox: Mailbox): void {
  const { state } = mailbox;
  setCurrentDetails(details(mailbox));
  const phase = state.directive.paused ? 'paused' : state.phase;
  const handled = state.counts.copied + state.counts.adopted;
  const memo = {
    id: state.row.id,
    source: state.row.source.user,
    phase: state.phase,
    paused: state.directive.paused,
    now: mailbox.now,
    ...(state.problem && { problem: state.problem }),
    ...(mailbox.nextAt !== undefined && { nextAt: mailbox.nextAt }),
  };
  const shown = JSON.stringify(memo);
  if (shown === mailbox.told.shown) return;
  mailbox.told.shown = shown;
  upsertMemo({ mailbox: memo });
  upsertSearchAttributes(
    changedAttributes({ project: state.settings.name, phase, messages: handled }, state.problem?.code),
  );
}

export function viewOf(mailbox: Mailbox): MailboxView {
  const { state, nextAt } = mailbox;
  const ends = mailboxCredentialEnds(state.settings, state.row);
  return {
    ...reportOf(mailbox),
    ...(state.settings.list !== undefined && { list: state.settings.list }),
    sourceUser: state.row.source.user,
    destinationUser: state.row.destination.user,
    paused: state.directive.paused,
    now: state.directive.paused ? `paused; before that: ${mailbox.now}` : mailbox.now,
    folders: state.folders.map((folder) => ({
      source: folder.sourcePath,
      destination: folder.destinationPath,
      // Of what shows messages of other folders once more, only those count that are nowhere else.
      messages: folder.exceptIn === undefined ? folder.messages : folder.handled + folder.aside.length,
      handled: folder.handled,
      aside: folder.aside,
      ...goneOf(folder),
      ...(folder.problem && { problem: folder.problem }),
    })),
    leftOut: state.leftOut,
    notes: state.notes,
    passes: state.passes,
    ...(state.current && { pass: state.current.kind }),
    ...(state.verification && { verification: state.verification }),
    ...(nextAt !== undefined && { nextAt }),
    ...(ends.length > 0 && { credentials: ends }),
  };
}

function goneOf({ gone, handled, goneFromSource = 0 }: FolderState): Pick<FolderView, 'goneFromSource'> {
  const lost = gone ? handled : goneFromSource;
  return lost === 0 ? {} : { goneFromSource: lost };
}

/** Markdown for the Web UI's current details. */
function details(mailbox: Mailbox): string {
  const { state } = mailbox;
  const { counts } = state;
  const lines = [
    `**${state.row.source.user} → ${state.row.destination.user}**`,
    '',
    `Now: ${state.directive.paused ? 'paused. ' : ''}${mailbox.now}`,
    '',
    `${counts.copied} copied, ${counts.adopted} were there already, ${counts.messages} on the source in ${counts.folders} folders, ${counts.aside} put aside.`,
  ];
  if (state.problem) {
    const { code, text } = state.problem;
    lines.push('', `Problem \`${code}\`: ${text}`, '', `What to do: ${refusal(code).next}`);
  }
  for (const pass of state.passes) {
    lines.push(
      '',
      `- ${pass.kind} pass, ended ${new Date(pass.endedAt).toISOString()}: ${pass.counts.copied} copied, ${pass.counts.moved} moved along, ${pass.counts.flagsChanged} flags changed, ${pass.counts.aside} put aside`,
    );
  }
  if (state.verification) {
    const { at, messages, identical, missing, doubled } = state.verification;
    const found = `${identical} of ${messages} identical, ${missing} missing, ${doubled} doubled`;
    lines.push('', `- both sides compared ${new Date(at).toISOString()}: ${found}`);
  }
  return lines.join('\n');
}
