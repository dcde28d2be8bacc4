import type { VerifyFolderInput, VerifyFolderResult } from '../model/activities.ts';
import type { Dependencies } from './dependencies.ts';
import { run } from './run.ts';
import { withBothSides } from './sessions.ts';

/** Compares one folder of both sides, reading only. */
export function verifyFolder(deps: Dependencies, input: VerifyFolderInput): Promise<VerifyFolderResult> {
  const { folder, ledger, beside } = input;
  return run<VerifyFolderResult>(
    deps,
    'source',
    async ({ secrets, signal, say }) =>
      withBothSides(
        deps,
        {
          job: input,
          secrets,
          signal,
          opened: () => say(`comparing ${folder.sourcePath} with ${folder.destinationPath}`),
        },
        (sessions) =>
          deps.verifyFolder(
            { folder, ...(ledger !== undefined && { ledger }), ...(beside !== undefined && { beside }) },
            { ...sessions, interrupt: signal },
          ),
      ),
    (refused) => ({ ok: false, ...refused }),
  );
}
