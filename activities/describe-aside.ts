import { failureOf } from '../copy/source-failure.ts';
import { isImapRefusal } from '../imap/refusal.ts';
import type { ImapSession } from '../imap/types.ts';
import type { AsideFolder, AsideInput, AsideMessage, AsideResult } from '../model/aside.ts';
import type { Dependencies } from './dependencies.ts';
import { readableFields } from './header-text.ts';
import { oneByOne, openedForAside, wereReadable, wereUnreadable } from './open-aside.ts';
import { run } from './run.ts';
import { withSource } from './sessions.ts';

/** So many connections are lost for messages at which the source fails; those that are left are shown without their headers. */
const MOST_LOST = 10;

type Fields = Omit<AsideMessage, 'uid' | 'code' | 'words' | 'gone'>;

/** Source folder, and UID. */
type Found = Map<AsideFolder['source'], Map<number, Fields | 'unreadable'>>;

/**
 * Asks the source what messages that were put aside are: dates, senders, subjects and sizes, no bodies. Those that it did not hand
 * out come last, and one by one where it fails at their headers as well: they are shown without. Changes nothing.
 */
export function describeAside(deps: Dependencies, input: AsideInput): Promise<AsideResult> {
  return run<AsideResult>(
    deps,
    'source',
    async (attempt) => {
      const { folders } = input;
      const found: Found = new Map(folders.map(({ source }) => [source, new Map<number, Fields | 'unreadable'>()]));
      const left = [...folders.map(wereReadable), ...folders.map(wereUnreadable)];
      const request = { job: input, ...attempt, opened: () => attempt.say('reading headers') };
      for (let lost = 0; left.length > 0 && lost < MOST_LOST; lost += 1) {
        await withSource(deps, request, (source) => describeAll(source, left, found));
      }
      for (const folder of left) leaveUnread(folder, found);
      return {
        ok: true,
        folders: folders.map(({ source, sourcePath, notes }) => ({
          sourcePath,
          messages: notes.map((note) => {
            const fields = found.get(source)?.get(note.uid);
            return { ...note, gone: fields === undefined, ...(fields === 'unreadable' ? {} : fields) };
          }),
        })),
      };
    },
    ({ problem }) => ({ ok: false, problem }),
  );
}

/** Takes from `left` what it has asked for, until the connection is lost. */
async function describeAll(source: ImapSession, left: AsideFolder[], found: Found): Promise<void> {
  while (source.usable) {
    const folder = left.shift();
    if (folder === undefined) return;
    try {
      await describe(source, folder, found);
    } catch (error) {
      const mayBeMessage = isImapRefusal(error) && failureOf(error.problem) !== undefined;
      if (!mayBeMessage || wereUnreadable(folder).notes.length === 0) throw error;
      if (folder.notes.length === 1) leaveUnread(folder, found);
      else left.push(...oneByOne(folder).filter(({ notes: [note] }) => !isFound(found, folder, note?.uid)));
    }
  }
}

async function describe(source: ImapSession, folder: AsideFolder, found: Found): Promise<void> {
  const uids = folder.notes.map((note) => note.uid);
  if (uids.length === 0 || !(await openedForAside(source, folder))) return;
  for await (const { uid, headers, internalDate, size } of source.fetchIdentities(uids)) {
    const fields = readableFields(headers);
    const [from, subject] = [fields.get('from'), fields.get('subject')];
    found.get(folder.source)?.set(uid, {
      date: internalDate,
      size,
      ...(from !== undefined && { from }),
      ...(subject !== undefined && { subject }),
    });
  }
}

function isFound(found: Found, { source }: AsideFolder, uid: number | undefined): boolean {
  return uid !== undefined && found.get(source)?.has(uid) === true;
}

function leaveUnread({ source, notes }: AsideFolder, found: Found): void {
  for (const { uid } of notes) found.get(source)?.set(uid, 'unreadable');
}
