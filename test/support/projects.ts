import { mailboxId } from '../../model/ids.ts';
import type { Endpoint, MailboxRow, ProjectSettings, Timing } from '../../model/project.ts';

/** Waits of seconds instead of hours; but a lease, a third of the heartbeat timeout, is not lost because a machine is busy. */
export const QUICK: Timing = {
  accessBackoff: [200],
  accessGrace: 60_000,
  deltaInterval: 3_600_000,
  tailInterval: 300,
  tailQuiet: 300,
  heartbeatTimeout: 20_000,
  commandTimeout: 10_000,
  troubleBackoff: [200],
};

/** For tests in which no worker dies: one that gets no processor for a while keeps its lease, and a slow server its connection. */
export const UNHURRIED: Timing = { ...QUICK, heartbeatTimeout: 60_000, commandTimeout: 60_000 };

const LOOPBACK: Endpoint = { host: '127.0.0.1', port: 143, tls: 'none', auth: { kind: 'password' } };

export function projectSettings(name: string, change: Partial<ProjectSettings> = {}): ProjectSettings {
  return {
    name,
    source: LOOPBACK,
    destination: LOOPBACK,
    prestageOlderThanDays: 90,
    folders: { include: [], exclude: [], rename: [], roles: true },
    limits: {
      connectionsPerMailbox: 2,
      connectionsPerEndpoint: 50,
      messagesPerShare: 20_000,
      millisecondsPerShare: 600_000,
      memoryBytes: 32 * 1024 * 1024,
    },
    timing: QUICK,
    ...change,
  };
}

export function mailboxRow(user: string): MailboxRow {
  const side = { user, password: 'sealed' };
  return { id: mailboxId(side), source: side, destination: side };
}
