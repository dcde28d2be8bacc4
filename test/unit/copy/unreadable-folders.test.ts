import { describe, expect, it } from 'vitest';
import { refuse } from '../../../imap/refusal.ts';
import type { ImapRefusal } from '../../../imap/types.ts';
import type { CopyFolderResult } from '../../../model/activities.ts';
import { CopyHarness, type World } from '../../support/copy-harness.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';
import type { MemorySessionOptions } from '../../support/memory-session.ts';

type FailsAt = NonNullable<MemorySessionOptions['failsAt']>;

function dies(): ImapRefusal {
  return refuse('server.connection-lost', 'The connection was lost');
}

function asksToWait(): ImapRefusal {
  return refuse('server.throttled', 'Later', { status: 'NO' });
}

/** How a source fails at a message. */
const FAILURES: readonly (readonly [string, () => ImapRefusal])[] = [
  ['ends the connection', dies],
  ['says nothing', () => refuse('server.timeout', 'The server did not answer in time')],
  ['does not keep to IMAP', () => refuse('server.protocol', 'The server said something strange')],
  ['refuses', () => refuse('server.refused', 'The server refused', { status: 'NO', serverText: 'NO [SERVERBUG]' })],
];

/** Messages in INBOX, and in other folders. */
function source(inbox: number, others: Readonly<Record<string, number>> = {}): MemoryMailbox {
  const mailbox = new MemoryMailbox(...Object.keys(others));
  for (const [name, count] of [['INBOX', inbox], ...Object.entries(others)] as const) {
    for (let number = 1; number <= count; number += 1) mailbox.add(name, { body: mail(`${name} ${number}.`) });
  }
  return mailbox;
}

/** It fails at the bodies of all messages of these folders. */
function failsAtBodiesIn(folders: readonly string[], failure: () => ImapRefusal): FailsAt {
  return ({ what, folder }) => (what === 'messages' && folders.includes(folder) ? failure() : undefined);
}

function world(failsAt: FailsAt, more: Omit<World, 'source' | 'reopens'> = {}): World {
  return { ...more, source: { failsAt }, reopens: true };
}

function asideIn({ aside }: CopyFolderResult): readonly number[] {
  return aside.map(({ uid }) => uid).toSorted((a, b) => a - b);
}

describe.each(FAILURES)('a source that %s at every message that a folder has', (_, failure) => {
  it.each([1, 2, 3])('puts them aside where they are few (%i) and it hands out others', async (count) => {
    const copy = new CopyHarness(source(count, { Empty: 0, Sent: 4 }));
    const result = await copy.copy({}, world(failsAtBodiesIn(['INBOX'], failure)));
    expect(result.outcome).toEqual({ kind: 'complete' });
    expect(asideIn(result)).toEqual([1, 2, 3].slice(0, count));
    for (const { code } of result.aside) expect(code).toBe('source.message-unreadable');
  });

  it('puts nothing aside where they are many, and ends', async () => {
    for (const count of [4, 1_000]) {
      const copy = new CopyHarness(source(count, { Sent: 4 }));
      const result = await copy.copy({}, world(failsAtBodiesIn(['INBOX'], failure)));
      expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source', problem: { folder: 'INBOX' } } });
      expect(result.aside).toEqual([]);
    }
  });

  it.each([1, 2, 3])('puts nothing aside, be they ever so few (%i), where it hands out no others', async (count) => {
    const copy = new CopyHarness(source(count, { Sent: 4, Drafts: 1 }));
    let asked = 0;
    const failsAt: FailsAt = ({ what }) => {
      if (what !== 'messages') return undefined;
      asked += 1;
      return failure();
    };
    const result = await copy.copy({}, world(failsAt));
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source', problem: { folder: 'INBOX' } } });
    expect(result.aside).toEqual([]);
    expect(asked).toBeLessThanOrEqual(12);
  });

  it('puts them aside where they are few, and the mailbox has no others: it tells their flags', async () => {
    const copy = new CopyHarness(source(2, { Empty: 0 }));
    const result = await copy.copy({}, world(failsAtBodiesIn(['INBOX'], failure)));
    expect(result.outcome).toEqual({ kind: 'complete' });
    expect(asideIn(result)).toEqual([1, 2]);
  });

  it('and at their flags puts nothing aside', async () => {
    const copy = new CopyHarness(source(2, { Sent: 4 }));
    const result = await copy.copy(
      {},
      world(({ folder }) => (folder === 'INBOX' ? failure() : undefined)),
    );
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
  });
});

