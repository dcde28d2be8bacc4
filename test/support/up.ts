import { startCli, type CliProcess } from './cli.ts';
import { temporalCliPath } from './context.ts';

/** `mailferry up` with its state in a directory of the test's own, on free ports: no other test's worker takes its work. */
export async function startUp(cwd: string): Promise<CliProcess> {
  const up = startCli(['up', '--port', '0', '--ui-port', '0', '-o', 'json'], {
    cwd,
    env: { TEMPORAL_CLI_PATH: temporalCliPath() },
  });
  await up.printed(/"startedAt": \d+\n}/);
  return up;
}

/** Stops it as a person does, and resolves when it has ended. */
export async function stopUp(up: CliProcess | undefined): Promise<void> {
  up?.child.kill('SIGTERM');
  await up?.ended;
}
