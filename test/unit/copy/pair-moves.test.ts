import { describe, expect, it } from 'vitest';
import { refuse } from '../../../imap/refusal.ts';
import { MailboxHarness, MOVING, type PairingWorld } from '../../support/mailbox-harness.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';

const WITHOUT_MOVE: PairingWorld = {
  destination: { capabilities: MOVING.filter((capability) => capability !== 'MOVE') },
};

function refuseSecond(uid: number): void {
  if (uid === 2) throw refuse('server.refused', 'no', { status: 'NO', stored: 'refused' });
}

async function copied(...folders: readonly string[]): Promise<MailboxHarness> {
  const source = new MemoryMailbox(...folders);
  for (const subject of ['one', 'two', 'three', 'four'])
    source.add('INBOX', { body: mail(subject), flags: ['\\Seen'] });
  const harness = new MailboxHarness(source);
  await harness.pass();
  return harness;
}

function expectSame({ source, destination }: MailboxHarness): void {
  for (const name of source.folders.keys())
    expect([name, destination.contents(name)]).toEqual([name, source.contents(name)]);
}

const subjects = (mailbox: MemoryMailbox, name: string): readonly (string | undefined)[] =>
  mailbox.bodies(name).map((body) => /^Subject: (.*)\r$/m.exec(body)?.[1]);

