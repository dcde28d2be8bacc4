import type { VerifyFolderResult } from '../../model/activities.ts';
import type { Problem } from '../../model/mailbox.ts';
import type { Verification } from '../../model/pass.ts';
import type { FolderState } from '../../model/saga.ts';
import { ask } from '../ask.ts';
import { repeatedly, update, type Mailbox } from './mailbox.ts';
import { tell } from './tell.ts';

/** Compares both sides folder by folder; the mailbox's state keeps the sums. Undefined when every folder was compared. */
export async function verify(mailbox: Mailbox): Promise<Problem | undefined> {
  update(mailbox, { phase: 'verify' });
  let sum: Verification = { at: 0, folders: 0, messages: 0, identical: 0, missing: 0, doubled: 0, movedByUser: 0 };
  for (const folder of mailbox.state.folders) {
    if (folder.gone || folder.problem !== undefined || !folder.created) continue;
    tell(mailbox, `comparing both sides: ${folder.sourcePath}`);
    const result = await verifyOne(mailbox, folder);
    if (!result.ok) return result.problem;
    sum = add(sum, result);
  }
  const verification = { ...sum, at: Date.now() };
  const { missing, doubled } = verification;
  update(mailbox, { verification, counts: { ...mailbox.state.counts, missing, doubled } });
  return undefined;
}

function verifyOne(mailbox: Mailbox, folder: FolderState): Promise<VerifyFolderResult> {
  const { source, sourcePath, destination, destinationPath, ledger } = folder;
  return repeatedly(mailbox, () =>
    ask(mailbox.state.settings.timing, `Compare ${sourcePath} with ${destinationPath}`).verifyFolder({
      settings: mailbox.state.settings,
      row: mailbox.state.row,
      folder: { source, sourcePath, destination, destinationPath },
      ...(ledger !== undefined && { ledger }),
    }),
  );
}

function add(sum: Verification, folder: Extract<VerifyFolderResult, { readonly ok: true }>): Verification {
  return {
    at: sum.at,
    folders: sum.folders + 1,
    messages: sum.messages + folder.messages,
    identical: sum.identical + folder.identical,
    missing: sum.missing + folder.missing,
    doubled: sum.doubled + folder.doubled,
    movedByUser: sum.movedByUser + folder.movedByUser,
  };
}

/** What a comparison that found something missing amounts to. */
export function missingProblem(verification: Verification): Problem {
  return {
    code: 'verify.missing',
    text: `${verification.missing} of ${verification.messages} messages were not found at the destination`,
  };
}

export function doubledProblem(verification: Verification): Problem | undefined {
  if (verification.doubled === 0) return undefined;
  return {
    code: 'verify.doubled',
    text: `${verification.doubled} messages are at the destination more often than on the source`,
  };
}
