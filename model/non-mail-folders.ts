/** Which folders of an Exchange mailbox hold no mail, as far as their names tell. */
import { foldName, type FittedLevel } from './folder-names.ts';
import { DEFAULT_NAMES, PROGRAM_NAMES } from './non-mail-names.ts';

/** A mailbox has at least a calendar and contacts; a single name that means something in a language is no such language. */
const LEAST_NAMES = 2;

const PROGRAM_KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries(PROGRAM_NAMES).flatMap(([kind, names]) => names.map((name) => [foldName(name), kind] as const)),
);

const DEFAULT_KINDS: ReadonlyMap<string, string> = new Map(
  DEFAULT_NAMES.flat().map(({ kind, name }) => [foldName(name), kind] as const),
);

/**
 * Steps aside where an Exchange mailbox of some language keeps something else than mail under this name at its top level:
 * mail would be seen by nobody there. Undefined where the name is free for mail.
 */
export function besideNonMail({ level, reason }: FittedLevel): FittedLevel | undefined {
  const kind = DEFAULT_KINDS.get(foldName(level)) ?? PROGRAM_KINDS.get(foldName(level));
  if (kind === undefined) return undefined;
  const reasons = [...(reason === undefined ? [] : [reason]), `Exchange keeps ${kind} under this name`];
  return { level: `${level} (mail)`, reason: reasons.join(', ') };
}

/**
 * By the folded name of its first level, what a folder and all below it hold instead of mail. `tops`: the first levels of
 * all folders.
 *
 * Exchange makes calendar, contacts, tasks, notes and journal in the language of the mailbox, and lists them all: so a name
 * counts only in the language in which most of the names are, and a user's own “Notes” in a German mailbox is mail.
 */
export function nonMailKinds(tops: readonly string[]): ReadonlyMap<string, string> {
  const there = new Set(tops.map(foldName));
  const languages = DEFAULT_NAMES.map((names) => names.filter(({ name }) => there.has(foldName(name))));
  const most = Math.max(...languages.map(({ length }) => length));
  const kinds = new Map([...PROGRAM_KINDS].filter(([name]) => there.has(name)));
  if (most < LEAST_NAMES) return kinds;
  for (const names of languages.filter(({ length }) => length === most)) {
    for (const { kind, name } of names) kinds.set(foldName(name), kind);
  }
  return kinds;
}
