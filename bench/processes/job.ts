import { text } from 'node:stream/consumers';

/** What a process of the bench is told on its standard input. Everything is on 127.0.0.1, without TLS. */
export interface CopyJob {
  readonly source: Account;
  readonly destination: Account;
  /** Copied from the source to folders of the same names. */
  readonly folders: readonly string[];
  /** Connections to each side. */
  readonly connections: number;
  /** Bytes of bodies held at one time by one connection to each side. */
  readonly memoryBytes: number;
  /** Everything that nobody holds is collected again and again, to see what is held. */
  readonly collects?: boolean;
}

export interface Account {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Reads the job that `jobInput` wrote; processes of the bench are started by the bench alone. */
export async function readJob(): Promise<CopyJob> {
  const job: CopyJob = JSON.parse(await text(process.stdin));
  return job;
}

export function jobInput(job: CopyJob): string {
  return JSON.stringify(job);
}

/** Hands folders out to as many hands as there are connections; rejects when one does. */
export async function shareFolders(
  { folders, connections }: Pick<CopyJob, 'folders' | 'connections'>,
  hand: (next: () => string | undefined) => Promise<void>,
): Promise<void> {
  const queue = [...folders];
  const hands = Math.min(connections, folders.length);
  await Promise.all(Array.from({ length: hands }, () => hand(() => queue.shift())));
}
