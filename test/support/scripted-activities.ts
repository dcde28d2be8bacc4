import type { Activities, CopyFolderResult, SurveyedFolder } from '../../model/activities.ts';
import type { Problem } from '../../model/mailbox.ts';
import { NO_COPY_COUNTS } from '../../model/pass.ts';

export const INBOX: SurveyedFolder = {
  source: 'INBOX',
  sourcePath: 'INBOX',
  destination: 'INBOX',
  destinationPath: 'INBOX',
  messages: 3,
  uidNext: 4,
  uidValidity: 1,
};

export function refused(code: Problem['code']): Problem {
  return { code, text: `scripted: ${code}` };
}

export function copied(count: number, change: Partial<CopyFolderResult> = {}): CopyFolderResult {
  return {
    outcome: { kind: 'complete' },
    ledger: 'ledger',
    handled: count,
    counts: { ...NO_COPY_COUNTS, listed: count, copied: count },
    aside: [],
    notes: {},
    ...change,
  };
}

/** A call as a test reads it: `copyFolder prestage anna INBOX`. */
export type Call = string;

/**
 * Activities that answer what a test says, for tests of what the workflows decide. What is not scripted succeeds with
 * one INBOX of three messages. `calls` are in the order in which they came.
 */
export function scriptedActivities(script: Partial<Activities> = {}): Activities & { readonly calls: Call[] } {
  const calls: Call[] = [];
  const plain: Activities = {
    acquireToken: async () => ({ ok: true, expiresAt: Date.now() + 3_600_000, audience: 'imap', roles: [] }),
    probeAccess: async () => ({
      ok: true,
      source: { capabilities: [], delimiter: '/' },
      destination: { capabilities: [], delimiter: '/' },
    }),
    probeSide: async () => ({ ok: true, facts: { capabilities: [], delimiter: '/' } }),
    surveyMailbox: async () => ({ ok: true, folders: [INBOX], leftOut: [], notes: [] }),
    createFolders: async ({ folders }) => ({ created: folders.length, refused: [] }),
    pairMoves: async () => ({ outcome: { kind: 'complete' }, folders: [], counts: NO_COPY_COUNTS, notes: {} }),
    copyFolder: async ({ ledger }) => copied(ledger === undefined ? 3 : 0, { handled: 3 }),
    verifyFolder: async () => ({
      ok: true,
      messages: 3,
      identical: 3,
      missing: 0,
      doubled: 0,
      movedByUser: 0,
      missingUids: [],
      doubledUids: [],
    }),
    describeAside: async () => ({ ok: true, folders: [] }),
  };
  const act = { ...plain, ...script };
  return {
    calls,
    acquireToken: (input) => (calls.push(`acquireToken ${input.side}`), act.acquireToken(input)),
    probeAccess: (input) => (calls.push(`probeAccess ${input.row.id}`), act.probeAccess(input)),
    probeSide: (input) => (calls.push(`probeSide ${input.side} ${input.row.id}`), act.probeSide(input)),
    surveyMailbox: (input) => (calls.push(`surveyMailbox ${input.row.id}`), act.surveyMailbox(input)),
    createFolders: (input) => (calls.push(`createFolders ${input.row.id}`), act.createFolders(input)),
    pairMoves: (input) => (calls.push(`pairMoves ${input.row.id}`), act.pairMoves(input)),
    copyFolder: (input) => (
      calls.push(`copyFolder ${input.pass} ${input.row.id} ${input.folder.sourcePath}`),
      act.copyFolder(input)
    ),
    verifyFolder: (input) => (
      calls.push(`verifyFolder ${input.row.id} ${input.folder.sourcePath}`),
      act.verifyFolder(input)
    ),
    describeAside: (input) => (calls.push(`describeAside ${input.row.id}`), act.describeAside(input)),
  };
}
