/** Opening a folder and asking for its state (RFC 3501 sections 6.3.1, 6.3.2 and 6.3.10). */
import { mailboxName } from './grammar.ts';
import { refuse } from './refusal.ts';
import { numberOf, positiveOf, readArguments, textOf, wordsOf } from './response.ts';
import type { DataResponse, ResponseCode } from './response.ts';
import type { FolderStatus, OpenFolder } from './types.ts';
import type { Wire } from './wire.ts';

/** The numbers that a server told; any of them may be missing. */
interface Told {
  messages?: number | undefined;
  uidNext?: number | undefined;
  uidValidity?: number | undefined;
}

function readStatusItems(data: DataResponse): Told {
  const [, list] = data.values();
  const items = list?.kind === 'list' ? list.items : [];
  const told: Told = {};
  for (let index = 0; index + 1 < items.length; index += 2) {
    const name = textOf(items[index])?.toUpperCase();
    const value = items[index + 1];
    if (name === 'MESSAGES') told.messages = numberOf(value);
    if (name === 'UIDNEXT') told.uidNext = positiveOf(value);
    if (name === 'UIDVALIDITY') told.uidValidity = positiveOf(value);
  }
  return told;
}

/** Throws an ImapRefusal: without these numbers no message can be recognised again. */
function complete(peer: string, shown: string, { messages, uidNext, uidValidity }: Told): FolderStatus {
  if (messages === undefined || uidNext === undefined || uidValidity === undefined) {
    const missing = [
      ...(messages === undefined ? ['the number of messages'] : []),
      ...(uidNext === undefined ? ['UIDNEXT'] : []),
      ...(uidValidity === undefined ? ['UIDVALIDITY'] : []),
    ];
    throw refuse('server.protocol', `${peer} does not tell ${missing.join(' and ')} of ${shown}`);
  }
  return { messages, uidNext, uidValidity };
}

async function askStatus(wire: Wire, name: string, shown: string): Promise<Told> {
  let told: Told = {};
  await wire.run({
    asked: 'status',
    about: `tell the status of ${shown}`,
    parts: ['STATUS ', mailboxName(name), ' (MESSAGES UIDNEXT UIDVALIDITY)'],
    pipelined: true,
    onData: (data) => {
      if (data.name === 'STATUS') told = readStatusItems(data);
    },
  });
  return told;
}

/** STATUS. `shown` is the name for people. */
export async function folderStatus(wire: Wire, peer: string, name: string, shown: string): Promise<FolderStatus> {
  return complete(peer, shown, await askStatus(wire, name, shown));
}

interface Opening extends Told {
  highestModseq?: number | undefined;
  flags: readonly string[];
  permanentFlags?: readonly string[];
}

/** A number of 63 bits (RFC 7162 section 3.1.2.1); those that a JavaScript number cannot hold exactly are as good as none. */
function modseqOf(args: string): number | undefined {
  const value = /^\d{1,19}$/.test(args) ? Number(args) : 0;
  return value > 0 && Number.isSafeInteger(value) ? value : undefined;
}

function readCode(opening: Opening, { name, args }: ResponseCode): void {
  if (name === 'UIDVALIDITY') opening.uidValidity = positiveOf(readArguments(args)[0]);
  if (name === 'UIDNEXT') opening.uidNext = positiveOf(readArguments(args)[0]);
  if (name === 'HIGHESTMODSEQ') opening.highestModseq ??= modseqOf(args);
  if (name === 'PERMANENTFLAGS') {
    const flags = wordsOf(readArguments(args)[0]);
    if (flags !== undefined) opening.permanentFlags = flags;
  }
}

function readOpeningData(opening: Opening, data: DataResponse): void {
  if (data.name === 'EXISTS' && data.number !== undefined) opening.messages = data.number;
  if (data.name === 'FLAGS') opening.flags = wordsOf(data.values()[0]) ?? [];
}

/**
 * EXAMINE or SELECT; Courier leaves UIDNEXT out, and is asked again with STATUS. `condstore`: the server is told that
 * mod-sequences are of interest (RFC 7162 section 3.1.8), since some keep none until they are.
 */
export async function openFolder(
  wire: Wire,
  peer: string,
  how: 'examine' | 'select',
  name: string,
  shown: string,
  condstore: boolean,
): Promise<OpenFolder> {
  const opening: Opening = { flags: [] };
  const { code } = await wire.run({
    asked: how,
    about: `open ${shown}`,
    parts: [`${how.toUpperCase()} `, mailboxName(name), ...(condstore ? [' (CONDSTORE)'] : [])],
    pipelined: true,
    onData: (data) => readOpeningData(opening, data),
    onCode: (told) => readCode(opening, told),
  });
  const { flags, permanentFlags, highestModseq, ...told } = opening;
  const missing = told.uidNext === undefined || told.uidValidity === undefined;
  const later = missing ? await askStatus(wire, name, shown) : {};
  const status = complete(peer, shown, {
    messages: told.messages,
    uidNext: told.uidNext ?? later.uidNext,
    uidValidity: told.uidValidity ?? later.uidValidity,
  });
  return {
    name,
    readOnly: how === 'examine' || code?.name === 'READ-ONLY',
    ...status,
    flags,
    ...(permanentFlags === undefined ? {} : { permanentFlags }),
    ...(highestModseq === undefined || !condstore ? {} : { highestModseq }),
  };
}
