/** The first questions on a connection that has just been taken over: what the server can do and where the mailbox is. */
import { readListed, readNamespaces } from './listing.ts';
import { refuse } from './refusal.ts';
import type { Namespaces } from './listing.ts';
import type { Welcome } from './session.ts';
import type { Wire } from './wire.ts';

/** A server that does not even tell IMAP4rev1, which is demanded of all (RFC 3501 section 7.2.1), has told nothing. */
async function askCapabilities(wire: Wire, peer: string): Promise<ReadonlySet<string>> {
  const capabilities = new Set<string>();
  await wire.run({
    asked: 'capability',
    about: 'tell its capabilities',
    parts: ['CAPABILITY'],
    onData: (data) => {
      if (data.name !== 'CAPABILITY') return;
      for (const word of data.text.toUpperCase().split(' ')) if (word !== '') capabilities.add(word);
    },
  });
  if (![...capabilities].some((capability) => capability.startsWith('IMAP4'))) {
    throw refuse('server.protocol', `${peer} does not tell what it can do`);
  }
  return capabilities;
}

async function askNamespaces(wire: Wire): Promise<Namespaces> {
  let namespaces: Namespaces = { foreign: [] };
  await wire.run({
    asked: 'namespace',
    about: 'tell its namespaces',
    parts: ['NAMESPACE'],
    onData: (data) => {
      if (data.name === 'NAMESPACE') namespaces = readNamespaces(data);
    },
  });
  return namespaces;
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

/** Asks again what was learned before and during login, since it may have changed with it. */
export async function welcome(wire: Wire, peer: string): Promise<Welcome> {
  const capabilities = await askCapabilities(wire, peer);
  const { personal, foreign } = capabilities.has('NAMESPACE') ? await askNamespaces(wire) : { foreign: [] };
  const prefix = personal?.prefix ?? '';
  const delimiter = personal === undefined ? await askDelimiter(wire) : personal.delimiter;
  return { peer, capabilities, prefix, delimiter, foreign };
}
