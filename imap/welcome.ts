/** The first questions on a connection that has just been taken over: what the server can do and where the mailbox is. */
import { readListed, readNamespaces } from './listing.ts';
import { refuse } from './refusal.ts';
import type { Namespaces } from './listing.ts';
import { ResponseError } from './response.ts';
import type { DataResponse } from './response.ts';
import type { Welcome } from './session.ts';
import type { Wire } from './wire.ts';

/** What the server has told, in answer to whichever question. */
interface Told {
  readonly capabilities: Set<string>;
  namespaces: Namespaces | undefined;
}

/** Far more than any server has. */
const MOST_CAPABILITIES = 1_000;

function addCapabilities(known: Set<string>, text: string): void {
  for (const [word] of text.toUpperCase().matchAll(/[^ ]+/g)) {
    if (known.size === MOST_CAPABILITIES) throw new ResponseError('it has more capabilities than there are');
    known.add(word);
  }
}

function listen(told: Told): (data: DataResponse) => void {
  return (data) => {
    if (data.name === 'CAPABILITY') addCapabilities(told.capabilities, data.text);
    if (data.name === 'NAMESPACE') told.namespaces = readNamespaces(data);
  };
}

async function askCapabilities(wire: Wire, onData: (data: DataResponse) => void): Promise<void> {
  const parts = ['CAPABILITY'];
  await wire.run({ asked: 'capability', about: 'tell its capabilities', parts, pipelined: true, onData });
}

async function askNamespaces(wire: Wire, onData: (data: DataResponse) => void): Promise<void> {
  const parts = ['NAMESPACE'];
  await wire.run({ asked: 'namespace', about: 'tell its namespaces', parts, pipelined: true, onData });
}

/** Some servers let in nobody who has not said who they are (RFC 2971). Whatever they answer is of no consequence. */
async function tellName(wire: Wire, onData: (data: DataResponse) => void): Promise<void> {
  const parts = ['ID ("name" "mailferry")'];
  const asked = wire.run({ asked: 'capability', about: 'take our name', parts, pipelined: true, onData });
  await asked.catch(() => undefined);
}

/** `LIST "" ""` tells the delimiter and nothing else (RFC 3501 section 6.3.8). */
async function askDelimiter(wire: Wire): Promise<string | null> {
  let delimiter: string | null = null;
  await wire.run({
    asked: 'list',
    about: 'tell its hierarchy delimiter',
    parts: ['LIST "" ""'],
    onData: (data) => {
      if (data.name === 'LIST') delimiter = readListed(data).delimiter;
    },
  });
  return delimiter;
}

/**
 * Asks again what was learned before and during login, since it may have changed with it: all at once (RFC 3501 section 5.5),
 * going by what the server has `told` so far.
 */
export async function welcome(wire: Wire, peer: string, told: ReadonlySet<string>): Promise<Welcome> {
  const answers: Told = { capabilities: new Set(), namespaces: undefined };
  const onData = listen(answers);
  await Promise.all([
    told.has('ID') ? tellName(wire, onData) : undefined,
    askCapabilities(wire, onData),
    told.has('NAMESPACE') ? askNamespaces(wire, onData) : undefined,
  ]);
  const { capabilities } = answers;
  // One that does not even tell IMAP4rev1, which is demanded of all (RFC 3501 section 7.2.1), has told nothing.
  if (![...capabilities].some((capability) => capability.startsWith('IMAP4'))) {
    throw refuse('server.protocol', `${peer} does not tell what it can do`);
  }
  if (capabilities.has('NAMESPACE') && !told.has('NAMESPACE')) await askNamespaces(wire, onData);
  const { personal, foreign } = answers.namespaces ?? { foreign: [] };
  const prefix = personal?.prefix ?? '';
  const delimiter = personal === undefined ? await askDelimiter(wire) : personal.delimiter;
  return { peer, capabilities, prefix, delimiter, foreign };
}
