import { EXIT, type Refusal } from './row.ts';

/** Refusals of folders and messages, and what the ledger and the comparison have to tell of them. */
export const MAIL_REFUSALS = {
  'source.folder-gone': {
    scope: 'folder',
    meaning: 'A source folder was renamed or deleted between the survey and the copy.',
    reaction: 'note',
    next: 'Nothing: the next pass lists the folders again.',
    exit: EXIT.exceptions,
  },
  'source.root-unknown': {
    scope: 'mailbox',
    meaning:
      'The folder that the row names as the root of the mailbox (`source_root`) is not there, or not shown to us.',
    reaction: 'attention',
    next: 'Compare `source_root` with the server’s folders, give the login the right to list and read it, then `mailferry retry`.',
    exit: EXIT.access,
  },
  'source.folder-refused': {
    scope: 'folder',
    meaning: 'The source does not let this folder be opened.',
    reaction: 'attention',
    next: 'Give the login the right to read it, or exclude it in `folders.exclude` and run `mailferry apply`.',
    exit: EXIT.exceptions,
  },
  'source.message-unreadable': {
    scope: 'message',
    meaning:
      'The source lists the message and does not hand it out: no body comes, or a notice in its place; or the source ends the connection, falls silent or refuses whenever it is asked for this message, and hands out others.',
    reaction: 'put-aside',
    next: 'Open the message in the old system; if it can be read there, or when its mailbox was repaired, `mailferry retry` tries again.',
    exit: EXIT.exceptions,
  },
  'destination.quota': {
    scope: 'mailbox',
    meaning: 'The destination mailbox is full.',
    reaction: 'attention',
    next: 'Raise its quota at the destination, then `mailferry retry`.',
    exit: EXIT.exceptions,
  },
  'destination.unavailable': {
    scope: 'mailbox',
    meaning: 'The destination cannot store anything in this mailbox at the moment.',
    reaction: 'wait',
    next: 'Nothing: it is tried again. If it lasts, look at the quota of the destination mailbox.',
    exit: EXIT.unreachable,
  },
  'destination.quota-suspected': {
    scope: 'mailbox',
    meaning:
      'The destination has refused again and again to store anything in this mailbox, without saying why; a full mailbox looks like that.',
    reaction: 'attention',
    next: 'Compare the size of the destination mailbox with its quota, and raise that; then `mailferry retry`.',
    exit: EXIT.exceptions,
  },
  'destination.folder-refused': {
    scope: 'folder',
    meaning: 'The destination does not let this folder be created or opened.',
    reaction: 'attention',
    next: 'Map it to another name with `folders.rename` and run `mailferry apply`.',
    exit: EXIT.exceptions,
  },
  'destination.name-refused': {
    scope: 'folder',
    meaning: 'The destination does not take this name for a folder: it is reserved or holds something not allowed.',
    reaction: 'attention',
    next: 'Map it to another name with `folders.rename` and run `mailferry apply`.',
    exit: EXIT.exceptions,
  },
  'destination.folder-renamed': {
    scope: 'folder',
    meaning: 'The destination refused the name of a folder, which was made under a name like it.',
    reaction: 'note',
    next: 'Nothing; `mailferry show` names both. To choose the name yourself: `folders.rename`, then `mailferry apply`.',
    exit: EXIT.exceptions,
  },
  'destination.message-refused': {
    scope: 'message',
    meaning: 'The destination refuses this message.',
    reaction: 'put-aside',
    next: 'Read the server’s words in `mailferry aside`; `--export` writes the message as a file. It stays on the source.',
    exit: EXIT.exceptions,
  },
  'destination.message-too-large': {
    scope: 'message',
    meaning: 'The message is larger than the destination takes.',
    reaction: 'put-aside',
    next: 'Raise the destination’s message size limit (Exchange Online: `Set-Mailbox -MaxReceiveSize`, 35 MB by default, 150 MB at most), then `mailferry retry`.',
    exit: EXIT.exceptions,
  },
  'destination.line-too-long': {
    scope: 'message',
    meaning:
      'The destination refused the message twice without saying why; it has a line of more than 9,900 characters, which Exchange does not take.',
    reaction: 'put-aside',
    next: 'Nothing can be done at the destination; `mailferry aside --export` writes the message as a file. It stays on the source.',
    exit: EXIT.exceptions,
  },
  'destination.nul-bytes': {
    scope: 'message',
    meaning:
      'The destination refused the message twice without saying why; it holds NUL bytes, which many servers do not take.',
    reaction: 'put-aside',
    next: 'Nothing can be done at the destination; `mailferry aside --export` writes the message as a file. It stays on the source.',
    exit: EXIT.exceptions,
  },
  'destination.date-refused': {
    scope: 'message',
    meaning:
      'The message’s INTERNALDATE cannot be written in IMAP’s date format; it was copied with the nearest valid instant.',
    reaction: 'note',
    next: 'Nothing; the message is at the destination.',
    exit: EXIT.exceptions,
  },
  'destination.flag-dropped': {
    scope: 'message',
    meaning: 'A flag or keyword is not one that the destination keeps; the message was copied without it.',
    reaction: 'note',
    next: 'Nothing; the message is at the destination.',
    exit: EXIT.exceptions,
  },
  'destination.message-altered': {
    scope: 'message',
    meaning: 'The destination changed the message while storing it (NUL bytes, bare line feeds, odd dates).',
    reaction: 'note',
    next: 'Keep the original from the source if its exact bytes matter.',
    exit: EXIT.exceptions,
  },
  'destination.move-unsupported': {
    scope: 'message',
    meaning:
      'The message was moved to another folder on the source after it had been copied; the destination does not move messages (no MOVE, or it refused), so the copy stays in its old folder.',
    reaction: 'note',
    next: 'Nothing; the message is at the destination. Its user can move it.',
    exit: EXIT.exceptions,
  },
  'ledger.moves-unchecked': {
    scope: 'folder',
    meaning:
      'What is known of this folder is too large to be compared with the other folders, so messages that were moved to or from it on the source are copied once more.',
    reaction: 'note',
    next: 'Nothing; look for doubled messages where large folders were renamed or rearranged during the move.',
    exit: EXIT.exceptions,
  },
  'ledger.rebuilt': {
    scope: 'folder',
    meaning:
      'What was known of this folder’s messages could not be read, or was too large to be carried, so each was looked for anew at the destination and recognised by its headers.',
    reaction: 'note',
    next: 'Nothing; older messages that were not found there are put aside as `ledger.unknown-message`.',
    exit: EXIT.exceptions,
  },
  'ledger.unknown-message': {
    scope: 'message',
    meaning:
      'The source gave this older message another UID (its folder was renumbered, or it was moved); it had been handled before, and it is nowhere at the destination, so its user may have deleted it there.',
    reaction: 'put-aside',
    next: '`mailferry retry` copies it.',
    exit: EXIT.exceptions,
  },
  'verify.missing': {
    scope: 'folder',
    meaning: 'The comparison found source messages without a counterpart at the destination.',
    reaction: 'attention',
    next: '`mailferry retry` copies what is missing and compares again.',
    exit: EXIT.exceptions,
  },
  'verify.doubled': {
    scope: 'folder',
    meaning:
      'The comparison found messages at the destination more often than on the source, written during this move.',
    reaction: 'attention',
    next: 'Look at the named messages; mailferry deletes nothing at the destination.',
    exit: EXIT.exceptions,
  },
} as const satisfies Record<string, Refusal>;
