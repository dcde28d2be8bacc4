import { EXIT, type Refusal } from './row.ts';

/** Refusals of servers and of the way to them, whatever was asked. */
export const SERVER_REFUSALS = {
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
    next: 'Renew the certificate, or name its authority in `ca` (and its name in `serverName`; of the token service, or of a proxy that looks into TLS before it: `authorityCa`), then `mailferry apply`.',
    exit: EXIT.unreachable,
  },
  'server.proxy': {
    scope: 'endpoint',
    meaning: 'The proxy that the worker’s environment names did not make the connection.',
    reaction: 'wait',
    next: 'Check HTTPS_PROXY (for mail servers IMAPS_PROXY, or ALL_PROXY), its user and password, and NO_PROXY on the worker’s machine; restart the worker.',
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
    reaction: 'reconnect',
    next: 'Nothing: the connection is made anew and the copy goes on where it was.',
    exit: EXIT.unreachable,
  },
  'server.token-expired': {
    scope: 'connection',
    meaning:
      'The server ended the session because its access token has expired, as every one does after about an hour.',
    reaction: 'reconnect',
    next: 'Nothing: a fresh token is asked for, and the copy goes on where it was.',
    exit: EXIT.unreachable,
  },
  'server.throttled': {
    scope: 'mailbox',
    meaning: 'The server asks to be left in peace for a while.',
    reaction: 'wait',
    next: 'Nothing: the wait is kept, and the mailbox goes on with fewer connections. If it lasts for days, lower `limits` in the project file.',
    exit: EXIT.unreachable,
  },
  'server.all-throttled': {
    scope: 'tenant',
    meaning:
      'The server asks several mailboxes at once to wait, so the whole tenant has used up what it may: no mailbox is opened there until that is over, and then fewer at a time.',
    reaction: 'wait',
    next: 'Nothing: the wait is kept. If it comes back again and again, lower `limits.connectionsPerEndpoint` and run `mailferry apply`.',
    exit: EXIT.unreachable,
  },
  'server.daily-limit': {
    scope: 'mailbox',
    meaning: 'The mailbox has used up what its server hands out or takes in one day.',
    reaction: 'wait',
    next: 'Nothing: the mailbox is left alone for a day. Logging in to it meanwhile, with any program, may prolong that.',
    exit: EXIT.unreachable,
  },
  'server.too-many-connections': {
    scope: 'mailbox',
    meaning: 'The server allows no more connections of this user.',
    reaction: 'wait',
    next: 'Nothing: the mailbox goes on with fewer connections. If it lasts, close other programs of the user, or lower `limits.connectionsPerMailbox` and run `mailferry apply`.',
    exit: EXIT.unreachable,
  },
  'server.duplicate-folders': {
    scope: 'mailbox',
    meaning:
      'The mailbox has several folders of the same name, and its server opens none of it over IMAP until they are renamed.',
    reaction: 'attention',
    next: 'Have the user or the administrator rename the folders that the server’s words name (in Outlook or with MFCMAPI), then `mailferry retry`.',
    exit: EXIT.exceptions,
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
} as const satisfies Record<string, Refusal>;
