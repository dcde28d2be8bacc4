/** Every message that mailferry's workflows understand. Clients import names and types from here and nothing else. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AsidePage } from '../model/aside.ts';
import type { DoctorResult } from '../model/doctor-run.ts';
import type { MailboxReport, MailboxView } from '../model/mailbox.ts';
import type { MailboxRow, ProjectSettings } from '../model/project.ts';
import type { Directive, MailboxChunk, ProjectChange, ProjectView, ShardChange, ShardReport } from '../model/saga.ts';
import type { PreflightRow } from '../model/preflight.ts';

/** The task queue of every mailferry worker. */
export const TASK_QUEUE = 'mailferry';

/** Workflow types, as histories and visibility know them. */
export const WORKFLOW = {
  project: 'projectWorkflow',
  shard: 'shardWorkflow',
  mailbox: 'mailboxWorkflow',
  preflight: 'preflightWorkflow',
  aside: 'asideWorkflow',
  doctor: 'doctorWorkflow',
} as const;

// To the project. Updates are refused by their validators with an ApplicationFailure whose type is a code of model/refusals.ts.

/** Hands over rows; answers with the number of mailboxes that the project has now. */
export const addMailboxes = defineUpdate<number, [MailboxChunk]>('addMailboxes');
/** The MX record has moved: the final delta may run. Refused before pre-stage has ended unless forced. */
export const cutover = defineUpdate<ProjectView, [{ readonly force: boolean }]>('cutover');
/** Changed secrets, limits, rules; removed mailboxes. Wakes what waited because of a refusal. */
export const change = defineUpdate<ProjectView, [ProjectChange]>('change');
/** Wakes what waits because of a refusal; with `failedOnly` only what needs attention. Answers how many are concerned. */
export const retry = defineUpdate<number, [{ readonly failedOnly: boolean }]>('retry');
/** Ends the tail: what is idle is verified and done. Refused before the cutover. */
export const finish = defineUpdate<ProjectView>('finish');
export const pause = defineSignal('pause');
export const resume = defineSignal('resume');
export const cancel = defineSignal('cancel');
export const status = defineQuery<ProjectView>('status');
export const settings = defineQuery<ProjectSettings>('settings');

// To a shard.

export const directShard = defineSignal<[Directive]>('direct');
export interface ShardNews {
  readonly settings?: ProjectSettings;
  readonly change?: ShardChange;
}
export const changeShard = defineSignal<[ShardNews]>('changeShard');
/** From a mailbox. */
export const reportMailbox = defineSignal<[MailboxReport]>('report');
export const shardRows = defineQuery<readonly MailboxRow[]>('rows');
export const shardReports = defineQuery<readonly MailboxReport[]>('reports');
/** From a shard to the project. */
export const reportShard = defineSignal<[ShardReport]>('reportShard');

// To a mailbox.

export const directMailbox = defineSignal<[Directive]>('direct');
export interface MailboxChange {
  readonly settings?: ProjectSettings;
  readonly row?: MailboxRow;
  readonly removed?: boolean;
}
export const changeMailbox = defineSignal<[MailboxChange]>('change');
export const mailboxView = defineQuery<MailboxView>('mailbox');
/** Messages put aside, from number `skip` on. */
export const asidePage = defineQuery<AsidePage, [{ readonly skip: number }]>('aside');

// To a preflight.

/** Rows looked at so far. */
export const preflightProgress = defineQuery<readonly PreflightRow[]>('progress');

// To a doctor.

/** What it has found so far. */
export const doctorProgress = defineQuery<DoctorResult>('progress');
