import { afterEach, describe, expect, it } from 'vitest';
import { DOVECOT_CAPABILITIES, GMAIL_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import type { FolderPair } from '../../../model/folders.ts';
import { mail } from '../../support/memory-server.ts';
import { SandboxMove, subjects } from '../../support/sandbox-move.ts';

const DATE = '17-Jul-2020 02:44:25 +0000';

let copy: SandboxMove;
afterEach(() => copy.close());

async function begin(capabilities: readonly string[]): Promise<void> {
  copy = await SandboxMove.start({ capabilities });
  copy.from.addFolder('[Gmail]', { selectable: false });
  copy.from.addFolder('[Gmail]/All Mail', { specialUse: '\\All' });
  copy.from.addFolder('[Gmail]/Starred', { specialUse: '\\Flagged' });
  copy.from.addFolder('Work');
}

let serial = 0;

/** A message as Gmail shows it: once in All Mail, and once more under each label. */
function deliver(subject: string, ...labels: readonly string[]): void {
  serial += 1;
  const gmailId = String(1_278_455_344_230_334_865n + BigInt(serial));
  for (const folder of ['[Gmail]/All Mail', ...labels]) {
    copy.from.addMessage(folder, { body: Buffer.from(mail(subject)), internalDate: DATE, gmailId });
  }
}

function there(): Record<string, readonly string[]> {
  const names = [...copy.to.folders.keys()].map((name) => [name, subjects(copy.to, name)] as const);
  return Object.fromEntries(names.filter(([, found]) => found.length > 0));
}

describe.each([
  ['that names messages for the whole mailbox', GMAIL_CAPABILITIES],
  ['that does not', DOVECOT_CAPABILITIES],
])('of a folder with all messages, on a server %s,', (_, capabilities) => {
  it('only what is nowhere else is carried over', async () => {
    await begin(capabilities);
    deliver('in the inbox', 'INBOX');
    deliver('archived');
    deliver('labelled', 'Work');
    deliver('archived and starred', '[Gmail]/Starred');
    const pairs = await copy.pairs();
    await copy.pass(pairs);
    expect(there()).toEqual({
      INBOX: ['in the inbox'],
      Work: ['labelled'],
      'All Mail': ['archived', 'archived and starred'],
    });
    const all = pairs.find(({ source }) => source === '[Gmail]/All Mail');
    expect(all && (await copy.verify(all))).toMatchObject({ messages: 2, identical: 2, missing: 0, doubled: 0 });
    // A second pass finds nothing to do, and what was archived since.
    expect((await copy.pass(pairs)).map(({ counts }) => counts.copied)).toEqual([0, 0, 0]);
    deliver('archived later');
    await copy.pass(pairs);
    expect(there()['All Mail']).toEqual(['archived', 'archived and starred', 'archived later']);
  });

  it('of two equal ones, one of which is in another folder, one is', async () => {
    await begin(capabilities);
    deliver('twin', 'INBOX');
    deliver('twin');
    await copy.pass(await copy.pairs());
    expect(there()).toEqual({ INBOX: ['twin'], 'All Mail': ['twin'] });
  });

  it('what has been carried over stays handled when it gets a label', async () => {
    await begin(capabilities);
    deliver('archived');
    await copy.pass(await copy.pairs());
    const [message] = copy.from.folder('[Gmail]/All Mail').messages;
    if (message === undefined) throw new Error('there is no message');
    copy.from.addMessage('Work', message);
    const results = await copy.pass(await copy.pairs());
    expect(results.at(-1)?.counts).toMatchObject({ copied: 0, goneFromSource: 0 });
    expect(there()['All Mail']).toEqual(['archived']);
  });

  it('what lies in folders that are left out by a rule is not', async () => {
    await begin(capabilities);
    deliver('secret', 'Work');
    await copy.pass(await copy.pairs({ exclude: ['Work'] }));
    expect(there()).toEqual({});
  });

  it('a copy that was cut short goes on where it was', async () => {
    await begin(capabilities);
    for (let number = 0; number < 12; number++) deliver(`archived ${number}`);
    deliver('in the inbox', 'INBOX');
    const pairs = await copy.pairs();
    const all = pairs.find(({ exceptIn }) => exceptIn !== undefined);
    if (all === undefined) throw new Error('All Mail is not mapped');
    const limits = {
      connectionsPerMailbox: 1,
      connectionsPerEndpoint: 10,
      messagesPerShare: 5,
      millisecondsPerShare: 600_000,
      memoryBytes: 1 << 25,
    };
    const shares: string[] = [];
    while (shares.at(-1) !== 'complete') shares.push((await copy.copy(all, { limits })).outcome.kind);
    expect(shares.length).toBeGreaterThan(2);
    expect(there()['All Mail']).toHaveLength(12);
  });
});

/** Copies the INBOX, has messages leave it on the source, and copies the rest of the pass. */
async function archive(...uids: readonly number[]): Promise<readonly FolderPair[]> {
  const pairs = await copy.pairs();
  const shown = copy.surveyed(pairs.filter(({ exceptIn }) => exceptIn === undefined));
  for (const pair of pairs) {
    await copy.copy(pair, pair.exceptIn === undefined ? {} : { shown });
    if (pair.source === 'INBOX') copy.from.folder('INBOX').expunge(uids);
  }
  return pairs;
}

describe.each([
  ['that names messages for the whole mailbox', GMAIL_CAPABILITIES],
  ['that does not', DOVECOT_CAPABILITIES],
])('what is archived while the pass runs, on a server %s,', (_, capabilities) => {
  it('stays where its folder was copied, and follows with the next pass', async () => {
    await begin(capabilities);
    deliver('stays', 'INBOX');
    deliver('leaves', 'INBOX');
    deliver('was archived');
    const pairs = await archive(2);
    expect(there()).toEqual({ INBOX: ['stays', 'leaves'], 'All Mail': ['was archived'] });
    const { counts } = await copy.pair(pairs, new Map([['INBOX', 3]]));
    await copy.pass(pairs);
    expect(counts.moved).toBe(1);
    expect(there()).toEqual({ INBOX: ['stays'], 'All Mail': ['was archived', 'leaves'] });
  });

  it('is carried over with all mail when it left before its folder was listed', async () => {
    await begin(capabilities);
    deliver('stays', 'INBOX');
    deliver('leaves', 'INBOX');
    const pairs = await copy.pairs();
    const shown = copy.surveyed(pairs.filter(({ exceptIn }) => exceptIn === undefined));
    copy.from.folder('INBOX').expunge([2]);
    for (const pair of pairs) await copy.copy(pair, pair.exceptIn === undefined ? {} : { shown });
    expect(there()).toEqual({ INBOX: ['stays'], 'All Mail': ['leaves'] });
  });

  it('is told from an equal one that was archived long ago', async () => {
    await begin(capabilities);
    deliver('twin', 'INBOX');
    deliver('twin', 'INBOX');
    deliver('twin');
    await archive(2);
    expect(there()).toEqual({ INBOX: ['twin', 'twin'], 'All Mail': ['twin'] });
  });
});

it('one message under several labels is one, where the server names messages', async () => {
  await begin(GMAIL_CAPABILITIES);
  deliver('twin', 'INBOX', 'Work');
  deliver('twin');
  await copy.pass(await copy.pairs());
  expect(there()).toEqual({ INBOX: ['twin'], Work: ['twin'], 'All Mail': ['twin'] });
});
