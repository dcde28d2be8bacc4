/** STATUS (RFC 3501 section 6.3.10), of which many may be under way at a time: what is told belongs to the folder that it names. */
import { listedPath } from '../model/utf7.ts';
import { mailboxName } from './grammar.ts';
import type { Command } from './outgoing.ts';
import { numberOf, positiveOf, textOf } from './response.ts';
import type { DataResponse, Value } from './response.ts';
import type { Wire } from './wire.ts';

/** A folder that is asked about. */
export interface Asked {
  /** As the server lists it. */
  readonly name: string;
  /** For people. */
  readonly shown: string;
  readonly delimiter: string | null;
}

/** The numbers that a server told; any of them may be missing. */
export interface Told {
  messages?: number | undefined;
  uidNext?: number | undefined;
  uidValidity?: number | undefined;
}

/** INBOX is the same in any case (RFC 3501 section 5.1), and a name in UTF-8 the same as in modified UTF-7. */
function spelling(name: string, delimiter: string | null): string {
  const [first = '', ...below] = listedPath(name, delimiter);
  if (below.at(-1) === '') below.pop();
  return [first.toUpperCase() === 'INBOX' ? 'INBOX' : first, ...below].join('\0');
}

/** The name in STATUS data; one that reads like NIL is a name. */
function nameIn(data: DataResponse): string | undefined {
  if (data.name !== 'STATUS') return undefined;
  const [name] = data.values();
  return name?.kind === 'nil' ? 'NIL' : textOf(name);
}

/** Whether data is the STATUS of this folder: by the very name, or by the same one spelled in another way. */
function concerns(data: DataResponse, { name, delimiter }: Asked): 'exactly' | 'spelled otherwise' | undefined {
  const named = nameIn(data);
  if (named === undefined) return undefined;
  if (named === name) return 'exactly';
  return spelling(named, delimiter) === spelling(name, delimiter) ? 'spelled otherwise' : undefined;
}

function itemsOf(data: DataResponse): ReadonlyMap<string, Value> {
  const [, list] = data.values();
  const items = new Map<string, Value>();
  if (list?.kind !== 'list') return items;
  for (let index = 0; index + 1 < list.items.length; index += 2) {
    const [name, value] = [textOf(list.items[index])?.toUpperCase(), list.items[index + 1]];
    if (name !== undefined && value !== undefined) items.set(name, value);
  }
  return items;
}

type OwnParts = Pick<Command, 'concerns' | 'onData'>;

/** How a command that asks for the STATUS of this folder is told it. */
function told(asked: Asked, take: (items: ReadonlyMap<string, Value>) => void): OwnParts {
  return {
    concerns: (data) => concerns(data, asked),
    onData: (data) => {
      if (concerns(data, asked) !== undefined) take(itemsOf(data));
    },
  };
}

/** Counts and UIDs of a folder. */
export async function askStatus(wire: Wire, asked: Asked): Promise<Told> {
  const { name, shown } = asked;
  let known: Told = {};
  await wire.run({
    asked: 'status',
    about: `tell the status of ${shown}`,
    parts: ['STATUS ', mailboxName(name), ' (MESSAGES UIDNEXT UIDVALIDITY)'],
    pipelined: true,
    ...told(asked, (items) => {
      known = {
        messages: numberOf(items.get('MESSAGES')),
        uidNext: positiveOf(items.get('UIDNEXT')),
        uidValidity: positiveOf(items.get('UIDVALIDITY')),
      };
    }),
  });
  return known;
}

/** The value of one more item (RFC 7889), which stands for itself; undefined where it is not told. */
export async function askItem(wire: Wire, asked: Asked, item: string, about: string): Promise<string | undefined> {
  let value: string | undefined;
  await wire.run({
    asked: 'status',
    about,
    parts: ['STATUS ', mailboxName(asked.name), ` (${item})`],
    ...told(asked, (items) => (value = textOf(items.get(item)) ?? value)),
  });
  return value;
}
