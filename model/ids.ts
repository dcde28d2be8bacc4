import type { MailboxSide } from './project.ts';

/** At most this many mailboxes hang on one shard workflow (2,000 pending children are a workflow's limit). */
export const MAILBOXES_PER_SHARD = 1_000;

export const PROJECT_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The name of a mailbox within its project: the destination user without regard to case, with the folder prefix where
 * the row has one, since two rows may fill one destination mailbox only under different prefixes.
 */
export function mailboxId(destination: MailboxSide): string {
  const user = destination.user.toLowerCase();
  return destination.folderPrefix === undefined ? user : `${user}#${destination.folderPrefix.toLowerCase()}`;
}

export function projectWorkflowId(project: string): string {
  return `mailferry/${project}`;
}

export function shardWorkflowId(project: string, shard: number): string {
  return `mailferry/${project}/shard-${shard}`;
}

/** Ids that read like those of a shard, a preflight, a list of messages put aside or a doctor, or begin with `=`, get a leading `=`, so that no user name can collide. */
export function mailboxWorkflowId(project: string, mailbox: string): string {
  const reserved = /^(?:shard-|preflight-|aside-|doctor-|=)/.test(mailbox);
  return `mailferry/${project}/${reserved ? '=' : ''}${mailbox}`;
}

export function preflightWorkflowId(project: string, unique: string): string {
  return `mailferry/${project}/preflight-${unique}`;
}

export function asideWorkflowId(project: string, unique: string): string {
  return `mailferry/${project}/aside-${unique}`;
}

export function doctorWorkflowId(project: string, unique: string): string {
  return `mailferry/${project}/doctor-${unique}`;
}
