import { asideExporter, type ExportedMessage } from '../activities/index.ts';
import type { AsideInput } from '../model/aside.ts';
import type { Problem } from '../model/mailbox.ts';
import { secretOpener, type KeyPlace } from './keys.ts';

export type { ExportedMessage } from '../activities/index.ts';

/**
 * Hands the bytes of messages that were put aside to `take`, read from the source by this process, with the key of this
 * machine: a worker may be elsewhere, and mail does not travel through Temporal. Resolves with the problem that ended it, if
 * one did.
 */
export function exportAside(
  key: KeyPlace,
  input: AsideInput,
  take: (message: ExportedMessage) => Promise<void>,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  return asideExporter(secretOpener(key), key.env)(input, take, signal);
}