describe('what its user moved on the source', () => {
  it('is not copied again: our copy follows, and keeps its flags there', async () => {
    const harness = await copied('Work');
    harness.destination.flag('INBOX', 2, ['\\Seen', 'Mine']);
    harness.source.move('INBOX', 2, 'Work');
    harness.source.flag('Work', 1, ['\\Seen', '\\Flagged']);
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, adopted: 0, moved: 1, goneFromSource: 0, flagsChanged: 1 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'three', 'four']);
    expect(harness.destination.folder('Work').messages.map(({ flags }) => flags)).toEqual([
      ['\\Seen', 'Mine', '\\Flagged'],
    ]);
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 0, flagsChanged: 0 });
  });

  it('from a folder whose ledger cannot be read is copied once more, and nothing else is', async () => {
    const harness = await copied('Work');
    harness.folders = harness.folders.map((each) => (each.source === 'INBOX' ? { ...each, ledger: 'AAAA' } : each));
    harness.source.move('INBOX', 2, 'Work');
    harness.source.add('Work', { body: mail('five') });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 2, adopted: 3, moved: 0 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'two', 'three', 'four']);
    expect(subjects(harness.destination, 'Work')).toEqual(['two', 'five']);
  });

  it('is found where it is when the growth of an earlier attempt cannot be read', async () => {
    const harness = await copied('Work');
    harness.source.move('INBOX', 2, 'Work');
    harness.destination.move('INBOX', 2, 'Work');
    harness.growth = 'AAAA';
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0 });
    expectSame(harness);
  });

  it('to a folder that is new, and back again, and on', async () => {
    const harness = await copied();
    harness.source.create('New');
    harness.source.move('INBOX', 1, 'New');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
    expectSame(harness);
    harness.source.move('New', 1, 'INBOX');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
    expectSame(harness);
  });

  it('in a whole folder that was renamed, and renamed back under the same UIDs', async () => {
    const harness = await copied('Work');
    for (const subject of ['a', 'b', 'b']) harness.source.add('Work', { body: mail(subject) });
    await harness.pass();
    harness.source.rename('Work', 'Done');
    harness.source.add('Done', { body: mail('c') });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 3 });
    expectSame(harness);
    expect(harness.destination.bodies('Work')).toEqual([]);
    harness.source.rename('Done', 'Work');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 4 });
    expectSame(harness);
    expect(harness.destination.bodies('Done')).toEqual([]);
  });

  it('within a folder, under a new UID: the copy stays where it is', async () => {
    const harness = await copied();
    harness.source.move('INBOX', 2, 'INBOX');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 0, goneFromSource: 0 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'two', 'three', 'four']);
  });

  it('counts as often as there are equal ones, in the order of UIDs', async () => {
    const harness = await copied('Work', 'Other');
    for (let twin = 0; twin < 3; twin++) harness.source.add('INBOX', { body: mail('twin') });
    await harness.pass();
    harness.source.move('INBOX', 5, 'Work');
    harness.source.move('INBOX', 6, 'Work');
    harness.source.add('Work', { body: mail('twin') });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 2 });
    expectSame(harness);
  });

  it('while it was copied: what came after the survey waits for the next pass', async () => {
    const harness = await copied('Work');
    harness.source.add('INBOX', { body: mail('new') });
    await harness.survey();
    await harness.pairAll();
    harness.source.move('INBOX', 1, 'Work');
    harness.source.add('Work', { body: mail('later') });
    await harness.copyAll();
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'two', 'three', 'four', 'new']);
    expect(harness.destination.bodies('Work')).toEqual([]);
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 1 });
    expectSame(harness);
  });

  it('in the middle of a first pass that goes on later', async () => {
    const source = new MemoryMailbox('Work');
    for (const subject of ['one', 'two']) source.add('INBOX', { body: mail(subject) });
    source.add('Work', { body: mail('three') });
    const harness = new MailboxHarness(source);
    await harness.survey();
    const [inbox] = harness.folders;
    if (inbox === undefined) throw new Error('there is no folder');
    await harness.copy(inbox);
    source.move('INBOX', 1, 'Work');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 1 });
    expectSame(harness);
  });

  it('while only older mail is copied', async () => {
    const source = new MemoryMailbox('Work');
    source.add('INBOX', { body: mail('old'), internalDate: '01-Jan-2020 10:00:00 +0000' });
    source.add('INBOX', { body: mail('young'), internalDate: '01-Dec-2025 10:00:00 +0000' });
    const harness = new MailboxHarness(source);
    const before = Date.UTC(2025, 0, 1);
    await harness.pass({}, { before });
    source.move('INBOX', 1, 'Work');
    source.move('INBOX', 2, 'Work');
    await harness.pass({}, { before });
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
    expect(subjects(harness.destination, 'Work')).toEqual(['old']);
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 0 });
    expectSame(harness);
  });

  it('also when the destination altered it in silence', async () => {
    const source = new MemoryMailbox('Work');
    source.add('INBOX', { body: mail('bare', { text: 'a\nb\n' }) });
    const harness = new MailboxHarness(source);
    const world: PairingWorld = {
      destination: {
        capabilities: MOVING,
        onAppend: (_, body) => Buffer.from(body.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1'),
      },
    };
    await harness.pass(world);
    source.move('INBOX', 1, 'Work');
    await harness.pass(world);
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
  });

  it('to a folder where an equal message was before: that is taken for it, and nothing is moved', async () => {
    const harness = await copied();
    harness.source.create('New');
    harness.source.move('INBOX', 2, 'New');
    harness.destination.create('New');
    harness.destination.add('New', { body: mail('two'), flags: ['Mine'] });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, adopted: 1, moved: 0, goneFromSource: 1 });
    expect(subjects(harness.destination, 'New')).toEqual(['two']);
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'two', 'three', 'four']);
  });

  it('also after the destination has got another UIDVALIDITY', async () => {
    const harness = await copied('Work');
    harness.destination.renumber('INBOX', (messages) => messages.toReversed());
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
    expectSame(harness);
  });

  it('nor is the copy of a message that has stayed taken for an equal one that is new elsewhere', async () => {
    const harness = await copied('Work');
    harness.destination.renumber('INBOX', (messages) => messages.toReversed());
    harness.source.expunge('INBOX', 2);
    harness.source.add('Work', { body: mail('three'), flags: ['\\Seen'] });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 0 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['four', 'three', 'two', 'one']);
    expect(subjects(harness.destination, 'Work')).toEqual(['three']);
  });

  it('also to a folder that its user has deleted at the destination', async () => {
    const harness = await copied('Work');
    harness.destination.folders.delete('Work');
    harness.source.move('INBOX', 1, 'Work');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
    expectSame(harness);
  });

  it('also from a folder that was renumbered at the source: then it is recognised where it is', async () => {
    const harness = await copied('Work');
    harness.source.move('INBOX', 1, 'Work');
    harness.source.renumber('Work');
    await harness.pass();
    expect(harness.destination.bodies('INBOX').length + harness.destination.bodies('Work').length).toBe(4);
  });
});

describe('what was deleted on the source', () => {
  it('stays, and is counted', async () => {
    const harness = await copied('Work');
    harness.source.expunge('INBOX', 1);
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1, goneFromSource: 1 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'three', 'four']);
    expect(harness.folders.map(({ source, goneFromSource }) => [source, goneFromSource])).toEqual([
      ['INBOX', 1],
      ['Work', 0],
    ]);
  });

  it('stays with its whole folder', async () => {
    const harness = await copied('Work');
    harness.source.add('Work', { body: mail('kept') });
    await harness.pass();
    harness.source.folders.delete('Work');
    harness.source.add('INBOX', { body: mail('new') });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 0 });
    expect(subjects(harness.destination, 'Work')).toEqual(['kept']);
  });

  it('asks the destination for nothing while nothing is new, and the source for no headers', async () => {
    const harness = await copied('Work');
    harness.source.expunge('INBOX', 1);
    await harness.survey();
    expect(await harness.pair()).toBeUndefined();
    harness.source.add('Work', { body: mail('new') });
    harness.source.expunge('Work', 1);
    await harness.survey();
    const attempt = await harness.pair();
    expect(attempt?.destination.asked ?? []).toEqual([]);
  });
});

