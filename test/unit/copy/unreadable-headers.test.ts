import { describe, expect, it } from 'vitest';
import { verifyFolder } from '../../../copy/verify-folder.ts';
import { refuse } from '../../../imap/refusal.ts';
import type { ImapRefusal } from '../../../imap/types.ts';
import type { VerifyFolderResult } from '../../../model/activities.ts';
import { Crash, CopyHarness, knownGrowth, type World } from '../../support/copy-harness.ts';
import { MailboxHarness } from '../../support/mailbox-harness.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';
import { MemorySession, type MemorySessionOptions } from '../../support/memory-session.ts';
import { Random } from '../../support/random.ts';

type FailsAt = NonNullable<MemorySessionOptions['failsAt']>;

function dies(): ImapRefusal {
  return refuse('server.connection-lost', 'The connection was lost');
}

/** How a source fails at a message. */
const FAILURES: readonly (readonly [string, () => ImapRefusal])[] = [
  ['ends the connection', dies],
  ['says nothing', () => refuse('server.timeout', 'The server did not answer in time')],
  ['does not keep to IMAP', () => refuse('server.protocol', 'The server said something strange')],
  ['refuses', () => refuse('server.refused', 'The server refused', { status: 'NO', serverText: 'NO [SERVERBUG]' })],
];

/** INBOX with so many messages; at the destination are those that it has as well, and one that it has not. */
function harness(count: number, there: readonly number[] = []): CopyHarness {
  const copy = new CopyHarness();
  for (let number = 1; number <= count; number += 1) copy.source.add('INBOX', { body: mail(`number ${number}.`) });
  for (const number of there) copy.destination.add('INBOX', { body: mail(`number ${number}.`) });
  copy.destination.add('INBOX', { body: mail('a stranger') });
  return copy;
}

function failsAt(
  uids: readonly number[],
  reads: readonly string[],
  failure: () => ImapRefusal,
  where = 'INBOX',
): FailsAt {
  return ({ what, folder, uid }) =>
    folder === where && reads.includes(what) && uids.includes(uid) ? failure() : undefined;
}

function world(fails: FailsAt, more: Omit<World, 'source' | 'reopens'> = {}): World {
  return { ...more, source: { failsAt: fails }, reopens: true };
}

const WHOLE = ['identities', 'messages'];

function subjects(copy: CopyHarness): readonly string[] {
  return copy.destination.bodies('INBOX').map((body) => /^Subject: (.*)\r$/m.exec(body)?.[1] ?? '');
}

function numbers(count: number, without: readonly number[] = []): readonly string[] {
  return Array.from({ length: count }, (_, at) => at + 1)
    .filter((number) => !without.includes(number))
    .map((number) => `number ${number}.`);
}

describe.each(FAILURES)('a source that %s when it is asked for the headers of some messages', (_, failure) => {
  it.each([
    ['the first', [1]],
    ['one in the middle', [17]],
    ['the last', [40]],
    ['several', [1, 2, 17, 39, 40]],
  ])('has them put aside where it does so at their bodies as well: %s', async (__, uids) => {
    const copy = harness(40, [5, 20, 38]);
    const result = await copy.copy({}, world(failsAt(uids, WHOLE, failure)));
    expect(result.outcome).toEqual({ kind: 'complete' });
    expect(result.aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual(uids);
    expect(result.counts).toMatchObject({ adopted: 3, copied: 37 - uids.length });
    expect(subjects(copy).toSorted()).toEqual(['a stranger', ...numbers(40, uids)].toSorted());
  });

  it('has them copied where it hands out their bodies, and not twice', async () => {
    const copy = harness(40, [5, 17, 38]);
    const result = await copy.copy({}, world(failsAt([4, 17, 40], ['identities'], failure)));
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [], counts: { adopted: 3, copied: 37 } });
    expect(subjects(copy).toSorted()).toEqual(['a stranger', ...numbers(40)].toSorted());
  });

  it('has a new one put aside in a folder of which everything else is handled', async () => {
    const copy = harness(40);
    const { ledger } = await copy.copy();
    const uid = copy.source.add('INBOX', { body: mail('new') });
    copy.destination.add('INBOX', { body: mail('another stranger') });
    const result = await copy.copy({ ledger }, world(failsAt([uid], WHOLE, failure)));
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [{ uid }] });
  });

  it.each([1, 2, 3])(
    'has all of a folder put aside where they are few (%i), and it hands out another folder’s',
    async (count) => {
      const uids = [1, 2, 3].slice(0, count);
      const copy = harness(count);
      copy.source.create('Sent');
      copy.source.add('Sent', { body: mail('sent') });
      const result = await copy.copy({}, world(failsAt(uids, WHOLE, failure)));
      expect(result.outcome).toEqual({ kind: 'complete' });
      expect(result.aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual(uids);
    },
  );

  it.each([1, 2, 3])(
    'puts none of a folder aside, be they ever so few (%i), where it hands out nothing',
    async (count) => {
      const copy = harness(count);
      copy.source.create('Sent');
      copy.source.add('Sent', { body: mail('sent') });
      const result = await copy.copy(
        {},
        world(({ what }) => (WHOLE.includes(what) ? failure() : undefined)),
      );
      expect(result).toMatchObject({ outcome: { kind: 'refused', side: 'source' }, aside: [] });
    },
  );

  it('is at fault itself where it tells the headers of none', async () => {
    const copy = harness(40, [5]);
    let asked = 0;
    const fails: FailsAt = ({ what, folder }) => {
      if (folder !== 'INBOX' || what !== 'identities') return undefined;
      asked += 1;
      return failure();
    };
    const result = await copy.copy({}, world(fails));
    expect(result).toMatchObject({
      outcome: { kind: 'refused', side: 'source', problem: { folder: 'INBOX' } },
      aside: [],
      counts: { copied: 0 },
    });
    expect(asked).toBeLessThanOrEqual(12);
  });
});

