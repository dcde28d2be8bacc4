/** APPEND with a synchronising literal (RFC 3501 section 6.3.11) and what UIDPLUS tells of it (RFC 4315). */
import { flagList, mailboxName, parseDateTime } from './grammar.ts';
import { refuse } from './refusal.ts';
import { positiveOf, readArguments, ResponseError } from './response.ts';
import type { ResponseCode } from './response.ts';
import type { Appended, AppendMessage } from './types.ts';
import type { Wire } from './wire.ts';

/** The message is stored whatever stands here; a code that is not what one message gets tells nothing. */
function readAppendUid(code: ResponseCode | undefined): Appended {
  if (code?.name !== 'APPENDUID') return {};
  try {
    const [validity, uid, ...more] = readArguments(code.args);
    const appended = { uidValidity: positiveOf(validity), uid: positiveOf(uid) };
    if (appended.uid === undefined || appended.uidValidity === undefined || more.length > 0) return {};
    return { uid: appended.uid, uidValidity: appended.uidValidity };
  } catch (error) {
    if (error instanceof ResponseError) return {};
    throw error;
  }
}

/** Sends one message; `shown` is the folder's name for people. */
export async function append(
  wire: Wire,
  name: string,
  shown: string,
  message: AppendMessage,
  mayCommit: () => void,
): Promise<Appended> {
  const date = parseDateTime(message.internalDate);
  if (date === undefined) {
    throw refuse('us.bug', 'A message was to be stored with a date that is none', { stored: 'refused' });
  }
  const { code } = await wire.run({
    asked: 'append',
    about: `store a message in ${shown}`,
    parts: [
      'APPEND ',
      mailboxName(name),
      ` ${flagList(message.flags)} "${date.text}" `,
      { pieces: message.body, bytes: message.bytes },
    ],
    mayCommit,
  });
  return readAppendUid(code);
}