describe('what the destination’s user did stays', () => {
  it('when the copy was moved first: it is not sent again, and not moved', async () => {
    const harness = await copied('Work', 'Mine');
    harness.destination.move('INBOX', 2, 'Mine');
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, moved: 0, goneFromSource: 0 });
    expect(subjects(harness.destination, 'Mine')).toEqual(['two']);
    expect(harness.destination.bodies('Work')).toEqual([]);
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 0, adopted: 0, moved: 0 });
  });

  it('when the copy was moved to the very same folder: it is recognised there', async () => {
    const harness = await copied('Work');
    harness.destination.move('INBOX', 2, 'Work');
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass();
    expect(harness.counts.copied).toBe(0);
    expectSame(harness);
  });

  it('when the copy was deleted: it is not sent again, and named', async () => {
    const harness = await copied('Work');
    harness.destination.expunge('INBOX', 2);
    harness.source.move('INBOX', 2, 'Work');
    harness.source.add('Work', { body: mail('new'), internalDate: '02-Jan-2026 10:00:00 +0000' });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 0 });
    expect(subjects(harness.destination, 'Work')).toEqual(['new']);
    expect(harness.folders.flatMap(({ aside }) => aside)).toEqual([{ uid: 1, code: 'ledger.unknown-message' }]);
  });

  it('and what its user copied on the source is new all the same', async () => {
    const harness = await copied('Work');
    harness.destination.expunge('INBOX', 1);
    harness.source.expunge('INBOX', 1);
    harness.source.add('Work', { body: mail('two'), flags: ['\\Seen'] });
    await harness.pass();
    expect(harness.counts).toMatchObject({ copied: 1, moved: 0 });
    expectSame(harness);
  });
});

describe('a destination that does not move', () => {
  it('keeps the copy in its old folder, which is noted, and nothing is sent again', async () => {
    const harness = await copied('Work');
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass(WITHOUT_MOVE);
    expect(harness.counts).toMatchObject({ copied: 0, moved: 0, goneFromSource: 0 });
    expect(harness.notes).toEqual({ 'destination.move-unsupported': 1 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['one', 'two', 'three', 'four']);
    expect(harness.destination.bodies('Work')).toEqual([]);
    harness.source.move('Work', 1, 'INBOX');
    await harness.pass(WITHOUT_MOVE);
    expect(harness.counts.copied).toBe(0);
  });

  it('and one that says no to a MOVE is treated alike', async () => {
    const harness = await copied('Work');
    harness.source.move('INBOX', 1, 'Work');
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass({ destination: { capabilities: MOVING, onMove: refuseSecond } });
    expect(harness.notes).toEqual({ 'destination.move-unsupported': 1 });
    expect(harness.counts).toMatchObject({ copied: 0, moved: 1 });
    expect(subjects(harness.destination, 'INBOX')).toEqual(['two', 'three', 'four']);
    expect(subjects(harness.destination, 'Work')).toEqual(['one']);
  });

  it('without COPYUID the moved copies are looked for', async () => {
    const harness = await copied('Work');
    harness.source.move('INBOX', 1, 'Work');
    harness.source.move('INBOX', 2, 'Work');
    await harness.pass({ destination: { capabilities: MOVING, copyUid: false } });
    expect(harness.counts).toMatchObject({ copied: 0, moved: 2 });
    harness.source.flag('Work', 1, ['\\Answered']);
    await harness.pass();
    expectSame(harness);
  });
});

describe('drafts', () => {
  const EXCHANGE = ['IMAP4REV1', 'UIDPLUS', 'UNSELECT', 'CHILDREN', 'MOVE'];
  const world: PairingWorld = { source: { capabilities: EXCHANGE }, destination: { capabilities: EXCHANGE } };

  it('that were revised are copied where sizes tell nothing, and those that were moved are not', async () => {
    const source = new MemoryMailbox('Drafts', 'Trash');
    for (const subject of ['revised', 'discarded']) source.add('Drafts', { body: mail(subject), flags: ['\\Draft'] });
    const harness = new MailboxHarness(source);
    await harness.pass(world);
    source.expunge('Drafts', 1);
    source.add('Drafts', { body: mail('revised', { text: 'More.' }), flags: ['\\Draft'] });
    source.move('Drafts', 2, 'Trash');
    await harness.pass(world);
    expect(harness.counts).toMatchObject({ copied: 1, moved: 1 });
    expect(harness.destination.bodies('Drafts')).toContain(mail('revised', { text: 'More.' }));
  });
});
