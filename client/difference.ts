import type { Endpoint, MailboxRow, ProjectSettings, Side } from '../model/project.ts';
import type { ShardChange } from '../model/saga.ts';
import { describeChanges, type BoundSecret, type Change, type SecretsDiffer } from '../project/describe-changes.ts';
import { SealError } from '../seal/errors.ts';
import type { Keyring } from '../seal/key.ts';
import { open } from '../seal/seal.ts';
import type { RunningProject } from './remote/running.ts';

export interface Wanted {
  readonly settings: ProjectSettings;
  readonly rows: readonly MailboxRow[];
}

/** What `apply` tells a running project. */
export interface Difference {
  /** In words, one for each thing that changes. */
  readonly changes: readonly Change[];
  /** Set when anything but mailboxes has changed. */
  readonly settings: ProjectSettings | undefined;
  readonly added: readonly MailboxRow[];
  /** Changed and removed mailboxes, one in each, by the shard that has them. */
  readonly shards: readonly ShardChange[];
}

const SIDES: readonly Side[] = ['source', 'destination'];

/**
 * Compares a running project with what its file says now. Secrets are compared by opening them, here and nowhere else,
 * and never leave this function; one that cannot be opened counts as changed, so that the new one is sent.
 */
export function differenceOf(running: RunningProject, wanted: Wanted, keys: Keyring): Difference {
  const before = { settings: running.settings, rows: running.rows.map(({ row }) => row) };
  const changes = describeChanges(before, wanted, secretsDiffer(keys));
  const touched = new Set(changes.flatMap((change) => ('id' in change ? [change.id] : [])));
  const shardOf = new Map(running.rows.map(({ row, shard }) => [row.id, shard]));
  const sealedAnew = SIDES.filter((side) => placeChanged(running.settings[side], wanted.settings[side]));
  const resend = (row: MailboxRow): boolean =>
    touched.has(row.id) || sealedAnew.some((side) => row[side].password !== undefined);
  return {
    changes,
    settings: changes.some(({ kind }) => kind === 'setting' || kind === 'secret') ? wanted.settings : undefined,
    added: wanted.rows.filter(({ id }) => !shardOf.has(id)),
    shards: [
      ...wanted.rows.flatMap((row): readonly ShardChange[] => {
        const index = shardOf.get(row.id);
        return index !== undefined && resend(row) ? [{ index, rows: [row] }] : [];
      }),
      ...changes.flatMap((change): readonly ShardChange[] => {
        const index = change.kind === 'mailbox-removed' ? shardOf.get(change.id) : undefined;
        return index !== undefined && change.kind === 'mailbox-removed' ? [{ index, removed: [change.id] }] : [];
      }),
    ],
  };
}

/** Puts the changes of one shard together. */
export function groupByShard(changes: readonly ShardChange[]): readonly ShardChange[] {
  const groups = new Map<number, ShardChange[]>();
  for (const change of changes) {
    const group = groups.get(change.index) ?? [];
    group.push(change);
    groups.set(change.index, group);
  }
  return [...groups].map(([index, group]) => merged(index, group));
}

function merged(index: number, group: readonly ShardChange[]): ShardChange {
  const rows = group.flatMap((change) => change.rows ?? []);
  const removed = group.flatMap((change) => change.removed ?? []);
  return { index, ...(rows.length > 0 && { rows }), ...(removed.length > 0 && { removed }) };
}

/** A password sealed for one server, port or TLS mode does not open for another. */
function placeChanged(before: Endpoint, after: Endpoint): boolean {
  return before.host !== after.host || before.port !== after.port || before.tls !== after.tls;
}

function secretsDiffer(keys: Keyring): SecretsDiffer {
  return (before, after) => {
    const secret = tryOpen(keys, before);
    return secret === undefined || secret !== tryOpen(keys, after);
  };
}

function tryOpen(keys: Keyring, { binding, envelope }: BoundSecret): string | undefined {
  try {
    return open(keys, binding, envelope).reveal();
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
