/**
 * What the server says, each a whole answer without its tag. `{command}` stands for the command's name.
 * The defaults are worded after Dovecot, with the response codes of RFC 3501 §7.1, 4315, 5530 and 7889.
 */
export const DEFAULT_TEXTS = {
  greeting: 'Sandbox ready.',
  bye: 'Logging out',
  completed: 'OK {command} completed.',
  loggedIn: 'Logged in',
  authenticationFailed: 'NO [AUTHENTICATIONFAILED] Authentication failed.',
  authorizationFailed: 'NO [AUTHORIZATIONFAILED] Not allowed to act for that user.',
  passwordsRefused: 'NO [CANNOT] Passwords are not accepted here.',
  loginDisabled: 'NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure connections.',
  mechanismUnknown: 'NO [CANNOT] Unsupported authentication mechanism.',
  notConnected: 'BAD User is authenticated but not connected.',
  tooManyConnections: 'NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded',
  unknownCommand: 'BAD Error in IMAP command {command}: Unknown command.',
  badArguments: 'BAD Error in IMAP command {command}: {reason}.',
  notSelected: 'BAD No mailbox selected.',
  nonexistent: "NO [NONEXISTENT] Mailbox doesn't exist.",
  tryCreate: "NO [TRYCREATE] Mailbox doesn't exist.",
  alreadyExists: 'NO [ALREADYEXISTS] Mailbox already exists',
  invalidName: 'NO [CANNOT] Invalid mailbox name',
  readOnly: 'NO [READ-ONLY] Mailbox is open read-only.',
  overQuota: 'NO [OVERQUOTA] Quota exceeded (mailbox for user is full)',
  tooBig: 'NO [TOOBIG] Maximum size of appendable message has been exceeded',
  flagsRefused: 'NO [CANNOT] Keywords are not supported!',
  flagsDropped: 'NO Keywords are not supported!',
  expungeIssued: 'NO [EXPUNGEISSUED] Some of the requested messages no longer exist.',
  badCharset: 'NO [BADCHARSET (US-ASCII UTF-8)] Unknown charset',
  folderLost: 'BYE Selected mailbox was deleted, have to disconnect.',
  tooManyBadCommands: 'BYE Too many invalid IMAP commands.',
  shutdown: 'BYE Server shutting down.',
} as const;

export type TextName = keyof typeof DEFAULT_TEXTS;

export type Texts = Readonly<Record<TextName, string>>;
