import type { BenchCase } from '../cases.ts';
import type { Build } from '../build.ts';
import type { Program } from '../measure.ts';
import type { CopyJob } from '../processes/job.ts';
import type { BenchServers, Destination } from '../servers.ts';

/** Everything that one run of one tool needs. Ports in `job` are those of the wires. */
export interface ToolRun {
  readonly job: CopyJob;
  readonly build: Build;
  readonly servers: BenchServers;
  readonly destination: Destination;
  /** An empty folder for configuration and state, removed afterwards. */
  readonly scratch: string;
}

/** Something that copies a mailbox, as a program. */
export interface Tool {
  readonly name: string;
  /** Absent when it can run; otherwise why not. */
  readonly missing: () => string | undefined;
  readonly appliesTo: (benchCase: BenchCase) => boolean;
  /** Octets by which it lengthens each message, where it does not keep messages as they are. */
  readonly addedBytes?: number;
  readonly program: (run: ToolRun) => Promise<Program>;
}
