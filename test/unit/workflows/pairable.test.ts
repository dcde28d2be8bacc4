import { describe, expect, test } from 'vitest';
import type { FolderState } from '../../../model/saga.ts';
import { mergeFolders } from '../../../workflows/mailbox/folders.ts';
import { foldersToPair } from '../../../workflows/mailbox/pairable.ts';
import { INBOX } from '../../support/scripted-activities.ts';

const COMPLETE = { messages: 3, uidNext: 4, uidValidity: 1 };

function folder(source: string, change: Partial<FolderState> = {}): FolderState {
  const names = { source, sourcePath: source, destination: source, destinationPath: source };
  const known = { ledger: 'ledger', completeAt: COMPLETE, seenUpTo: { uidNext: 4, uidValidity: 1 } };
  return { ...INBOX, ...names, handled: 3, aside: [], created: true, gone: false, ...known, ...change };
}

const LOST: Partial<FolderState> = { messages: 2 };
const GREW: Partial<FolderState> = { messages: 4, uidNext: 5 };

function sources(folders: readonly FolderState[], always?: readonly string[]): readonly string[] {
  return foldersToPair(folders, always).folders.map(({ source }) => source);
}

describe('messages that were moved are looked for', () => {
  test('in folders that may have lost some, and in folders that may have got some', () => {
    const pairable = foldersToPair([folder('A', LOST), folder('B', GREW), folder('C')]);
    expect(pairable.folders.map(({ source, arrived }) => [source, arrived])).toEqual([
      ['A', undefined],
      ['B', { from: 4, below: 5, uidValidity: 1 }],
    ]);
  });

  test('in none when nothing is new, or nothing can have disappeared', () => {
    expect(sources([folder('A', LOST), folder('B')])).toEqual([]);
    expect(sources([folder('A'), folder('B', GREW)])).toEqual([]);
    expect(
      sources([folder('A'), folder('New', { ...GREW, ledger: undefined, handled: 0, completeAt: undefined })]),
    ).toEqual([]);
  });

  test('also in a folder that had lost some before, and in one that is gone', () => {
    expect(sources([folder('A', { goneFromSource: 1 }), folder('B', GREW)])).toEqual(['A', 'B']);
    expect(sources([folder('A', { gone: true, messages: 0, completeAt: undefined }), folder('B', GREW)])).toEqual([
      'A',
      'B',
    ]);
  });

  test('among all messages of a folder that is new or has got another UIDVALIDITY', () => {
    const renumbered = foldersToPair([folder('A', LOST), folder('B', { ...GREW, uidValidity: 2 })]).folders[1];
    expect(renumbered?.arrived).toEqual({ from: 1, below: 5, uidValidity: 2 });
    const unseen = foldersToPair([folder('A', LOST), folder('B', { ...GREW, seenUpTo: undefined })]).folders[1];
    expect(unseen?.arrived?.from).toBe(1);
  });

  test('not in a folder whose ledger was left behind, or that could not be made', () => {
    expect(sources([folder('A', LOST), folder('B', { ...GREW, ledger: undefined })])).toEqual([]);
    expect(sources([folder('A', LOST), folder('B', { ...GREW, created: false })])).toEqual([]);
  });

  test('also in folders that share the destination folder of one that got some', () => {
    const beside = folder('C', { destination: 'B' });
    expect(sources([folder('A', LOST), folder('B', GREW), beside, folder('D')])).toEqual(['A', 'B', 'C']);
  });

  test('in a folder that shows messages of others once more: among all that it shows', () => {
    const all = foldersToPair([folder('A', LOST), folder('All', { exceptIn: ['A'] })]).folders[1];
    expect(all?.arrived).toEqual({ from: 1, below: 4, uidValidity: 1 });
  });

  test('only as far as the ledgers fit into one payload; the largest are named', () => {
    const large = folder('Large', { ...LOST, ledger: 'x'.repeat(1_400_000) });
    const middle = folder('Middle', { ...GREW, ledger: 'x'.repeat(300_000) });
    const pairable = foldersToPair([large, middle, folder('Small', LOST)]);
    expect(pairable.folders.map(({ source }) => source)).toEqual(['Middle', 'Small']);
    expect(pairable.tooLarge).toEqual(['Large']);
  });

  test('once more in the folders of an activity that ended in doubt, whatever they are like now', () => {
    expect(sources([folder('A'), folder('B', GREW)], ['A'])).toEqual(['A']);
  });
});

describe('a survey', () => {
  const found = { ...INBOX, source: 'A', sourcePath: 'A', destination: 'A', destinationPath: 'A' };

  test('before anything was copied tells what was in a folder all along; a later one does not', () => {
    expect(mergeFolders([], [found])[0]?.seenUpTo).toEqual({ uidNext: 4, uidValidity: 1 });
    expect(mergeFolders([folder('B')], [found])[0]?.seenUpTo).toBeUndefined();
  });

  test('that misses a folder forgets how far it was seen: under its old name it may come back with other messages', () => {
    const [gone] = mergeFolders([folder('A')], []);
    expect(gone).toMatchObject({ gone: true, ledger: 'ledger', completeAt: undefined, seenUpTo: undefined });
  });
});
