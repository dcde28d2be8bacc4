import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import { SealError } from '../../seal/errors.ts';
import { loadKeyring } from '../../seal/key-file.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { unlessInterrupted, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { findTarget, withTemporal } from '../remote/temporal.ts';
import { KEY_FILE } from '../up/backup.ts';
import { runWorker, stderrLog } from '../up/worker.ts';

export function configure(command: Command, plan: Plan): void {
  command
    .addHelpText(
      'after',
      '\nAddress, namespace, TLS and API key come from Temporal’s own configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,' +
        '\nTEMPORAL_API_KEY, TEMPORAL_TLS_…, or a profile in its temporal.toml. The key that opens secrets comes from' +
        '\nMAILFERRY_SEAL_KEY or seal.key in the state directory.',
    )
    .action(() => plan(work));
}

async function work(context: Context): Promise<ExitCode> {
  const { printer, signal } = context;
  await lookForKey(context);
  // Said now, in words, what would otherwise fail later in every workflow.
  await withTemporal(context, ({ connection, namespace }) => ensureSearchAttributes(connection, namespace));
  const target = await findTarget(context);
  const worker = await runWorker(context, target, stderrLog(context));
  printer.say(`Working for Temporal at ${target.address}, namespace "${target.namespace}"; Ctrl-C stops gracefully.`);
  try {
    await unlessInterrupted(worker.finished, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    printer.say('Stopping: copies end the batch in hand …');
    return EXIT.done;
  } finally {
    await worker.shutdown();
  }
  throw new Failure('us.bug', 'The worker ended by itself; its log says why.');
}

/** A damaged key is refused now; a missing one may come later: the worker looks for it when it opens the first secret. */
async function lookForKey({ home, io, printer }: Context): Promise<void> {
  try {
    await loadKeyring(io.env, join(home, KEY_FILE));
  } catch (error) {
    if (!(error instanceof SealError) || error.code !== 'seal.key-missing') throw error;
    printer.say(`warning: ${error.message} ${error.next}`);
  }
}