describe('a source that fails at every message that a folder has', () => {
  it('is asked for other messages until it hands out one', async () => {
    const copy = new CopyHarness(source(2, { Sent: 1, Drafts: 9 }));
    const result = await copy.copy(
      {},
      world(({ what, folder, uid }) => (what === 'messages' && (folder !== 'Drafts' || uid > 5) ? dies() : undefined)),
    );
    expect(result.outcome).toEqual({ kind: 'complete' });
    expect(asideIn(result)).toEqual([1, 2]);
  });

  it('is not believed to be well where it opens no other folder', async () => {
    const copy = new CopyHarness(source(2, { Sent: 1 }));
    const ill: World = {
      ...world(failsAtBodiesIn(['INBOX'], dies)),
      onStep: (step) => {
        if (step === 'source before examine Sent')
          throw refuse('source.folder-refused', 'Not now', { status: 'NO', serverText: 'NO [SERVERBUG]' });
      },
    };
    const result = await copy.copy({}, ill);
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
  });

  it('is asked for another one before each time that counts, over the same connection', async () => {
    const copy = new CopyHarness(source(2, { Sent: 1 }));
    const told: string[] = [];
    let isFresh = true;
    const failsAt: FailsAt = ({ what, folder, uid }) => {
      if (what !== 'messages') return undefined;
      if (isFresh) told.push('|');
      isFresh = folder === 'INBOX';
      told.push(`${folder} ${uid}`);
      return isFresh ? dies() : undefined;
    };
    await copy.copy({}, world(failsAt));
    const connections = told.join(' ').split('| ').slice(1);
    expect(connections.slice(2).every((asked) => asked.startsWith('Sent 1 INBOX '))).toBe(true);
    for (const uid of [1, 2]) {
      expect(connections.filter((asked) => asked.trim() === `Sent 1 INBOX ${uid}`).length).toBeGreaterThanOrEqual(3);
    }
  });

  it('is asked for a message of the same folder where that has others, and then for none of another folder', async () => {
    const mailbox = source(2, { Sent: 3 });
    for (let number = 3; number <= 40; number += 1) {
      mailbox.add('INBOX', { body: mail(`young ${number}.`), internalDate: '01-Dec-2025 12:00:00 +0000' });
    }
    const early = { before: Date.UTC(2025, 0, 1), pass: 'prestage' } as const;
    const well = await new CopyHarness(mailbox.clone()).copy(
      early,
      world(({ what, folder, uid }) => (what === 'messages' && (folder !== 'INBOX' || uid <= 2) ? dies() : undefined)),
    );
    expect(well.outcome).toEqual({ kind: 'complete' });
    expect(asideIn(well)).toEqual([1, 2]);
    const ill = await new CopyHarness(mailbox).copy(early, world(failsAtBodiesIn(['INBOX'], dies)));
    expect(ill).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
  });

  it('puts few aside in all, however often new ones come', async () => {
    const copy = new CopyHarness(source(3, { Sent: 3 }));
    const ill = world(failsAtBodiesIn(['INBOX'], dies));
    const { ledger } = await copy.copy({}, ill);
    copy.source.add('INBOX', { body: mail('another') });
    const result = await copy.copy({ ledger }, ill);
    expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
    const mended = await copy.copyAll({ ledger: result.ledger, retryAside: true });
    expect(mended).toMatchObject({ outcome: { kind: 'complete' }, handled: 4, aside: [] });
  });

  it('puts them aside also where the share is over after each', async () => {
    const copy = new CopyHarness(source(3, { Sent: 3 }));
    const limits = {
      connectionsPerMailbox: 1,
      connectionsPerEndpoint: 1,
      messagesPerShare: 1,
      millisecondsPerShare: 600_000,
      memoryBytes: 1 << 20,
    };
    const failsAt = failsAtBodiesIn(['INBOX'], dies);
    const aside: number[] = [];
    let result = await copy.copy({ limits }, world(failsAt));
    aside.push(...asideIn(result));
    for (let share = 0; share < 5 && result.outcome.kind === 'share-ended'; share += 1) {
      result = await copy.copy({ limits, ledger: result.ledger }, world(failsAt));
      aside.push(...asideIn(result));
    }
    expect(result.outcome).toEqual({ kind: 'complete' });
    expect(aside).toEqual([1, 2, 3]);
  });

  it('blames none when the folder is renumbered while it is asked for others', async () => {
    const copy = new CopyHarness(source(2, { Sent: 3 }));
    let isRenumbered = false;
    const failsAt: FailsAt = ({ what, folder }) => {
      if (what !== 'messages') return undefined;
      if (folder === 'Sent' && !isRenumbered) {
        isRenumbered = true;
        copy.source.renumber('INBOX');
      }
      return folder === 'INBOX' && !isRenumbered ? dies() : undefined;
    };
    const result = await copy.copy({}, world(failsAt));
    expect(result).toMatchObject({ outcome: { kind: 'share-ended' }, aside: [] });
    await copy.copyAll({ ledger: result.ledger });
    expect(copy.destination.contents('INBOX')).toEqual(copy.source.contents('INBOX'));
  });

  it('ends when it says, asked for others, that it wants to be left alone', async () => {
    const copy = new CopyHarness(source(2, { Sent: 3 }));
    const failsAt = failsAtBodiesIn(['INBOX'], dies);
    const waits = failsAtBodiesIn(['Sent'], asksToWait);
    const result = await copy.copy(
      {},
      world((read) => failsAt(read) ?? waits(read)),
    );
    expect(result).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'server.throttled' } }, aside: [] });
  });
});
