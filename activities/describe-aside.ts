import type { ImapSession } from '../imap/types.ts';
import type { AsideFolder, AsideInput, AsideMessage, AsideResult, DescribedFolder } from '../model/aside.ts';
import type { Dependencies } from './dependencies.ts';
import { readableFields } from './header-text.ts';
import { openedForAside } from './open-aside.ts';
import { run } from './run.ts';
import { withSource } from './sessions.ts';

/** Asks the source what messages that were put aside are: dates, senders, subjects and sizes, no bodies. Changes nothing. */
export function describeAside(deps: Dependencies, input: AsideInput): Promise<AsideResult> {
  return run<AsideResult>(
    deps,
    'source',
    async (attempt) =>
      withSource(deps, { job: input, ...attempt, opened: () => attempt.say('reading headers') }, async (source) => {
        const folders: DescribedFolder[] = [];
        for (const folder of input.folders) {
          folders.push({ sourcePath: folder.sourcePath, messages: await describe(source, folder) });
        }
        return { ok: true, folders };
      }),
    ({ problem }) => ({ ok: false, problem }),
  );
}

async function describe(source: ImapSession, folder: AsideFolder): Promise<readonly AsideMessage[]> {
  const found = new Map<number, Omit<AsideMessage, 'uid' | 'code' | 'gone'>>();
  const uids = folder.notes.map((note) => note.uid);
  if (await openedForAside(source, folder)) {
    for await (const { uid, headers, internalDate, size } of source.fetchIdentities(uids)) {
      const fields = readableFields(headers);
      const [from, subject] = [fields.get('from'), fields.get('subject')];
      found.set(uid, {
        date: internalDate,
        size,
        ...(from !== undefined && { from }),
        ...(subject !== undefined && { subject }),
      });
    }
  }
  return folder.notes.map((note) => ({ ...note, gone: !found.has(note.uid), ...found.get(note.uid) }));
}
