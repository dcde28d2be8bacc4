import type { VerifiedFolder, VerifyFolderResult } from '../../model/activities.ts';
import { pairOf } from '../../model/folders.ts';
import type { Problem } from '../../model/mailbox.ts';
import type { Verification } from '../../model/pass.ts';
import type { FolderState } from '../../model/saga.ts';
import { ask } from '../ask.ts';
import { repeatedly, update, type Mailbox } from './mailbox.ts';
import { tell } from './tell.ts';
import { byDestination } from './together.ts';

/** Compares both sides folder by folder; the mailbox's state keeps the sums. Undefined when every folder was compared. */
export async function verify(mailbox: Mailbox): Promise<Problem | undefined> {
  update(mailbox, { phase: 'verify' });
  let sum: Verification = { at: 0, folders: 0, messages: 0, identical: 0, missing: 0, doubled: 0, movedByUser: 0 };
  const compared = mailbox.state.folders.filter(({ gone, problem, created }) => !gone && !problem && created);
  for (const [folder, ...beside] of byDestination(compared)) {
    if (folder === undefined) continue;
    tell(mailbox, `comparing both sides: ${folder.sourcePath}`);
    const result = await verifyTogether(mailbox, folder, beside);
    if (!result.ok) return result.problem;
    sum = add(sum, result, 1 + beside.length);
  }
  const verification = { ...sum, at: Date.now() };
  const { missing, doubled } = verification;
  update(mailbox, { verification, counts: { ...mailbox.state.counts, missing, doubled } });
  return undefined;
}

function verifyTogether(
  mailbox: Mailbox,
  folder: FolderState,
  beside: readonly FolderState[],
): Promise<VerifyFolderResult> {
  const paths = [folder, ...beside].map(({ sourcePath }) => sourcePath).join(' and ');
  return repeatedly(mailbox, () =>
    ask(mailbox.state.settings.timing, `Compare ${paths} with ${folder.destinationPath}`).verifyFolder({
      settings: mailbox.state.settings,
      row: mailbox.state.row,
      ...verified(folder),
      ...(beside.length > 0 && { beside: beside.map(verified) }),
    }),
  );
}

function verified(folder: FolderState): VerifiedFolder {
  return { folder: pairOf(folder), ...(folder.ledger !== undefined && { ledger: folder.ledger }) };
}

function add(
  sum: Verification,
  folder: Extract<VerifyFolderResult, { readonly ok: true }>,
  folders: number,
): Verification {
  return {
    at: sum.at,
    folders: sum.folders + folders,
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
