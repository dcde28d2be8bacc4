import { describe, expect, it } from 'vitest';
import { changeOf } from '../../../copy/flags.ts';
import { refuse } from '../../../imap/refusal.ts';
import { CopyHarness } from '../../support/copy-harness.ts';
import { mail } from '../../support/memory-server.ts';

function threeMessages(): CopyHarness {
  const harness = new CopyHarness();
  for (const subject of ['one', 'two', 'three'])
    harness.source.add('INBOX', { body: mail(subject), flags: ['\\Seen'] });
  return harness;
}

function refuseToStore(step: string): void {
  if (step !== 'destination before store') return;
  throw refuse('server.refused', 'STORE was refused', { status: 'NO', stored: 'refused' });
}

const flagsOf = (harness: CopyHarness): readonly (readonly string[])[] =>
  harness.destination.folder('INBOX').messages.map(({ flags }) => flags.toSorted());

describe('what the user does at the destination stays', () => {
  it('when a message was moved there, or deleted', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy();
    harness.destination.move('INBOX', 1, 'Archive');
    harness.destination.expunge('INBOX', 2);
    harness.source.flag('INBOX', 1, ['\\Flagged']);
    harness.source.flag('INBOX', 2, []);
    const { counts } = await harness.copy({ ledger });
    expect(counts).toMatchObject({ copied: 0, flagsChanged: 0 });
    expect(harness.destination.bodies('INBOX')).toEqual([mail('three')]);
    expect(harness.destination.folder('Archive').messages[0]?.flags).toEqual(['\\Seen']);
  });

  it('when flags were changed there: only what the source’s user changed since is carried over', async () => {
    const harness = threeMessages();
    const first = await harness.copy();
    harness.destination.flag('INBOX', 1, ['\\Flagged', 'Mine']);
    harness.source.flag('INBOX', 1, ['\\Answered', '\\Seen', '$Forwarded']);
    harness.source.flag('INBOX', 2, []);
    const second = await harness.copy({ ledger: first.ledger });
    expect(second.counts.flagsChanged).toBe(2);
    expect(flagsOf(harness)).toEqual([['$Forwarded', 'Mine', '\\Answered', '\\Flagged'], [], ['\\Seen']]);
    harness.destination.flag('INBOX', 2, ['\\Seen']);
    const third = await harness.copy({ ledger: second.ledger });
    expect(third.counts.flagsChanged).toBe(0);
    expect(flagsOf(harness)[1]).toEqual(['\\Seen']);
  });

  it('and messages that were there before keep their flags, until the source’s user changes one', async () => {
    const harness = threeMessages();
    harness.destination.add('INBOX', { body: mail('two'), flags: ['Mine'] });
    const { ledger, counts } = await harness.copy();
    expect(counts).toMatchObject({ adopted: 1, copied: 2 });
    expect(flagsOf(harness)[0]).toEqual(['Mine']);
    harness.source.flag('INBOX', 2, ['\\Answered', '\\Seen']);
    await harness.copy({ ledger });
    expect(flagsOf(harness)[0]).toEqual(['Mine', '\\Answered']);
  });

  it('when it deleted the whole folder: what is handled does not come back, what is new does', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy();
    harness.destination.folders.delete('INBOX');
    harness.source.add('INBOX', { body: mail('four') });
    await harness.copyAll({ ledger });
    expect(harness.destination.bodies('INBOX')).toEqual([mail('four')]);
  });

  it('flags that the destination refuses are noted and not tried again', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy();
    harness.source.flag('INBOX', 1, ['$Forwarded', '\\Seen']);
    const second = await harness.copy({ ledger }, { onStep: refuseToStore });
    expect(second.outcome).toEqual({ kind: 'complete' });
    expect(second.notes).toEqual({ 'destination.flag-dropped': 1 });
    const third = await harness.attempt({ ledger: second.ledger });
    expect(third.destination.asked).not.toContain('store');
  });
});

describe('a change of flags', () => {
  it('disregards case and order', () => {
    expect(changeOf(['\\Seen', 'Work'], ['work', '\\SEEN'])).toBeUndefined();
    expect(changeOf(['\\Seen'], ['Work'])).toEqual({ add: ['Work'], remove: ['\\Seen'] });
  });
});

describe('a changed UIDVALIDITY', () => {
  it('at the destination un-handles nothing, and counterparts are found again', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy();
    harness.destination.expunge('INBOX', 3);
    harness.destination.renumber('INBOX', (messages) => messages.toReversed());
    harness.source.flag('INBOX', 1, ['\\Flagged', '\\Seen']);
    const { counts } = await harness.copy({ ledger });
    expect(counts).toMatchObject({ copied: 0, adopted: 0, flagsChanged: 1 });
    expect(flagsOf(harness)).toEqual([['\\Seen'], ['\\Flagged', '\\Seen']]);
  });

  it('at the source: messages are recognised, one that was moved stays, one that is nowhere needs a person, new ones are copied', async () => {
    const harness = threeMessages();
    harness.source.add('INBOX', { body: mail('four') });
    const { ledger } = await harness.copy();
    harness.destination.move('INBOX', 2, 'Archive');
    harness.destination.expunge('INBOX', 3);
    harness.source.renumber('INBOX');
    harness.source.add('INBOX', { body: mail('new'), internalDate: '02-Jan-2026 10:00:00 +0000' });
    const second = await harness.copy({ ledger });
    expect(second.counts).toMatchObject({ copied: 1, adopted: 3 });
    expect(second.aside).toEqual([{ uid: 5_002, code: 'ledger.unknown-message' }]);
    expect(harness.destination.bodies('INBOX')).toEqual([mail('one'), mail('four'), mail('new')]);
    const third = await harness.copy({ ledger: second.ledger });
    expect(third.counts).toMatchObject({ copied: 0, adopted: 0, aside: 0 });
    const retried = await harness.copy({ ledger: third.ledger, retryAside: true });
    expect(retried.counts.copied).toBe(1);
    expect(harness.destination.bodies('INBOX').at(-1)).toBe(mail('three'));
  });

  it('at the source does not take the younger mail that a first pass left out for lost', async () => {
    const harness = threeMessages();
    harness.source.add('INBOX', { body: mail('young'), internalDate: '20-Dec-2025 10:00:00 +0000' });
    const { ledger, counts } = await harness.copy({ before: Date.UTC(2025, 11, 1) });
    expect(counts.listed).toBe(3);
    harness.source.renumber('INBOX');
    const { aside } = await harness.copy({ ledger });
    expect(aside).toEqual([]);
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });
});

describe('a lost ledger', () => {
  it('is made again from what is at the destination', async () => {
    const harness = threeMessages();
    await harness.copy();
    const { counts } = await harness.copy();
    expect(counts).toMatchObject({ copied: 0, adopted: 3 });
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });
});