async function compared(
  copy: CopyHarness,
  ledger: string | undefined,
  fails: FailsAt = () => undefined,
  reopens = true,
): Promise<VerifyFolderResult> {
  const open = (): { readonly source: MemorySession; readonly destination: MemorySession } => ({
    source: new MemorySession(copy.source, { failsAt: fails }),
    destination: new MemorySession(copy.destination),
  });
  const folder = { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' };
  return verifyFolder(
    { folder, ...(ledger !== undefined && { ledger }) },
    { ...open(), interrupt: new AbortController().signal, ...(reopens && { reopen: async () => open() }) },
  );
}

describe.each(FAILURES)('the comparison of a folder with a source that %s at some headers', (_, failure) => {
  it('takes a message that was copied for what became of it, as long as that is there', async () => {
    const copy = harness(40);
    const fails = failsAt([4, 17, 40], ['identities'], failure);
    const { ledger } = await copy.copy({}, world(fails));
    expect(await compared(copy, ledger, fails)).toMatchObject({ ok: true, messages: 40, identical: 40, missing: 0 });
    const counterpart =
      copy.destination.folder('INBOX').messages.find(({ body }) => body.includes('number 17.'))?.uid ?? 0;
    copy.destination.expunge('INBOX', counterpart);
    const later = await compared(copy, ledger, fails);
    expect(later).toMatchObject({ ok: true, identical: 39, movedByUser: 1, missing: 0, doubled: 0 });
  });

  it('ends with what the source said where it tells none', async () => {
    const copy = harness(40);
    const { ledger } = await copy.copy();
    const result = await compared(copy, ledger, ({ what }) => (what === 'identities' ? failure() : undefined));
    expect(result).toMatchObject({ ok: false, side: 'source', problem: { folder: 'INBOX' } });
  });
});

describe('a message that was put aside since the source fails at it', () => {
  const GUILTY = [3, 17];

  async function withAside(): Promise<{ readonly copy: CopyHarness; readonly ledger: string | undefined }> {
    const copy = harness(40);
    const { ledger } = await copy.copy({}, world(failsAt(GUILTY, WHOLE, dies)));
    copy.destination.add('INBOX', { body: mail('written there meanwhile') });
    return { copy, ledger };
  }

  it('is asked for nothing more by later passes', async () => {
    const { copy, ledger } = await withAside();
    let asked = 0;
    const fails = failsAt(GUILTY, WHOLE, () => {
      asked += 1;
      return dies();
    });
    const result = await copy.copy({ ledger }, { source: { failsAt: fails } });
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [], counts: { copied: 0 } });
    expect(asked).toBe(0);
  });

  it('stays among those of a folder that shows others once more', async () => {
    const copy = harness(3);
    copy.source.create('All');
    for (let number = 2; number <= 5; number += 1) copy.source.add('All', { body: mail(`number ${number}.`) });
    const folder = {
      source: 'All',
      sourcePath: 'All',
      destination: 'INBOX',
      destinationPath: 'INBOX',
      exceptIn: ['INBOX'],
    };
    const fails = failsAt([4], ['messages'], dies, 'All');
    const { ledger, counts } = await copy.copy({ folder }, world(fails));
    expect(counts).toMatchObject({ listed: 2, copied: 1, aside: 1 });
    const again = await copy.copy({ folder, ledger }, world(fails));
    expect(again).toMatchObject({ outcome: { kind: 'complete' }, counts: { listed: 2, copied: 0 }, aside: [] });
  });

  it('is asked for once more with `retry`, and found where it is already', async () => {
    const { copy, ledger } = await withAside();
    copy.destination.add('INBOX', { body: mail('number 3.') });
    const result = await copy.copy({ ledger, retryAside: true }, world(failsAt([17], WHOLE, dies)));
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [{ uid: 17 }], counts: { adopted: 1 } });
  });

  it('does not keep the folder from being compared', async () => {
    const { copy, ledger } = await withAside();
    const result = await compared(copy, ledger, failsAt(GUILTY, WHOLE, dies), false);
    expect(result).toMatchObject({ ok: true, messages: 40, identical: 38, missing: 0, doubled: 0 });
  });

  it('is another message under another UIDVALIDITY', async () => {
    const { copy, ledger } = await withAside();
    const folder = copy.source.folder('INBOX');
    const bodies = folder.messages.map(({ body }) => body).toReversed();
    folder.messages = folder.messages.map((message, at) => Object.assign({}, message, { body: bodies[at] }));
    folder.uidValidity += 1;
    const result = await compared(copy, ledger);
    expect(result).toMatchObject({ ok: true, identical: 38, missing: 2, missingUids: [24, 38] });
  });
});

