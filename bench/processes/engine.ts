/**
 * The engine in a process of its own, as an activity runs it: the real sessions, the real lease with heartbeats encoded each
 * second, shares, and the ledger handed from share to share in its encoded form. Only Temporal is left out: it acknowledges at once.
 */
import { systemClock } from '../../activities/clock.ts';
import { AttemptLease } from '../../activities/lease.ts';
import { copyFolder } from '../../copy/copy-folder.ts';
import { openSession } from '../../imap/open.ts';
import type { ImapSession } from '../../imap/types.ts';
import { addCopyCounts, NO_COPY_COUNTS, type CopyCounts } from '../../model/pass.ts';
import type { CopyFolderResult } from '../../model/activities.ts';
import type { Limits, Side } from '../../model/project.ts';
import { readJob, shareFolders, type CopyJob } from './job.ts';
import { LiveMemory } from './live-memory.ts';

/** What the process prints as JSON. */
export interface EngineReport {
  readonly counts: CopyCounts;
  /** From the first login to the end of the last copy. */
  readonly copySeconds: number;
  /** Before anything was copied. */
  readonly restRssBytes: number;
  readonly peakRssBytes: number;
  /** The most that was held over what was before anything was copied, where it was looked for. */
  readonly liveBytes?: number;
  readonly ledgerBytes: number;
}

const HEARTBEAT_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 120_000;

interface Sides {
  readonly source: ImapSession;
  readonly destination: ImapSession;
}

interface Copied {
  counts: CopyCounts;
  ledgerBytes: number;
}

function open(job: CopyJob, side: Side, folder: string | undefined): Promise<ImapSession> {
  const { port, user, password } = job[side];
  return openSession({
    address: { host: '127.0.0.1', port, tls: 'none' },
    login: { kind: 'password', user, secret: () => password },
    side,
    ...(folder !== undefined && { folder }),
    commandTimeout: COMMAND_TIMEOUT_MS,
    signal: new AbortController().signal,
  });
}

/** As one activity after another would copy it. */
async function copyWholeFolder(job: CopyJob, sides: Sides, folder: string, copied: Copied): Promise<void> {
  if (folder !== 'INBOX') await sides.destination.create(folder);
  for (let ledger: string | undefined; ;) {
    const result = await copyShare(job, sides, folder, ledger);
    copied.counts = addCopyCounts(copied.counts, result.counts);
    ledger = result.ledger;
    if (result.outcome.kind === 'share-ended') continue;
    if (result.outcome.kind !== 'complete') throw new Error(`${folder}: ${JSON.stringify(result.outcome)}`);
    copied.ledgerBytes += ledger?.length ?? 0;
    return;
  }
}

async function copyShare(
  { connections, memoryBytes }: CopyJob,
  sides: Sides,
  folder: string,
  ledger: string | undefined,
): Promise<CopyFolderResult> {
  const limits: Limits = {
    connectionsPerMailbox: connections,
    connectionsPerEndpoint: 50,
    messagesPerShare: 20_000,
    millisecondsPerShare: 600_000,
    memoryBytes,
  };
  const lease = new AttemptLease({
    // As gRPC's payload converter would encode it.
    send: (details) => Promise.resolve(Buffer.from(JSON.stringify(details)).length > 0 ? 'going-on' : 'unknown'),
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    clock: systemClock,
    first: { text: '', done: 0, of: 0, growth: '' },
    tellWorker: () => undefined,
  });
  try {
    const pair = { source: folder, sourcePath: folder, destination: folder, destinationPath: folder };
    const task = {
      pass: 'final',
      folder: pair,
      retryAside: false,
      limits,
      ...(ledger !== undefined && { ledger }),
    } as const;
    return await copyFolder(task, { ...sides, lease, interrupt: lease.interrupt, now: systemClock.wall });
  } finally {
    lease.stop();
  }
}

async function main(): Promise<void> {
  const job = await readJob();
  const restRssBytes = process.memoryUsage.rss();
  const live = job.collects === true ? new LiveMemory() : undefined;
  const started = performance.now();
  const copied: Copied = { counts: NO_COPY_COUNTS, ledgerBytes: 0 };
  await shareFolders(job, async (next) => {
    let folder = next();
    const [source, destination] = await Promise.all([open(job, 'source', folder), open(job, 'destination', folder)]);
    for (; folder !== undefined; folder = next()) {
      await copyWholeFolder(job, { source, destination }, folder, copied);
    }
    leave(source, destination);
  });
  const report: EngineReport = {
    ...copied,
    copySeconds: (performance.now() - started) / 1_000,
    restRssBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    ...(live !== undefined && { liveBytes: live.end() }),
  };
  await new Promise<void>((written) => process.stdout.write(`${JSON.stringify(report)}\n`, () => written()));
  // What a server answers to LOGOUT is of no consequence.
  process.exit();
}

/** An activity leaves its sessions to a keeper, which logs them out when nobody waits for that. */
function leave(...sessions: readonly ImapSession[]): void {
  for (const session of sessions) void session.logout();
}

await main();
