/** Opening a folder and asking for its state (RFC 3501 sections 6.3.1, 6.3.2 and 6.3.10). */
import { mailboxName } from './grammar.ts';
import { refuse } from './refusal.ts';
import { positiveOf, readArguments, wordsOf } from './response.ts';
import type { DataResponse, ResponseCode } from './response.ts';
import { askStatus } from './status.ts';
import type { Asked, Told } from './status.ts';
import type { FolderStatus, OpenFolder } from './types.ts';
import type { Wire } from './wire.ts';

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
  // One may arrive between the two numbers.
  if (messages > uidNext) {
    throw refuse('server.protocol', `${peer} tells ${messages} messages in ${shown}, and ${uidNext} as UIDNEXT`);
  }
  return { messages, uidNext, uidValidity };
}

/** STATUS. */
export async function folderStatus(wire: Wire, peer: string, asked: Asked): Promise<FolderStatus> {
  return complete(peer, asked.shown, await askStatus(wire, asked));
}

interface Opening extends Told {
  highestModseq?: number | undefined;
  /** It keeps no mod-sequences for this folder (RFC 7162 section 3.1.2.2), whatever else it says. */
  noModseq?: true;
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
  if (name === 'NOMODSEQ') opening.noModseq = true;
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
  asked: Asked,
  condstore: boolean,
): Promise<OpenFolder> {
  const { name, shown } = asked;
  const opening: Opening = { flags: [] };
  const { code } = await wire.run({
    asked: how,
    about: `open ${shown}`,
    parts: [`${how.toUpperCase()} `, mailboxName(name), ...(condstore ? [' (CONDSTORE)'] : [])],
    pipelined: true,
    onData: (data) => readOpeningData(opening, data),
    onCode: (told) => readCode(opening, told),
  });
  const { flags, permanentFlags, highestModseq, noModseq, ...told } = opening;
  const missing = told.uidNext === undefined || told.uidValidity === undefined;
  const later = missing ? await askStatus(wire, asked) : {};
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
    ...(highestModseq === undefined || noModseq || !condstore ? {} : { highestModseq }),
  };
}
