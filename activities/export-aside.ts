import type { Body } from '../imap/body.ts';
import type { AsideFolder, AsideInput } from '../model/aside.ts';
import type { Problem } from '../model/mailbox.ts';
import { openedForAside } from './open-aside.ts';
import { askedOf, problemOf, RefusedOn, scrubbed } from './problems.ts';
import { Secrets } from './secrets.ts';
import { withSource, type Opening } from './sessions.ts';

/** A message as the source has it. */
export interface ExportedMessage {
  readonly folder: AsideFolder;
  readonly uid: number;
  /** The exact bytes; a stream ends when the next message is asked for. */
  readonly body: Body;
  readonly bytes: number;
}

/**
 * Hands messages that were put aside to `take`, one after another, as the source has them. No activity: mail does not
 * travel through Temporal, so whoever wants the bytes reads them where it wants them. Changes nothing. Resolves with the
 * problem that ended it, if one did; those that are gone from the source are left out.
 */
export async function exportAside(
  opening: Opening,
  input: AsideInput,
  take: (message: ExportedMessage) => Promise<void>,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const secrets = new Secrets();
  try {
    await withSource(opening, { job: input, secrets, signal }, async (source) => {
      for (const folder of input.folders) {
        if (!(await askedOf('source', openedForAside(source, folder)))) continue;
        for await (const { uid, body, bytes } of source.fetchMessages(folder.notes.map((note) => note.uid))) {
          if (body !== undefined) await take({ folder, uid, body, bytes });
        }
      }
    });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const problem = error instanceof RefusedOn ? error.problem : problemOf(error);
    if (problem === undefined) throw error;
    return scrubbed(problem, secrets);
  }
}
