import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopyHeartbeat } from '../../../model/activities.ts';
import type { FolderPair } from '../../../model/folders.ts';
import { mail } from '../../support/memory-server.ts';
import { SandboxMove, subjects } from '../../support/sandbox-move.ts';

const DATE = '17-Jul-2020 02:44:25 +0000';
const RULES = { rename: [{ pattern: '^(?:One|Two)$', replacement: 'Both' }] };

let copy: SandboxMove;
let pairs: readonly FolderPair[];
beforeEach(async () => {
  copy = await SandboxMove.start();
  for (const folder of ['One', 'Two']) copy.from.addFolder(folder);
  pairs = (await copy.pairs(RULES)).filter(({ destination }) => destination === 'Both');
});
afterEach(() => copy.close());

function deliver(folder: string, ...subject: readonly string[]): void {
  for (const one of subject) copy.from.addMessage(folder, { body: Buffer.from(mail(one)), internalDate: DATE });
}

async function verified(): Promise<unknown> {
  const [first] = pairs;
  return first && copy.verify(first, pairs);
}

describe('two source folders that a rule brings into one', () => {
  it('are both there, what is in both of them twice', async () => {
    deliver('One', 'a', 'in both', 'twin', 'twin');
    deliver('Two', 'b', 'in both', 'twin');
    await copy.pass(pairs);
    expect(subjects(copy.to, 'Both').toSorted()).toEqual(['a', 'b', 'in both', 'in both', 'twin', 'twin', 'twin']);
    expect(await verified()).toMatchObject({ messages: 7, identical: 7, missing: 0, doubled: 0 });
  });

  it('stay so in later passes, whichever of them has new mail', async () => {
    deliver('One', 'a');
    deliver('Two', 'b');
    await copy.pass(pairs);
    deliver('Two', 'a', 'c');
    deliver('One', 'b', 'c');
    await copy.pass(pairs);
    expect((await copy.pass(pairs)).map(({ counts }) => counts.copied)).toEqual([0, 0]);
    expect(subjects(copy.to, 'Both').toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    expect(await verified()).toMatchObject({ messages: 6, identical: 6, missing: 0, doubled: 0 });
  });

  it('adopt what was there before, each message once', async () => {
    deliver('One', 'in both');
    deliver('Two', 'in both');
    copy.to.addMessage('Both', { body: Buffer.from(mail('in both')), internalDate: DATE });
    const results = await copy.pass(pairs);
    expect(results.map(({ counts }) => [counts.copied, counts.adopted])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(await verified()).toMatchObject({ identical: 2, missing: 0, doubled: 0 });
  });

  it('are whole when a ledger was lost, or both', async () => {
    deliver('One', 'a', 'in both');
    deliver('Two', 'b', 'in both');
    await copy.pass(pairs);
    copy.ledgers.delete('Two');
    deliver('One', 'b');
    await copy.pass(pairs);
    copy.ledgers.clear();
    await copy.pass(pairs);
    expect(subjects(copy.to, 'Both').toSorted()).toEqual(['a', 'b', 'b', 'in both', 'in both']);
  });

  it('are whole when the destination was renumbered', async () => {
    deliver('One', 'a', 'in both');
    deliver('Two', 'b', 'in both');
    await copy.pass(pairs);
    copy.to.folder('Both').bumpUidValidity();
    deliver('One', 'c', 'b');
    deliver('Two', 'c', 'a');
    await copy.pass(pairs);
    expect(subjects(copy.to, 'Both').toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'in both', 'in both']);
  });

  it('are whole when the copy of one of them died before it could tell, and the other was copied meanwhile', async () => {
    deliver('One', 'in both', 'a', 'twin', 'twin');
    deliver('Two', 'in both', 'b', 'twin');
    const [one, two] = pairs;
    if (one === undefined || two === undefined) throw new Error('the folders are not mapped');
    const beats: CopyHeartbeat[] = [];
    await copy.copy(one, {}, beats);
    // Of all that, the server knows only where doubt began.
    copy.ledgers.delete(one.source);
    const [first] = beats;
    if (first === undefined) throw new Error('nothing was acknowledged');
    await copy.copy(two, { beside: [{ source: one.source, growth: first.growth }] });
    const ledger = copy.ledgers.get(two.source);
    await copy.copy(one, {
      previousGrowth: first.growth,
      beside: [{ source: two.source, ...(ledger !== undefined && { ledger }) }],
    });
    expect(subjects(copy.to, 'Both').toSorted()).toEqual(['a', 'b', 'in both', 'in both', 'twin', 'twin', 'twin']);
    expect(await verified()).toMatchObject({ messages: 7, identical: 7, missing: 0, doubled: 0 });
  });

  it('miss what is there once and was in both', async () => {
    deliver('One', 'in both');
    deliver('Two', 'in both');
    await copy.pass(pairs);
    copy.ledgers.clear();
    const [message] = copy.to.folder('Both').messages;
    copy.to.folder('Both').expunge(message === undefined ? [] : [message.uid]);
    expect(await verified()).toMatchObject({ identical: 1, missing: 1 });
  });
});