/** One message of INBOX was moved to another folder, to which one came at which the source fails. */
async function moved(reads: readonly string[], failure: () => ImapRefusal): Promise<MailboxHarness> {
  const source = new MemoryMailbox('Work');
  for (const subject of ['one', 'two', 'three']) source.add('INBOX', { body: mail(subject) });
  source.add('Work', { body: mail('four') });
  const passes = new MailboxHarness(source);
  passes.reopens = true;
  await passes.pass();
  source.add('Work', { body: mail('guilty') });
  source.move('INBOX', 2, 'Work');
  await passes.pass({ source: { failsAt: failsAt([2], reads, failure, 'Work') } });
  return passes;
}

describe('a new message at whose headers the source fails, while others were moved', () => {
  it.each(FAILURES)('is copied, and the copies of the others follow, where the source %s', async (_, failure) => {
    const { counts, destination, source } = await moved(['identities'], failure);
    expect(counts).toMatchObject({ moved: 1, copied: 1, aside: 0 });
    expect(destination.contents('Work')).toEqual(source.contents('Work'));
    expect(destination.contents('INBOX')).toEqual(source.contents('INBOX'));
  });

  it.each(FAILURES)('is put aside where the source %s at its body as well', async (_, failure) => {
    const { counts, folders } = await moved(WHOLE, failure);
    expect(counts).toMatchObject({ moved: 1, copied: 0, aside: 1 });
    expect(folders.flatMap(({ aside }) => aside)).toMatchObject([{ uid: 2 }]);
  });
});

