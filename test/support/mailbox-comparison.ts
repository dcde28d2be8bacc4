import type { ReadFolder, ReadMailbox, ReadMessage } from './imap-read.ts';

/** A message and the folder it is in; for the first side the folder is the one that it is mapped to. */
export interface FoundMessage {
  readonly folder: string;
  readonly message: ReadMessage;
}

/** In what two counterparts differ. */
export type Difference = 'folder' | 'bytes' | 'internalDate' | 'flags';

/** Two messages that are counterparts but not identical. */
export interface DifferentMessage {
  readonly first: FoundMessage;
  readonly second: FoundMessage;
  readonly differs: readonly Difference[];
}

/** What is on the second side of all that is on the first, each message counted once. */
export interface MailboxComparison {
  /** Messages on the first side. */
  readonly messages: number;
  /** Of those: with a counterpart of the same folder, bytes, instant and flags. */
  readonly identical: number;
  /** On the first side, without any counterpart. */
  readonly missing: readonly FoundMessage[];
  /** On the second side, with bytes of the first side, once too often. */
  readonly doubled: readonly FoundMessage[];
  readonly different: readonly DifferentMessage[];
  /** On the second side only, with bytes that the first side does not have. */
  readonly extra: readonly FoundMessage[];
}

type KeyOf = (found: FoundMessage) => string | undefined;

const flagsKey = ({ flags }: ReadMessage): string =>
  flags
    .map((flag) => flag.toLowerCase())
    .toSorted()
    .join(' ');

const exactKey: KeyOf = ({ folder, message }) =>
  JSON.stringify([folder, message.sha256, message.instant, flagsKey(message)]);

/** From the closest resemblance to the loosest; what a looser one pairs, no closer one could. */
const RESEMBLANCES: readonly KeyOf[] = [
  ({ folder, message }) => JSON.stringify([folder, message.sha256, message.instant]),
  ({ folder, message }) => JSON.stringify([folder, message.sha256, flagsKey(message)]),
  ({ folder, message }) => JSON.stringify([folder, message.sha256]),
  ({ message }) => message.sha256,
  ({ folder, message }) =>
    message.messageId === undefined ? undefined : JSON.stringify([folder, message.messageId, message.instant]),
  ({ folder, message }) => (message.messageId === undefined ? undefined : JSON.stringify([folder, message.messageId])),
];

interface Pairing {
  readonly pairs: readonly (readonly [first: FoundMessage, second: FoundMessage])[];
  readonly first: readonly FoundMessage[];
  readonly second: readonly FoundMessage[];
}

/** Pairs what has the same key, each message at most once. */
function pair(first: readonly FoundMessage[], second: readonly FoundMessage[], keyOf: KeyOf): Pairing {
  const waiting = new Map<string | undefined, FoundMessage[]>();
  for (const found of second) {
    const key = keyOf(found);
    const same = waiting.get(key);
    if (same === undefined) waiting.set(key, [found]);
    else same.push(found);
  }
  const pairs: (readonly [FoundMessage, FoundMessage])[] = [];
  const alone: FoundMessage[] = [];
  for (const found of first) {
    const key = keyOf(found);
    const counterpart = key === undefined ? undefined : waiting.get(key)?.shift();
    if (counterpart === undefined) alone.push(found);
    else pairs.push([found, counterpart]);
  }
  return { pairs, first: alone, second: [...waiting.values()].flat() };
}

function differences(first: FoundMessage, second: FoundMessage): readonly Difference[] {
  const found: readonly (readonly [Difference, boolean])[] = [
    ['folder', first.folder !== second.folder],
    ['bytes', first.message.sha256 !== second.message.sha256],
    ['internalDate', first.message.instant !== second.message.instant],
    ['flags', flagsKey(first.message) !== flagsKey(second.message)],
  ];
  return found.filter(([, differs]) => differs).map(([difference]) => difference);
}

function allOf(folders: readonly ReadFolder[], map: (path: string) => string): readonly FoundMessage[] {
  return folders.flatMap(({ path, messages }) => messages.map((message) => ({ folder: map(path), message })));
}

/**
 * Compares two mailboxes by what is in them, as multisets: two equal messages have to be two on both sides. `folderMap`
 * gives the second side's path for a path of the first; without it paths are the same.
 */
export function compareMailboxes(
  first: ReadMailbox,
  second: ReadMailbox,
  folderMap: (path: string) => string = (path) => path,
): MailboxComparison {
  const wanted = allOf(first.folders, folderMap);
  const hashes = new Set(wanted.map(({ message }) => message.sha256));
  const exact = pair(
    wanted,
    allOf(second.folders, (path) => path),
    exactKey,
  );
  const different: DifferentMessage[] = [];
  let rest: Pairing = exact;
  for (const resemblance of RESEMBLANCES) {
    rest = pair(rest.first, rest.second, resemblance);
    for (const [a, b] of rest.pairs) different.push({ first: a, second: b, differs: differences(a, b) });
  }
  return {
    messages: wanted.length,
    identical: exact.pairs.length,
    missing: rest.first,
    doubled: rest.second.filter(({ message }) => hashes.has(message.sha256)),
    different,
    extra: rest.second.filter(({ message }) => !hashes.has(message.sha256)),
  };
}
