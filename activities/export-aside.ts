import { failureOf } from '../copy/source-failure.ts';
import type { Body } from '../imap/body.ts';
import { isImapRefusal } from '../imap/refusal.ts';
import type { ImapSession } from '../imap/types.ts';
import type { AsideFolder, AsideInput } from '../model/aside.ts';
import type { Problem } from '../model/mailbox.ts';
import { oneByOne, openedForAside, wereReadable, wereUnreadable } from './open-aside.ts';
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

type Take = (message: ExportedMessage) => Promise<void>;

/**
 * Hands messages that were put aside to `take`, one after another, as the source has them. No activity: mail does not
 * travel through Temporal, so whoever wants the bytes reads them where it wants them. Changes nothing. Resolves with the
 * problem that ended it, if one did; those that are gone from the source are left out, and so are those at which it still fails
 * as it did when they were put aside: they come last, one by one.
 */
export async function exportAside(
  opening: Opening,
  input: AsideInput,
  take: Take,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const secrets = new Secrets();
  const request = { job: input, secrets, signal };
  try {
    const readable = input.folders.map(wereReadable);
    if (readable.some(({ notes }) => notes.length > 0)) {
      await withSource(opening, request, async (source) => {
        for (const folder of readable) await exportFrom(source, folder, take);
      });
    }
    const left = input.folders.flatMap((folder) => oneByOne(wereUnreadable(folder)));
    while (left.length > 0) await withSource(opening, request, (source) => exportUnreadable(source, left, take));
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const problem = error instanceof RefusedOn ? error.problem : problemOf(error);
    if (problem === undefined) throw error;
    return scrubbed(problem, secrets);
  }
}

async function exportFrom(source: ImapSession, folder: AsideFolder, take: Take): Promise<void> {
  if (folder.notes.length === 0 || !(await askedOf('source', openedForAside(source, folder)))) return;
  for await (const { uid, body, bytes } of source.fetchMessages(folder.notes.map((note) => note.uid))) {
    if (body !== undefined) await take({ folder, uid, body, bytes });
  }
}

/** Takes from `left` what it has asked for, until the connection is lost. */
async function exportUnreadable(source: ImapSession, left: AsideFolder[], take: Take): Promise<void> {
  while (source.usable) {
    const next = left.shift();
    if (next === undefined) return;
    try {
      await exportFrom(source, next, take);
    } catch (error) {
      if (!isImapRefusal(error) || failureOf(error.problem) === undefined) throw error;
    }
  }
}
