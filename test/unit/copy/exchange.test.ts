/** Exchange as a source and as a destination, as the sandbox's tenant has it: over real sockets, without its tokens. */
import { afterEach, describe, expect, it } from 'vitest';
import { verifyFolder } from '../../../copy/verify-folder.ts';
import { startSandbox, type SandboxOptions } from '../../../sandbox/server.ts';
import type { NewMessage, StoredMessage } from '../../../sandbox/store/message.ts';
import { exchangeSettings } from '../../../sandbox/tenant/exchange.ts';
import { FailureHarness, type Circumstances } from '../../support/failure-harness.ts';
import { mail } from '../../support/memory-server.ts';

const AT = '17-Jul-2020 02:44:25 +0000';
const ARGUMENT_ERROR = 'BAD Command Argument Error. 11';
const PAIR = { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' };

let world: FailureHarness | undefined;
afterEach(() => world?.close());

const exchange = (change: SandboxOptions = {}): SandboxOptions => ({
  ...exchangeSettings(),
  acceptsPasswords: true,
  ...change,
});

function message(number: number, change: Partial<NewMessage> & { readonly text?: string } = {}): NewMessage {
  const { text = 'hello', ...rest } = change;
  return { body: Buffer.from(mail(`number ${number}.`, { text }), 'latin1'), internalDate: AT, ...rest };
}

const LISTS = [[], ['\\Seen'], ['\\Flagged'], ['\\Seen', '\\Flagged'], ['\\Flagged', '$Label1'], ['Work']];
const numbered = (count: number): readonly NewMessage[] =>
  Array.from({ length: count }, (_, index) => message(index + 1, { flags: LISTS[index % LISTS.length] ?? [] }));

async function begin(
  messages: readonly NewMessage[],
  source: SandboxOptions = {},
  destination: SandboxOptions = exchange(),
): Promise<[FailureHarness, string]> {
  world = new FailureHarness(
    await startSandbox({ ...source, users: [{ name: 'ann', password: 'pw' }] }),
    await startSandbox({ ...destination, users: [] }),
  );
  for (const each of messages) world.source.store.user('ann').addMessage('INBOX', each);
  return [world, world.newUser()];
}

const inbox = ({ destination }: FailureHarness, user: string): readonly StoredMessage[] =>
  destination.store.user(user).folder('INBOX').messages;

const isFlagged = ({ flags }: Pick<StoredMessage, 'flags'>): boolean => [...flags].includes('\\Flagged');

/** Which messages are flagged, by their numbers. */
function flagsOf(messages: readonly StoredMessage[]): readonly (readonly [number, boolean])[] {
  const flags = messages.map((each): readonly [number, boolean] => {
    const [, number] = /number (\d+)\./.exec(each.body.toString('latin1')) ?? [];
    return [Number(number), isFlagged(each)];
  });
  return flags.toSorted(([a], [b]) => a - b);
}

describe('a destination that is Exchange', () => {
  it('has every message once, with \\Flagged set again and lost keywords counted', async () => {
    const [copy, user] = await begin(numbered(30));
    const { notes, counts } = await copy.copyAll(user);
    expect(flagsOf(inbox(copy, user))).toEqual(flagsOf(copy.source.store.user('ann').folder('INBOX').messages));
    expect(notes).toEqual({ 'destination.flag-dropped': 10 });
    expect(counts.copied).toBe(30);
  });

  it('counts keywords that it seemed to keep and did not', async () => {
    const [copy, user] = await begin(numbered(12));
    copy.destination.faults.add({ kind: 'alter', alter: withAnyKeyword });
    const { notes, counts } = await copy.copyAll(user);
    expect(notes).toEqual({ 'destination.flag-dropped': 4 });
    expect(counts.copied).toBe(12);
  });

  it('that refuses everything without a reason has a few put aside, and then waits for a person', async () => {
    const alike = Array.from({ length: 30 }, (_, index) => message(index + 1));
    const [copy, user] = await begin(alike, {}, exchange({ refuseMessage: () => ARGUMENT_ERROR }));
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toMatchObject({ kind: 'refused', problem: { code: 'server.refused' } });
    expect(result?.aside).toHaveLength(4);
  });

  it('is not sent again what it has rewritten, when the ledger is lost', async () => {
    const [copy, user] = await begin(numbered(30), exchange());
    await copy.copyAll(user);
    const again = await copy.copyAll(user);
    expect(again.counts).toMatchObject({ copied: 0, adopted: 30 });
    expect(inbox(copy, user)).toHaveLength(30);
    const sessions = await copy.openBoth(user);
    const compared = await verifyFolder(
      { folder: PAIR, ...(again.ledger !== undefined && { ledger: again.ledger }) },
      { ...sessions, interrupt: new AbortController().signal },
    );
    expect(compared).toMatchObject({ ok: true, messages: 30, identical: 30, missing: 0, doubled: 0 });
    await Promise.all([sessions.source.logout(), sessions.destination.logout()]);
  });

  it('keeps what its user does to \\Flagged afterwards', async () => {
    const [copy, user] = await begin(numbered(12));
    const { ledger } = await copy.copyAll(user);
    const folder = copy.destination.store.user(user).folder('INBOX');
    for (const { uid, flags } of folder.messages)
      folder.setFlags(
        uid,
        flags.filter((flag) => flag !== '\\Flagged'),
      );
    await copy.copyAll(user, { task: { pass: 'tail', ...(ledger !== undefined && { ledger }) } });
    expect(inbox(copy, user).some(isFlagged)).toBe(false);
  });

  it('has \\Flagged in the end wherever a copy dies', async () => {
    const [copy] = await begin(numbered(12));
    const expected = flagsOf(copy.source.store.user('ann').folder('INBOX').messages);
    for (let deadly = 1; deadly <= 16; deadly++) {
      const user = copy.newUser();
      await copy.copyAll(user, { first: dyingAt(deadly), stale: deadly % 3 });
      expect(flagsOf(inbox(copy, user)), `dead at write ${deadly}`).toEqual(expected);
    }
  });

  it('is asked once more over a new connection when it dislikes an argument, and then the message is put aside', async () => {
    const [copy, user] = await begin([
      message(1),
      message(2, { text: 'x'.repeat(10_000) }),
      message(3, { text: 'NUL \0' }),
      message(4),
    ]);
    const { aside, outcome } = await copy.copyAll(user);
    expect(outcome).toEqual({ kind: 'complete' });
    expect(aside).toEqual([
      { uid: 2, code: 'destination.line-too-long', words: ARGUMENT_ERROR },
      { uid: 3, code: 'destination.nul-bytes', words: ARGUMENT_ERROR },
    ]);
    expect(inbox(copy, user)).toHaveLength(2);
  });

  it('keeps a message that it disliked only once', async () => {
    const [copy, user] = await begin([message(1), message(2)]);
    const text = ARGUMENT_ERROR;
    copy.destination.faults.add({
      kind: 'command',
      command: 'APPEND',
      at: 'received',
      nth: 2,
      effect: { do: 'answer', text },
    });
    expect(await copy.copyAll(user)).toMatchObject({ aside: [], counts: { copied: 2 } });
    expect(inbox(copy, user)).toHaveLength(2);
  });

  it('is not sent what is larger than a message that it has refused for its size', async () => {
    const megabyte = 'x'.repeat(998).concat('\r\n').repeat(1_049);
    const [copy, user] = await begin(
      [message(1), ...[2, 3, 4].map((number) => message(number, { text: megabyte.repeat(number) }))],
      {},
      exchange({ largestMessage: () => 1 << 20 }),
    );
    const { aside } = await copy.copyAll(user);
    expect(aside.map(({ uid, code }) => [uid, code])).toEqual(
      [2, 3, 4].map((uid) => [uid, 'destination.message-too-large']),
    );
    const begun = copy.destination.journal.entries.filter(
      ({ event, command }) => event === 'arrived' && command === 'APPEND',
    );
    expect(begun).toHaveLength(2);
  });
});

describe('a source that is Exchange', () => {
  it('estimates sizes, which nothing trusts', async () => {
    const estimates = exchange({ reportedSize: (body) => Math.max(1, body.length * 3 - 4_000) });
    const [copy, user] = await begin(numbered(40), estimates, {});
    expect(await copy.copyAll(user)).toMatchObject({ aside: [], counts: { copied: 40 } });
    expect(await copy.copyAll(user)).toMatchObject({ counts: { copied: 0, adopted: 40 } });
    expect(inbox(copy, user)).toHaveLength(40);
  });

  it('hands out notices and nothing in place of messages: they are named, and never copied', async () => {
    const notice = Buffer.from(
      "Subject: Retrieval using the IMAP4 protocol failed for the following message: 3\r\n\r\nThe server couldn't retrieve it.\r\n",
    );
    const read = ({ uid, body }: StoredMessage): Buffer | undefined =>
      uid === 2 ? Buffer.alloc(0) : uid === 3 ? notice : uid === 4 ? undefined : body;
    const [copy, user] = await begin(numbered(6), exchange({ read }), {});
    const { aside, counts } = await copy.copyAll(user);
    expect(aside).toEqual([2, 3, 4].map((uid) => ({ uid, code: 'source.message-unreadable' })));
    expect(counts.copied).toBe(3);
    expect(flagsOf(inbox(copy, user)).map(([number]) => number)).toEqual([1, 5, 6]);
  });

  it('is asked twice: what it hands out then is copied', async () => {
    const seen = new Set<number>();
    const read = ({ uid, body }: StoredMessage): Buffer => {
      if (seen.has(uid) || uid !== 2) return body;
      seen.add(uid);
      return Buffer.alloc(0);
    };
    const [copy, user] = await begin(numbered(3), exchange({ read }), {});
    expect(await copy.copyAll(user)).toMatchObject({ aside: [], counts: { copied: 3 } });
  });

  it('may hold mail that speaks of such notices', async () => {
    const quoting = message(1, {
      text: 'He wrote:\r\n> Retrieval using the IMAP4 protocol failed for the following message',
    });
    const [copy, user] = await begin([quoting], exchange(), {});
    expect(await copy.copyAll(user)).toMatchObject({ aside: [], counts: { copied: 1 } });
  });
});

/** A server that says of every folder that all keywords can be kept there. */
function withAnyKeyword(response: Buffer): Buffer | undefined {
  const text = response.toString('latin1');
  return text.includes('[PERMANENTFLAGS (')
    ? Buffer.from(text.replace('[PERMANENTFLAGS (', '[PERMANENTFLAGS (\\* '), 'latin1')
    : undefined;
}

class Dead extends Error {}

/** The process dies before so many writes; it may have written for a while without a heartbeat. */
function dyingAt(deadly: number): Circumstances {
  let writes = 0;
  return {
    reopens: false,
    check: () => {
      writes += 1;
      if (writes >= deadly) throw new Dead(`dead at write ${deadly}`);
    },
  };
}
