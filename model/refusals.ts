/**
 * The one table of refusals: every way in which a server, a file, a key or a person can say no. The engine's reactions,
 * the command line's exit codes, the report and the documentation are read from here.
 */

/** Whose fault it is, and so how far it reaches. */
export type Scope =
  | 'tenant'
  | 'endpoint'
  | 'mailbox'
  | 'folder'
  | 'message'
  | 'connection'
  | 'project'
  | 'command'
  | 'machine'
  | 'us';

/**
 * What happens by itself:
 * `wait-for-access`: tried again with back-off up to the grace time, then needs attention;
 * `wait`: tried again with back-off, without an end;
 * `attention`: this mailbox or folder waits for a person, the others go on;
 * `put-aside`: the message is named in the report, the rest goes on;
 * `note`: recorded, nothing else; `stop`: the command ends and nothing was started.
 */
export type Reaction = 'wait-for-access' | 'wait' | 'attention' | 'put-aside' | 'note' | 'stop';

/** Exit codes of the command line. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  exceptions: 3,
  access: 4,
  unreachable: 5,
  notConfirmed: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Refusal {
  readonly scope: Scope;
  readonly meaning: string;
  readonly reaction: Reaction;
  /** What a person can do now. */
  readonly next: string;
  /** With which code a command ends that meets it. */
  readonly exit: ExitCode;
}

