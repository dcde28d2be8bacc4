import { isStream } from '../imap/body.ts';
import { isImapRefusal } from '../imap/refusal.ts';
import type { FetchedMessage, ImapRefusal, ImapSession } from '../imap/types.ts';
import type { Side } from '../model/project.ts';
import { leaseLossIn } from './lease-lost.ts';

/** What a copy may ask of the source: nothing that could change it. */
export type SourceSession = Pick<
  ImapSession,
  | 'capabilities'
  | 'usable'
  | 'list'
  | 'examine'
  | 'search'
  | 'fetchFlags'
  | 'fetchChangedFlags'
  | 'fetchIdentities'
  | 'fetchMessages'
  | 'readMessages'
>;

/** What a copy may ask of the destination: to read, to add, to change flags, and to move copies of ours; never to delete. */
export type DestinationSession = SourceSession &
  Pick<
    ImapSession,
    'select' | 'create' | 'appendMode' | 'appendLimit' | 'isProven' | 'isDateProven' | 'append' | 'store' | 'move'
  > & {
    /** What is learned of the connection is kept by this. */
    readonly connection: object;
  };

/** A refusal together with the side that it came from. */
export class SideRefusal extends Error {
  override readonly name = 'SideRefusal';
  readonly side: Side;
  readonly refusal: ImapRefusal;

  constructor(side: Side, refusal: ImapRefusal) {
    super(`${side}: ${refusal.message}`, { cause: refusal });
    this.side = side;
    this.refusal = refusal;
  }
}

/** Names the side in every refusal; a lost lease and everything unknown pass as they are. */
function named(side: Side, error: unknown): unknown {
  return leaseLossIn(error) ?? (isImapRefusal(error) ? new SideRefusal(side, error) : error);
}

async function naming<Result>(side: Side, answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    throw named(side, error);
  }
}

async function* namingRows<Row>(side: Side, rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  try {
    yield* rows;
  } catch (error) {
    throw named(side, error);
  }
}

/** A body that is a stream fails as its side does. */
function namingBody(side: Side, message: FetchedMessage): FetchedMessage {
  const { body } = message;
  return body === undefined || !isStream(body) ? message : { ...message, body: namingRows(side, body) };
}

async function* namingBodies(side: Side, rows: AsyncIterable<FetchedMessage>): AsyncGenerator<FetchedMessage> {
  for await (const row of rows) yield namingBody(side, row);
}

/** A stream is the last of its group. */
async function* namingGroups(
  side: Side,
  groups: AsyncIterable<readonly FetchedMessage[]>,
): AsyncGenerator<readonly FetchedMessage[]> {
  try {
    for await (const group of groups) {
      const last = group.at(-1);
      const isStreamed = last?.body !== undefined && isStream(last.body);
      yield isStreamed ? [...group.slice(0, -1), namingBody(side, last)] : group;
    }
  } catch (error) {
    throw named(side, error);
  }
}

/** The session as a source: it can only be read, and its refusals name it. */
export function asSource(session: ImapSession): SourceSession {
  return readable(session, 'source');
}

/** The session as a destination; its refusals name it. */
export function asDestination(session: ImapSession): DestinationSession {
  const side = 'destination';
  return Object.assign(readable(session, side), {
    connection: session,
    select: (name: string) => naming(side, session.select(name)),
    create: (name: string) => naming(side, session.create(name)),
    appendMode: session.appendMode,
    appendLimit: (name: string) => naming(side, session.appendLimit(name)),
    isProven: (...args: Parameters<ImapSession['isProven']>) => session.isProven(...args),
    isDateProven: (...args: Parameters<ImapSession['isDateProven']>) => session.isDateProven(...args),
    append: (...args: Parameters<ImapSession['append']>) => naming(side, session.append(...args)),
    store: (...args: Parameters<ImapSession['store']>) => naming(side, session.store(...args)),
    move: (...args: Parameters<ImapSession['move']>) => naming(side, session.move(...args)),
  });
}

function readable(session: ImapSession, side: Side): SourceSession {
  return {
    capabilities: session.capabilities,
    get usable() {
      return session.usable;
    },
    list: () => naming(side, session.list()),
    examine: (name) => naming(side, session.examine(name)),
    search: (criteria) => naming(side, session.search(criteria)),
    fetchFlags: (uids) => namingRows(side, session.fetchFlags(uids)),
    fetchChangedFlags: (since) => namingRows(side, session.fetchChangedFlags(since)),
    fetchIdentities: (uids) => namingRows(side, session.fetchIdentities(uids)),
    fetchMessages: (uids) => namingRows(side, namingBodies(side, session.fetchMessages(uids))),
    readMessages: (uids, budget) => namingGroups(side, session.readMessages(uids, budget)),
  };
}
