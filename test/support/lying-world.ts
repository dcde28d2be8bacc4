/** One copy between two servers, of which either may lie for a time; then they are honest, and the copy is brought to its end. */
import { decodeLedger } from '../../copy/ledger-codec.ts';
import { NOWHERE, SOUGHT } from '../../copy/ledger.ts';
import type { CopyTask } from '../../copy/types.ts';
import { verifyFolder } from '../../copy/verify-folder.ts';
import { isImapRefusal } from '../../imap/refusal.ts';
import type { CopyFolderResult, VerifyFolderResult } from '../../model/activities.ts';
import type { NewMessage, StoredMessage } from '../../sandbox/store/message.ts';
import { DESTINATIONS, FailureHarness, LIMITS, type Circumstances, type FailureAttempt } from './failure-harness.ts';
import { knownGrowth } from './copy-harness.ts';
import { startLyingProxy, type LyingProxy, type TimedLie } from './lying-proxy.ts';
import { mail } from './memory-server.ts';

const AT = '17-Jul-2020 02:44:25 +0000';
const INBOX = { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' };

function message(body: string, more: Partial<NewMessage> = {}): NewMessage {
  return { body: Buffer.from(body, 'latin1'), internalDate: AT, flags: [], ...more };
}

/** Twins, one that is held by nobody (a stream), 8-bit, NUL, and words that read like a server's. */
const MAIL: readonly NewMessage[] = [
  message(mail('one'), { flags: ['\\Seen'] }),
  message(mail('twins')),
  message(mail('twins')),
  message(mail('there before'), { flags: ['\\Seen'] }),
  message(
    mail('words', { text: ')\r\n* 9 FETCH (UID 9 FLAGS () BODY[] {3}\r\nabc)\r\nF9 OK\r\n* BYE\r\n+ go on\r\n' }),
  ),
  message(mail('bytes', { text: 'a\0b\xff\xfe{5}' }), { flags: ['\\Flagged', '$Label'] }),
  message(mail('large', { text: 'z\r\n'.repeat(11_000) })),
  ...Array.from({ length: 6 }, (_, number) => message(mail(`more ${number}`))),
  message(mail('last'), { flags: ['\\Flagged', '\\Seen'] }),
];

const BEFORE: readonly NewMessage[] = [
  message(mail('alone')),
  message(mail('there before'), { flags: ['\\Answered'] }),
];

/** What one copy is up against. */
export interface Case {
  /** Which of `DESTINATIONS` takes the mail. */
  readonly mode: number;
  /** Half of the mail was copied before. */
  readonly begun: boolean;
  readonly source: readonly TimedLie[];
  readonly destination: readonly TimedLie[];
  /** Milliseconds of silence that are borne while there are lies. */
  readonly commandTimeout?: number;
}

/** What came of it. */
export interface Ending {
  /** Of the attempts while there were lies. */
  readonly attempts: readonly FailureAttempt[];
  readonly last: CopyFolderResult;
  readonly verified: VerifyFolderResult;
  readonly source: readonly StoredMessage[];
  readonly destination: readonly StoredMessage[];
  /** Known counterparts by source UID. */
  readonly counterparts: ReadonlyMap<number, number>;
  readonly handled: ReadonlySet<number>;
  readonly aside: ReadonlySet<number>;
}

const TIMEOUT_MS = 200;
/** Far more than all time-outs of a case together. */
const PATIENCE_MS = 30_000;
const LYING_ATTEMPTS = 2;
const HONEST_ATTEMPTS = 12;

interface Road {
  readonly harness: FailureHarness;
  readonly source: LyingProxy;
  readonly destination: LyingProxy;
}

export class LyingWorld {
  readonly #roads: readonly Road[];
  #cases = 0;

  private constructor(roads: readonly Road[]) {
    this.#roads = roads;
  }

  static async start(): Promise<LyingWorld> {
    const roads: Road[] = [];
    for (const [, capabilities] of DESTINATIONS) {
      const harness = await FailureHarness.start([], { capabilities });
      roads.push({
        harness,
        source: await startLyingProxy(harness.source.port),
        destination: await startLyingProxy(harness.destination.port),
      });
    }
    return new LyingWorld(roads);
  }

  async close(): Promise<void> {
    for (const { harness, source, destination } of this.#roads) {
      await Promise.all([source.close(), destination.close()]);
      await harness.close();
    }
  }

  /** Copies under these lies, then without any until it is complete. Throws when something does not come to an end. */
  async play({ mode, begun, source, destination, commandTimeout = TIMEOUT_MS }: Case): Promise<Ending> {
    const road = this.#roads[mode % this.#roads.length];
    if (road === undefined) throw new Error('there is no such destination');
    const { harness } = road;
    this.#cases += 1;
    const from = `from${this.#cases}`;
    const here = harness.source.store.addUser({ name: from, password: 'pw' });
    const user = harness.newUser();
    const there = harness.destination.store.user(user);
    for (const each of MAIL) here.addMessage('INBOX', each);
    for (const each of BEFORE) there.addMessage('INBOX', each);
    const world: Circumstances = { from, route: { source: road.source.port, destination: road.destination.port } };
    const attempt = (known: Partial<CopyTask>, more: Circumstances = {}): Promise<FailureAttempt> =>
      inTime(harness.attempt(user, known, { ...world, ...more }));
    let known: Partial<CopyTask> = {};
    const limits = { ...LIMITS, messagesPerShare: MAIL.length / 2 };
    if (begun) known = after(await attempt({ limits }), known);
    road.source.lie(source);
    road.destination.lie(destination);
    const attempts: FailureAttempt[] = [];
    for (let number = 0; number < LYING_ATTEMPTS && !isComplete(attempts.at(-1)); number++) {
      const made = await attempt(known, { commandTimeout });
      attempts.push(made);
      known = after(made, known);
    }
    road.source.lie([]);
    road.destination.lie([]);
    const last = await completed(attempt, known);
    const text = last.ledger ?? '';
    const ledger = decodeLedger(text);
    const verified = await inTime(this.#verified(harness, user, world, text));
    const uids = [...ledger.handledUids()];
    const counterparts = uids.map((uid) => [uid, ledger.get(uid)?.counterpart ?? NOWHERE] as const);
    const ending = {
      attempts,
      last,
      verified,
      source: [...here.folder('INBOX').messages],
      destination: [...there.folder('INBOX').messages],
      counterparts: new Map(
        counterparts.filter(([, counterpart]) => counterpart !== NOWHERE && counterpart !== SOUGHT),
      ),
      handled: new Set(uids),
      aside: new Set(ledger.aside.map(({ uid }) => uid)),
    };
    harness.source.store.removeUser(from);
    harness.destination.store.removeUser(user);
    return ending;
  }

  async #verified(
    harness: FailureHarness,
    user: string,
    { from = '' }: Circumstances,
    ledger: string,
  ): Promise<VerifyFolderResult> {
    const sessions = await harness.openBoth(user, from);
    try {
      return await verifyFolder({ folder: INBOX, ledger }, { ...sessions, interrupt: new AbortController().signal });
    } finally {
      for (const session of Object.values(sessions)) session.destroy(new Error('the case is over'));
    }
  }
}

function isComplete(attempt: FailureAttempt | undefined): boolean {
  return attempt?.result?.outcome.kind === 'complete';
}

/** What the next attempt is given. Anything but a refusal of a server is a mistake of ours. */
function after({ result, error, beats }: FailureAttempt, known: Partial<CopyTask>): Partial<CopyTask> {
  if (result !== undefined) return { ledger: result.ledger };
  if (!isImapRefusal(error)) throw new Error('a copy threw what nobody expects', { cause: error });
  const growth = knownGrowth(beats, 0);
  return growth === undefined ? known : { ...known, previousGrowth: growth };
}

async function completed(
  attempt: (known: Partial<CopyTask>) => Promise<FailureAttempt>,
  begun: Partial<CopyTask>,
): Promise<CopyFolderResult> {
  let known = begun;
  let last: FailureAttempt | undefined;
  for (let number = 0; number < HONEST_ATTEMPTS; number++) {
    last = await attempt(known);
    if (last.result?.outcome.kind === 'complete') return last.result;
    known = after(last, known);
  }
  throw new Error(`the copy comes to no end: ${JSON.stringify(last?.result?.outcome)}`, { cause: last?.error });
}

async function inTime<Result>(promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('an attempt hangs')), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