export const REFUSALS = {
  'access.refused': {
    scope: 'mailbox',
    meaning:
      'The server refuses this login although it is well-formed; permissions given a short time ago look the same.',
    reaction: 'wait-for-access',
    next: 'Check that the permission for this mailbox was given and that IMAP is enabled for it, then `mailferry retry`.',
    exit: EXIT.access,
  },
  'access.password': {
    scope: 'mailbox',
    meaning: 'The server does not accept this user name and password.',
    reaction: 'wait-for-access',
    next: 'Correct the password (or the user name) in the CSV or the project file and run `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.administrator': {
    scope: 'endpoint',
    meaning: 'The administrator may log in, but not open this user’s mailbox.',
    reaction: 'wait-for-access',
    next: 'Give the administrator the right to act for users on the server, or choose another form in `authentication`.',
    exit: EXIT.access,
  },
  'access.method': {
    scope: 'endpoint',
    meaning: 'The server offers no way to log in that fits the project file.',
    reaction: 'attention',
    next: 'Compare the server’s AUTH capabilities in the message with `authentication` and `tls` of the endpoint.',
    exit: EXIT.access,
  },
  'access.token': {
    scope: 'tenant',
    meaning: 'The token service gave no access token for the application.',
    reaction: 'wait-for-access',
    next: 'Follow the error code in the message: tenant, client id, secret or certificate, and admin consent.',
    exit: EXIT.access,
  },
  'access.audience': {
    scope: 'tenant',
    meaning: 'The access token is for another resource than the mail server.',
    reaction: 'wait-for-access',
    next: 'Correct `scope` of the endpoint (for Exchange Online https://outlook.office365.com/.default), then `mailferry apply`.',
    exit: EXIT.access,
  },
  'access.role': {
    scope: 'tenant',
    meaning:
      'The access token lacks the application permission IMAP.AccessAsApp: no mailbox opens with it. A consent given a short time ago shows in a new token only.',
    reaction: 'wait-for-access',
    next: 'Add the application permission IMAP.AccessAsApp of Office 365 Exchange Online, grant admin consent, then `mailferry retry`.',
    exit: EXIT.access,
  },
  'access.tenant': {
    scope: 'tenant',
    meaning:
      'The access token is good, and every mailbox that was tried refuses the application. Permissions given a short time ago look the same.',
    reaction: 'wait-for-access',
    next: 'Go through the causes that `mailferry doctor FILE` names, with its commands for the tenant; then `mailferry retry`.',
    exit: EXIT.access,
  },
  'access.unavailable': {
    scope: 'mailbox',
    meaning: 'The server cannot open the mailbox at the moment, or has too many connections of this user.',
    reaction: 'wait',
    next: 'Nothing: it is tried again. If it lasts, lower `limits` in the project file and run `mailferry apply`.',
    exit: EXIT.unreachable,
  },
  'server.unreachable': {
    scope: 'endpoint',
    meaning: 'No connection to the server could be made.',
    reaction: 'wait',
    next: 'Check host and port of the endpoint, name resolution and firewalls from the worker’s machine.',
    exit: EXIT.unreachable,
  },
  'server.certificate': {
    scope: 'endpoint',
    meaning: 'The server’s certificate is not valid, not trusted or made out for another name.',
    reaction: 'attention',
    next: 'Renew the certificate, or name its authority in `ca` (and its name in `serverName`), then `mailferry apply`.',
    exit: EXIT.unreachable,
  },
  'server.starttls': {
    scope: 'endpoint',
    meaning: 'The project file asks for STARTTLS and the server does not offer it.',
    reaction: 'attention',
    next: 'Use `tls: implicit` with the server’s TLS port, usually 993, and run `mailferry apply`.',
    exit: EXIT.unreachable,
  },
  'server.timeout': {
    scope: 'connection',
    meaning: 'The server did not answer a command in time.',
    reaction: 'wait',
    next: 'Nothing: the connection is made anew and the copy goes on where it was.',
    exit: EXIT.unreachable,
  },
  'server.connection-lost': {
    scope: 'connection',
    meaning: 'The server or the network ended the connection.',
    reaction: 'wait',
    next: 'Nothing: the connection is made anew and the copy goes on where it was.',
    exit: EXIT.unreachable,
  },
  'server.throttled': {
    scope: 'mailbox',
    meaning: 'The server asks to be left in peace for a while.',
    reaction: 'wait',
    next: 'Nothing: the wait is kept. If it lasts for days, lower `limits` in the project file.',
    exit: EXIT.unreachable,
  },
  'server.protocol': {
    scope: 'connection',
    meaning: 'The server said something that IMAP does not allow; the connection was given up before harm was done.',
    reaction: 'wait',
    next: 'If it happens again and again, report the server’s words and its software to the makers of both.',
    exit: EXIT.unreachable,
  },
  'server.refused': {
    scope: 'folder',
    meaning: 'The server refused a command for a reason that mailferry does not know.',
    reaction: 'attention',
    next: 'Read the server’s words; when the cause is mended, `mailferry retry`.',
    exit: EXIT.exceptions,
  },
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
    meaning: 'The source lists the message and does not hand out its body.',
    reaction: 'put-aside',
    next: 'Open the message in the old system; if it can be read there, `mailferry retry` tries again.',
    exit: EXIT.exceptions,
  },
  'destination.quota': {
    scope: 'mailbox',
    meaning: 'The destination mailbox is full.',
    reaction: 'attention',
    next: 'Raise its quota at the destination, then `mailferry retry`.',
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
    next: 'Raise the destination’s message size limit, then `mailferry retry`.',
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
  'seal.key-missing': {
    scope: 'machine',
    meaning: 'There is no key to open the project’s secrets with.',
    reaction: 'attention',
    next: 'Copy `.mailferry/seal.key` of the machine that started the project to this worker, or set MAILFERRY_SEAL_KEY.',
    exit: EXIT.usage,
  },
  'seal.wrong-key': {
    scope: 'machine',
    meaning: 'The secret was sealed with a key that this worker does not have.',
    reaction: 'attention',
    next: 'Give this worker the `seal.key` of the machine that started the project, restart it, then `mailferry retry`.',
    exit: EXIT.usage,
  },
  'seal.key-file': {
    scope: 'machine',
    meaning: 'The key file, or MAILFERRY_SEAL_KEY, holds no usable key, or would be overwritten.',
    reaction: 'stop',
    next: 'Restore it from a backup.',
    exit: EXIT.usage,
  },
  'seal.key-file-open-to-others': {
    scope: 'machine',
    meaning: 'Other users of the machine have rights to the key file.',
    reaction: 'stop',
    next: 'Close it to others with `chmod 600 .mailferry/seal.key`.',
    exit: EXIT.usage,
  },
  'seal.damaged': {
    scope: 'project',
    meaning: 'A sealed secret was changed after it had been sealed.',
    reaction: 'attention',
    next: 'Run `mailferry apply` with the project file: it seals the secrets anew.',
    exit: EXIT.usage,
  },
  'seal.wrong-binding': {
    scope: 'project',
    meaning: 'A sealed secret is used for another project, server, TLS mode or user than it was sealed for.',
    reaction: 'attention',
    next: 'Run `mailferry apply` with the project file: it seals the secrets anew.',
    exit: EXIT.usage,
  },
  'project.file': {
    scope: 'project',
    meaning: 'The project file is not valid.',
    reaction: 'stop',
    next: 'Correct the lines named; `mailferry schema` prints the schema for your editor.',
    exit: EXIT.usage,
  },
  'project.csv': {
    scope: 'project',
    meaning: 'The CSV of mailboxes is not valid.',
    reaction: 'stop',
    next: 'Correct the rows named; nothing was started.',
    exit: EXIT.usage,
  },
  'project.secret': {
    scope: 'project',
    meaning: 'A secret that the project file refers to cannot be read.',
    reaction: 'stop',
    next: 'Create the file, set the variable, or run where a terminal can ask for it.',
    exit: EXIT.usage,
  },
  'project.exists': {
    scope: 'project',
    meaning: 'A project of this name is running.',
    reaction: 'stop',
    next: 'Use `mailferry apply` to change it, or `mailferry cancel` to end it first.',
    exit: EXIT.usage,
  },
  'project.unknown': {
    scope: 'project',
    meaning: 'There is no project of this name.',
    reaction: 'stop',
    next: '`mailferry list` shows the projects that there are.',
    exit: EXIT.usage,
  },
  'project.mailbox-unknown': {
    scope: 'project',
    meaning: 'The project has no such mailbox.',
    reaction: 'stop',
    next: '`mailferry status NAME -o json` lists the mailboxes of the project.',
    exit: EXIT.usage,
  },
  'project.ended': {
    scope: 'project',
    meaning: 'The project has ended.',
    reaction: 'stop',
    next: 'Start a new one; mail that is already at the destination is recognised and not copied again.',
    exit: EXIT.usage,
  },
  'project.not-ready': {
    scope: 'project',
    meaning: 'The project is not in a state in which this can be done.',
    reaction: 'stop',
    next: 'Wait with `mailferry wait NAME --for ready`, or use `--force` where the message offers it.',
    exit: EXIT.usage,
  },
  'project.change': {
    scope: 'project',
    meaning: 'A running project cannot take this change.',
    reaction: 'stop',
    next: 'Take the change back in the project file; or cancel the project and start it anew.',
    exit: EXIT.usage,
  },
  'project.cancelled': {
    scope: 'project',
    meaning: 'The project was cancelled.',
    reaction: 'stop',
    next: 'Start it again; mail that is already at the destination is recognised and not copied again.',
    exit: EXIT.exceptions,
  },
  'command.usage': {
    scope: 'command',
    meaning: 'The command was not called as it wants to be.',
    reaction: 'stop',
    next: '`mailferry help COMMAND` shows how.',
    exit: EXIT.usage,
  },
  'command.not-confirmed': {
    scope: 'command',
    meaning: 'The question was not answered with yes.',
    reaction: 'stop',
    next: 'Nothing was changed. Repeat the command and confirm, or pass the option that confirms.',
    exit: EXIT.notConfirmed,
  },
  'command.timeout': {
    scope: 'command',
    meaning: 'What was waited for did not happen in the time given.',
    reaction: 'stop',
    next: 'The project goes on; look at `mailferry status`, and wait again.',
    exit: EXIT.unreachable,
  },
  'command.interrupted': {
    scope: 'command',
    meaning: 'The command was interrupted.',
    reaction: 'stop',
    next: 'Repeat the command; `mailferry list` shows what is running.',
    exit: EXIT.interrupted,
  },
  'command.file': {
    scope: 'command',
    meaning: 'A file cannot be read or written, or is in the way.',
    reaction: 'stop',
    next: 'Check the path and its permissions; `--force` overwrites where a command offers it.',
    exit: EXIT.usage,
  },
  'up.running': {
    scope: 'machine',
    meaning: '`mailferry up` is already running in this directory.',
    reaction: 'stop',
    next: 'Use the one that runs, or stop it with Ctrl-C first; another directory (`--home`) can have its own.',
    exit: EXIT.usage,
  },
  'temporal.config': {
    scope: 'machine',
    meaning: 'Temporal’s configuration (environment variables or its file) cannot be used.',
    reaction: 'stop',
    next: 'Correct what the message names; without any configuration, `mailferry up` is used.',
    exit: EXIT.usage,
  },
  'temporal.refused': {
    scope: 'machine',
    meaning: 'The Temporal server refuses the credentials, or what they are used for.',
    reaction: 'stop',
    next: 'Check the API key or the client certificate, and that they are allowed to use this namespace.',
    exit: EXIT.access,
  },
  'temporal.namespace': {
    scope: 'machine',
    meaning: 'The Temporal server has no such namespace.',
    reaction: 'stop',
    next: 'Name an existing one with `--namespace` or TEMPORAL_NAMESPACE.',
    exit: EXIT.usage,
  },
  'temporal.server': {
    scope: 'machine',
    meaning: 'The Temporal server of `mailferry up` does not start or does not stay up.',
    reaction: 'stop',
    next: 'Read the end of `.mailferry/temporal.log`; is the disk full, or the port taken?',
    exit: EXIT.unreachable,
  },
  'temporal.unreachable': {
    scope: 'machine',
    meaning: 'The Temporal server does not answer.',
    reaction: 'stop',
    next: 'Start it with `mailferry up`, or set TEMPORAL_ADDRESS to where it runs.',
    exit: EXIT.unreachable,
  },
  'temporal.no-worker': {
    scope: 'machine',
    meaning: 'No mailferry worker answered.',
    reaction: 'stop',
    next: 'Start one with `mailferry up` (one machine) or `mailferry worker`.',
    exit: EXIT.unreachable,
  },
  'temporal.search-attributes': {
    scope: 'machine',
    meaning: 'The namespace lacks mailferry’s search attributes and they cannot be added from here.',
    reaction: 'stop',
    next: 'Have an administrator of the Temporal cluster run the command in the message.',
    exit: EXIT.unreachable,
  },
  'temporal.binary': {
    scope: 'machine',
    meaning: 'The Temporal development server could not be obtained.',
    reaction: 'stop',
    next: 'Install the `temporal` command line, or set TEMPORAL_CLI_PATH to it.',
    exit: EXIT.unreachable,
  },
  'us.bug': {
    scope: 'us',
    meaning: 'Something happened that mailferry did not expect.',
    reaction: 'attention',
    next: 'Please report it with the text; then `mailferry retry`.',
    exit: EXIT.bug,
  },
} as const satisfies Record<string, Refusal>;

export type RefusalCode = keyof typeof REFUSALS;

/** The table's row of a code. */
export function refusal(code: RefusalCode): Refusal {
  return REFUSALS[code];
}

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(REFUSALS, text);
}
