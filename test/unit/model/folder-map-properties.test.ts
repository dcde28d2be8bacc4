import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapFolders, type FolderMapInput, type FolderSide } from '../../../model/folder-map.ts';
import { shownPath } from '../../../model/folder-names.ts';
import type { FolderPair, FolderRole, ListedFolder } from '../../../model/folders.ts';
import { decodeUtf7, encodeUtf7 } from '../../../model/utf7.ts';

const LEVELS = [
  'A',
  'a',
  'A (2)',
  'a/b',
  'A_B',
  'a.b',
  ' a',
  'INBOX',
  'Inbox',
  'Sent',
  'sent',
  ' Sent',
  'Archive',
  'Gesendet',
  'Sent Items',
  'Trash',
  'Cafe\u0301',
  'Café',
  '[Gmail]',
  'x\u0000y',
  '..',
];

const side = fc.constantFrom<Pick<FolderSide, 'delimiter' | 'namespacePrefix'>>(
  { delimiter: '/', namespacePrefix: '' },
  { delimiter: '.', namespacePrefix: '' },
  { delimiter: '.', namespacePrefix: 'INBOX.' },
  { delimiter: null, namespacePrefix: '' },
);

function listed(name: string, delimiter: string | null, role: FolderRole | undefined): ListedFolder {
  const path = (delimiter === null ? [name] : name.split(delimiter)).map((level) => decodeUtf7(level));
  return { name, path, delimiter, selectable: true, ...(role === undefined ? {} : { role }) };
}

function folders(
  of: Pick<FolderSide, 'delimiter' | 'namespacePrefix'>,
  marks: readonly (FolderRole | undefined)[],
  rowPrefix?: string,
): fc.Arbitrary<FolderSide> {
  const usable = LEVELS.filter((level) => of.delimiter === null || !level.includes(of.delimiter));
  const path = fc.array(fc.constantFrom(...usable), { minLength: 1, maxLength: of.delimiter === null ? 1 : 3 });
  const folder = fc.tuple(path, fc.constantFrom(...marks), fc.boolean()).map(([levels, role, atRoot]) => {
    const written =
      (atRoot ? '' : of.namespacePrefix) + levels.map((level) => encodeUtf7(level)).join(of.delimiter ?? '');
    // A server may call INBOX what it likes, but not its children both ways.
    return listed(written.replace(/^inbox(?=[./])/i, 'INBOX'), of.delimiter, role);
  });
  return fc.record({
    folders: fc.uniqueArray(folder, { selector: (one) => one.name, maxLength: 12 }),
    delimiter: fc.constant(of.delimiter),
    namespacePrefix: fc.constant(of.namespacePrefix),
    rowPrefix: fc.constant(rowPrefix),
  });
}

const input: fc.Arbitrary<FolderMapInput> = fc
  .tuple(side, side, fc.boolean(), fc.boolean())
  .chain(([from, to, roles, below]) =>
    fc.record({
      source: folders(from, [undefined, undefined, undefined, 'sent', 'trash', 'all', 'flagged']),
      destination: folders(
        to,
        [undefined, undefined, 'sent', 'trash', 'archive', 'all'],
        below ? 'Old/Anna' : undefined,
      ),
      rules: fc.constant({ include: [], exclude: [], rename: [], roles }),
    }),
  );

/** The destination as it lists itself once the pairs' folders exist. */
function created(given: FolderMapInput, pairs: readonly FolderPair[]): FolderMapInput {
  const { delimiter } = given.destination;
  const known = new Map(given.destination.folders.map((folder) => [folder.name, folder]));
  for (const { destination } of pairs) {
    const levels = delimiter === null ? [destination] : destination.split(delimiter);
    for (let depth = 1; depth <= levels.length; depth++) {
      const name = levels.slice(0, depth).join(delimiter ?? '');
      const path = levels.slice(0, depth).map((level) => decodeUtf7(level));
      if (!known.has(name)) known.set(name, { name, path, delimiter, selectable: depth === levels.length });
    }
  }
  return { ...given, destination: { ...given.destination, folders: [...known.values()].toReversed() } };
}

describe('whatever both sides hold', () => {
  it('every folder has one place: a pair or a reason', () => {
    fc.assert(
      fc.property(input, (given) => {
        const { pairs, leftOut } = mapFolders(given);
        const told = [...pairs.map((pair) => pair.source), ...leftOut.map((one) => one.folder.name)];
        expect(told.toSorted()).toEqual(given.source.folders.map((folder) => folder.name).toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it('no two folders fall together', () => {
    fc.assert(
      fc.property(input, (given) => {
        const destinations = mapFolders(given).pairs.map((pair) => pair.destination);
        expect(new Set(destinations).size).toBe(destinations.length);
        const { delimiter, folders: there } = given.destination;
        const isThere = (name: string): boolean =>
          there.some((folder) => folder.name === name || folder.name.startsWith(name + (delimiter ?? '/')));
        const made = destinations
          .filter((name) => !isThere(name))
          .map((name) => decodeUtf7(name).normalize('NFC').toLowerCase());
        expect(new Set(made).size).toBe(made.length);
      }),
      { numRuns: 500 },
    );
  });

  it('mapping again after the folders were created gives the same pairs', () => {
    fc.assert(
      fc.property(input, (given) => {
        const first = mapFolders(given);
        const second = mapFolders(created(given, first.pairs));
        expect(second.pairs).toEqual(first.pairs);
        expect(second.leftOut).toEqual(first.leftOut);
      }),
      { numRuns: 1500 },
    );
  });

  it('the order in which servers list does not matter', () => {
    fc.assert(
      fc.property(input, (given) => {
        const reversed = { ...given, source: { ...given.source, folders: given.source.folders.toReversed() } };
        expect(mapFolders(reversed)).toEqual(mapFolders(given));
      }),
      { numRuns: 500 },
    );
  });

  it('new names never use the delimiter within a level', () => {
    fc.assert(
      fc.property(input, (given) => {
        const { delimiter, folders: there } = given.destination;
        const known = new Set(there.map((folder) => folder.name));
        for (const pair of mapFolders(given).pairs.filter((one) => !known.has(one.destination))) {
          const levels = delimiter === null ? [pair.destination] : pair.destination.split(delimiter);
          expect(shownPath(levels.map((level) => decodeUtf7(level)))).toBe(pair.destinationPath);
        }
      }),
      { numRuns: 500 },
    );
  });
});
