import { randomBytes } from 'node:crypto';

/** Somebody whose mailbox moves. */
export interface Person {
  readonly sourceUser: string;
  readonly destinationUser: string;
  /** The owner's own; mailferry has none for this side. */
  readonly sourcePassword: string;
  readonly destinationPassword: string;
  /** How many messages the mailbox has on the source at first. */
  readonly messages: number;
  /** Chooses the messages: the same ones in every run. */
  readonly seed: number;
  /** IMAP is switched off for this mailbox, which nobody has noticed. */
  readonly imapIsOff: boolean;
  /** The old side asks for a pause in the middle of this mailbox. */
  readonly isThrottled: boolean;
  /** Whose mail of one folder somebody has moved by hand before. */
  readonly adopts: boolean;
}

const NAMES = [
  ['anna.schmidt', 400],
  ['bjoern.larsson', 120],
  ['chiara.rossi', 250],
  ['daniel.okafor', 310],
  ['elif.yilmaz', 180],
  ['farid.haddad', 260],
  ['greta.nowak', 240],
  ['hiroshi.tanaka', 330],
  ['ines.silva', 150],
  ['jan.devries', 280],
  ['katarzyna.wisniewska', 220],
  ['liam.murphy', 260],
] as const;

const IMAP_IS_OFF = 'ines.silva';
const THROTTLED = 'hiroshi.tanaka';
const ADOPTING = 'greta.nowak';

/** The twelve mailboxes of the demonstration, 3,000 messages together, with passwords made anew. */
export function people(): readonly Person[] {
  return NAMES.map(([name, messages], index) => ({
    sourceUser: `${name}@old.example`,
    destinationUser: `${name}@new.example`,
    sourcePassword: password(),
    destinationPassword: password(),
    messages,
    seed: index + 1,
    imapIsOff: name === IMAP_IS_OFF,
    isThrottled: name === THROTTLED,
    adopts: name === ADOPTING,
  }));
}

/** With what makes passwords difficult: the CSV's separator and quotes, a blank, and a letter outside ASCII. */
function password(): string {
  return `${randomBytes(12).toString('base64url')}, "ö"`;
}
