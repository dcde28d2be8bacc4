import { randomBytes } from 'node:crypto';

/** Somebody whose mailbox moves. */
export interface Person {
  readonly sourceUser: string;
  readonly destinationUser: string;
  readonly sourcePassword: string;
  readonly destinationPassword: string;
  /** How many messages the mailbox has on the source at first. */
  readonly messages: number;
  /** Chooses the messages: the same ones in every run. */
  readonly seed: number;
  /** The side that does not know the password yet when the project starts. */
  readonly lateOn: 'source' | 'destination' | undefined;
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

const LATE: Readonly<Record<string, Person['lateOn']>> = {
  'chiara.rossi': 'destination',
  'ines.silva': 'source',
  'liam.murphy': 'destination',
};
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
    lateOn: LATE[name],
    adopts: name === ADOPTING,
  }));
}

/** With what makes passwords difficult: the CSV's separator and quotes, a blank, and a letter outside ASCII. */
function password(): string {
  return `${randomBytes(12).toString('base64url')}, "ö"`;
}
