import { hasFlag } from '../message/flags.ts';
import { firstAtOrAfter, type Folder } from '../store/folder.ts';

/** RFC 3501 §6.3.10, SIZE of RFC 8438, and APPENDLIMIT of RFC 7889. */
export type StatusItem = 'MESSAGES' | 'RECENT' | 'UIDNEXT' | 'UIDVALIDITY' | 'UNSEEN' | 'SIZE' | 'APPENDLIMIT';

/** The value of one item for a folder. */
export function statusItem(item: StatusItem, folder: Folder): number | 'NIL' {
  const { messages } = folder;
  switch (item) {
    case 'MESSAGES':
      return messages.length;
    case 'RECENT':
      return messages.length - firstAtOrAfter(messages, folder.firstRecentUid);
    case 'UIDNEXT':
      return folder.uidNext;
    case 'UIDVALIDITY':
      return folder.uidValidity;
    case 'UNSEEN':
      return messages.filter((message) => !hasFlag(message.flags, '\\Seen')).length;
    case 'SIZE':
      return messages.reduce((bytes, message) => bytes + message.body.length, 0);
    case 'APPENDLIMIT':
      return folder.appendLimit ?? 'NIL';
    default:
      return item satisfies never;
  }
}