describe('where the source fails at the headers of a new message, nothing is concluded from what is missing', () => {
  it('no new message is taken for one whose copy the destination’s user has moved', async () => {
    const source = new MemoryMailbox('Work', 'Other');
    source.add('INBOX', { body: mail('one') });
    const passes = new MailboxHarness(source);
    passes.reopens = true;
    await passes.pass();
    passes.destination.create('Mine');
    passes.destination.move('INBOX', 1, 'Mine');
    source.expunge('INBOX', 1);
    for (const subject of ['two', 'three']) source.add('Other', { body: mail(subject) });
    await passes.pass();
    // Its user had two more, of which the source hides one.
    source.add('Work', { body: mail('one') });
    source.add('Other', { body: mail('one') });
    await passes.pass({ source: { failsAt: failsAt([3], ['identities'], dies, 'Other') } });
    expect(passes.destination.contents('Work')).toEqual(source.contents('Work'));
    expect(passes.destination.contents('Other')).toEqual(source.contents('Other'));
  });

  it('no copy that a dead attempt made is taken for that of a message that left', async () => {
    const source = new MemoryMailbox('Work');
    source.add('INBOX', { body: mail('number 1.') });
    const passes = new MailboxHarness(source);
    passes.reopens = true;
    await passes.pass();
    for (let number = 2; number <= 5; number += 1) source.add('INBOX', { body: mail(`number ${number}.`) });
    await passes.survey();
    const copy = new CopyHarness(source, passes.destination);
    const dead = await copy.attempt(
      { ledger: passes.folders.find((folder) => folder.source === 'INBOX')?.ledger },
      {
        onStep: () => {
          if (copy.destination.folder('INBOX').messages.length === 5) throw new Crash();
        },
      },
    );
    const growth = knownGrowth(dead.beats, 1_000);
    passes.folders = passes.folders.map((folder) => (folder.source === 'INBOX' ? { ...folder, growth } : folder));
    source.expunge('INBOX', 5);
    source.move('INBOX', 1, 'Work');
    await passes.pass({ source: { failsAt: failsAt([3], ['identities'], dies) } });
    expect(passes.counts.moved).toBe(1);
    expect(subjects(copy).toSorted()).toEqual(['number 2.', 'number 3.', 'number 4.', 'number 5.']);
  });
});

describe('connections that are lost by chance while moved messages are looked for', () => {
  it('let none be copied a second time, up to four in one attempt', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = new Random(seed);
      const source = new MemoryMailbox('Work');
      for (let number = 1; number <= 12; number += 1) source.add('INBOX', { body: mail(`number ${number}.`) });
      const passes = new MailboxHarness(source);
      passes.reopens = true;
      await passes.pass();
      for (const uid of [2, 5, 9]) source.move('INBOX', uid, 'Work');
      let fails = random.integer(1, 4);
      const drops: FailsAt = ({ what }) => {
        if (what !== 'identities' || fails === 0 || !random.chance(0.4)) return undefined;
        fails -= 1;
        return dies();
      };
      await passes.pass({ source: { failsAt: drops } });
      expect(passes.counts, `seed ${seed}`).toMatchObject({ moved: 3, copied: 0 });
    }
  });
});

it('a copy that a dead attempt made of a message whose headers do not come is not taken for that of one that left', async () => {
  const copy = harness(5);
  const dead = await copy.attempt(
    {},
    {
      onStep: () => {
        if (copy.destination.folder('INBOX').messages.length === 6) throw new Crash();
      },
    },
  );
  copy.source.expunge('INBOX', 5);
  const sent = subjects(copy);
  expect(sent).toContain('number 3.');
  const growth = knownGrowth(dead.beats, 1_000);
  const result = await copy.copy(
    growth === undefined ? {} : { previousGrowth: growth },
    world(failsAt([3], ['identities'], dies)),
  );
  expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [] });
  expect(subjects(copy).toSorted()).toEqual([...new Set([...sent, ...numbers(4)])].toSorted());
});

describe('connections to a source that are lost by chance while headers are read', () => {
  it('leave nothing out, and double nothing that a dead attempt had sent', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = new Random(seed);
      const copy = harness(30, [2, 9]);
      const dead = await copy.attempt(
        {},
        {
          onStep: (step) => {
            if (step === 'destination after append INBOX' && random.chance(0.2)) throw new Crash();
          },
        },
      );
      // Copies of messages that left the source since would be taken for those of messages that are still there.
      copy.source.expunge('INBOX', 30);
      let fails = random.integer(1, 8);
      const drops: FailsAt = ({ what }) => {
        if (what !== 'identities' || fails === 0 || !random.chance(0.3)) return undefined;
        fails -= 1;
        return dies();
      };
      const growth = knownGrowth(dead.beats, 3);
      const afterDeath = growth === undefined ? {} : { previousGrowth: growth };
      const known = dead.result === undefined ? afterDeath : { ledger: dead.result.ledger };
      const { aside } = await copy.copyAll(known, world(drops));
      expect(aside).toEqual([]);
      const there = subjects(copy).filter((subject) => subject !== 'number 30.');
      expect(there.toSorted(), `seed ${seed}`).toEqual(['a stranger', ...numbers(29)].toSorted());
    }
  });
});
