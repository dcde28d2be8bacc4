import { describe, expect, it } from 'vitest';
import { mapFolders, type FolderMap, type FolderMapInput } from '../../../model/folder-map.ts';
import type { FolderRole, ListedFolder } from '../../../model/folders.ts';
import type { FolderRules } from '../../../model/project.ts';
import { decodeUtf7 } from '../../../model/utf7.ts';

const RULES: FolderRules = { include: [], exclude: [], rename: [], roles: true };

const ROLES: readonly FolderRole[] = ['sent', 'drafts', 'trash', 'junk', 'archive', 'all', 'flagged', 'important'];

function listed(text: string, delimiter: string | null): ListedFolder {
  const [, name = '', mark] = /^(.*?)(?: \\(\w+))?$/su.exec(text) ?? [];
  const path = (delimiter === null ? [name] : name.split(delimiter)).map((level) => decodeUtf7(level));
  const role = ROLES.find((known) => known === mark);
  return { name, path, delimiter, selectable: mark !== 'Noselect', ...(role === undefined ? {} : { role }) };
}

interface Case {
  readonly source: readonly string[];
  readonly destination?: readonly string[];
  readonly sourceDelimiter?: string | null;
  readonly destinationDelimiter?: string | null;
  readonly sourceNamespace?: string;
  readonly destinationNamespace?: string;
  readonly sourceRoot?: string;
  readonly destinationPrefix?: string;
  readonly rules?: Partial<FolderRules>;
}

function inputOf(given: Case): FolderMapInput {
  const { sourceDelimiter = '/', destinationDelimiter = '/' } = given;
  return {
    source: {
      folders: given.source.map((text) => listed(text, sourceDelimiter)),
      delimiter: sourceDelimiter,
      namespacePrefix: given.sourceNamespace ?? '',
      root: given.sourceRoot,
    },
    destination: {
      folders: (given.destination ?? ['INBOX']).map((text) => listed(text, destinationDelimiter)),
      delimiter: destinationDelimiter,
      namespacePrefix: given.destinationNamespace ?? '',
      rowPrefix: given.destinationPrefix,
    },
    rules: { ...RULES, ...given.rules },
  };
}

function map(given: Case): FolderMap {
  return mapFolders(inputOf(given));
}

/** Source name to destination name, as commands are given them. */
function names(given: Case): Record<string, string> {
  return Object.fromEntries(map(given).pairs.map((pair) => [pair.source, pair.destination]));
}

describe('prefixes and delimiters', () => {
  it('keeps INBOX as INBOX, first of all, however it is spelled', () => {
    expect(map({ source: ['A', 'Inbox'], destination: ['INBOX'] }).pairs).toEqual([
      { source: 'Inbox', sourcePath: 'Inbox', destination: 'INBOX', destinationPath: 'INBOX' },
      { source: 'A', sourcePath: 'A', destination: 'A', destinationPath: 'A' },
    ]);
  });

  it('moves a second spelling of INBOX only once', () => {
    const { pairs, leftOut } = map({ source: ['Inbox', 'INBOX'] });
    expect(pairs.map((pair) => pair.source)).toEqual(['INBOX']);
    expect(leftOut).toMatchObject([{ sourcePath: 'Inbox', reason: expect.stringContaining('another spelling') }]);
  });

  it('takes off a namespace prefix', () => {
    expect(names({ source: ['INBOX', 'INBOX.Work.2024'], sourceDelimiter: '.', sourceNamespace: 'INBOX.' })).toEqual({
      INBOX: 'INBOX',
      'INBOX.Work.2024': 'Work/2024',
    });
  });

  it('puts on a namespace prefix, and does not nest what was below INBOX any deeper', () => {
    expect(
      names({
        source: ['INBOX', 'Work/2024', 'INBOX/News'],
        destination: ['INBOX'],
        destinationDelimiter: '.',
        destinationNamespace: 'INBOX.',
      }),
    ).toEqual({ INBOX: 'INBOX', 'Work/2024': 'INBOX.Work.2024', 'INBOX/News': 'INBOX.News' });
  });

  it('keeps folders apart that a namespace prefix would bring together', () => {
    expect(
      names({
        source: ['INBOX', 'INBOX/News', 'News'],
        destinationDelimiter: '.',
        destinationNamespace: 'INBOX.',
      }),
    ).toEqual({ INBOX: 'INBOX', News: 'INBOX.News', 'INBOX/News': 'INBOX.News (2)' });
    expect(names({ source: ['INBOX', 'INBOX.INBOX'], sourceDelimiter: '.', sourceNamespace: 'INBOX.' })).toEqual({
      INBOX: 'INBOX',
      'INBOX.INBOX': 'INBOX (2)',
    });
  });

  it('names what lies outside the user’s own namespace', () => {
    const { pairs, leftOut } = map({
      source: ['INBOX', 'INBOX.A', 'shared.B'],
      sourceDelimiter: '.',
      sourceNamespace: 'INBOX.',
    });
    expect(pairs).toHaveLength(2);
    expect(leftOut).toMatchObject([{ sourcePath: 'shared/B', reason: expect.stringContaining('INBOX.') }]);
  });

  it('joins levels where the destination has none', () => {
    expect(names({ source: ['INBOX', 'A/B', 'A_B'], destinationDelimiter: null })).toEqual({
      INBOX: 'INBOX',
      'A/B': 'A_B (2)',
      A_B: 'A_B',
    });
  });

  it('writes new names in modified UTF-7 below the exact name of a parent that is there', () => {
    expect(names({ source: ['INBOX', 'entw&APw-rfe/gr&APwA3w-e'], destination: ['INBOX', 'Entw&APw-rfe'] })).toEqual({
      INBOX: 'INBOX',
      'entw&APw-rfe/gr&APwA3w-e': 'Entw&APw-rfe/gr&APwA3w-e',
    });
  });

  it('moves only what is below the mailbox’s root, itself being the INBOX', () => {
    const given: Case = {
      source: ['INBOX', 'shared.anna', 'shared.anna.Work', 'shared.bert'],
      sourceDelimiter: '.',
      sourceNamespace: 'INBOX.',
      sourceRoot: '/shared/anna',
    };
    expect(names(given)).toEqual({ 'shared.anna': 'INBOX', 'shared.anna.Work': 'Work' });
    expect(map(given).leftOut.map((folder) => folder.sourcePath)).toEqual(['INBOX', 'shared/bert']);
    expect(names({ ...given, source: ['shared.anna', 'shared.anna.INBOX'] })).toEqual({
      'shared.anna.INBOX': 'INBOX',
      'shared.anna': 'anna',
    });
  });

  it('finds the root in another namespace, with its own delimiter or written like a path', () => {
    const folders: readonly ListedFolder[] = [
      { name: 'INBOX', path: ['INBOX'], delimiter: '/', role: 'inbox', selectable: true },
      { name: '#shared.anna', path: ['#shared', 'anna'], delimiter: '.', selectable: true },
      { name: '#shared.anna.Sent', path: ['#shared', 'anna', 'Sent'], delimiter: '.', selectable: true },
      { name: '/users/berta/INBOX', path: ['', 'users', 'berta', 'INBOX'], delimiter: '/', selectable: true },
      { name: '/users/berta/A', path: ['', 'users', 'berta', 'A'], delimiter: '/', selectable: true },
    ];
    const below = (root: string): readonly (readonly string[])[] => {
      const given = inputOf({ source: [], sourceRoot: root });
      const { pairs } = mapFolders({ ...given, source: { ...given.source, folders } });
      return pairs.map(({ source, destination }) => [source, destination]);
    };
    expect(below('#shared.anna')).toEqual([
      ['#shared.anna', 'INBOX'],
      ['#shared.anna.Sent', 'Sent'],
    ]);
    expect(below('users/berta')).toEqual([
      ['/users/berta/INBOX', 'INBOX'],
      ['/users/berta/A', 'A'],
    ]);
    expect(below('users/nobody')).toEqual([]);
  });

  it('puts everything below the row’s destination prefix, and no role leads out of it', () => {
    expect(
      names({
        source: ['INBOX', 'Gesendet \\sent'],
        destination: ['INBOX', 'INBOX.Sent \\sent'],
        destinationDelimiter: '.',
        destinationNamespace: 'INBOX.',
        destinationPrefix: 'Old/Info',
      }),
    ).toEqual({ INBOX: 'INBOX.Old.Info.INBOX', Gesendet: 'INBOX.Old.Info.Gesendet' });
  });
});

describe('roles', () => {
  it.each<[string, Case, Record<string, string>]>([
    [
      'marked on both sides',
      { source: ['Versendetes \\sent'], destination: ['INBOX', 'Sent Items \\sent'] },
      { Versendetes: 'Sent Items' },
    ],
    [
      'localised on both sides, marked on none',
      { source: ['Gel&APY-schte Elemente', 'Entw&APw-rfe'], destination: ['Corbeille', 'Brouillons'] },
      { 'Gel&APY-schte Elemente': 'Corbeille', 'Entw&APw-rfe': 'Brouillons' },
    ],
    [
      'below INBOX or [Gmail]',
      {
        source: ['INBOX/Trash', '[Gmail] \\Noselect', '[Gmail]/Sent Mail \\sent'],
        destination: ['Deleted Items', 'Sent'],
      },
      { 'INBOX/Trash': 'Deleted Items', '[Gmail]/Sent Mail': 'Sent' },
    ],
    [
      'with subfolders',
      { source: ['Sent', 'Sent/2023'], destination: ['Gesendet'] },
      { Sent: 'Gesendet', 'Sent/2023': 'Gesendet/2023' },
    ],
    [
      'which the destination has nowhere',
      { source: ['Papierkorb'], destination: ['INBOX'] },
      { Papierkorb: 'Papierkorb' },
    ],
    [
      'deeper down, which are the user’s own',
      { source: ['Work/Sent'], destination: ['Sent'] },
      { 'Work/Sent': 'Work/Sent' },
    ],
    [
      'marked twice at the destination: by its own name',
      { source: ['Sent Messages'], destination: ['Sent \\sent', 'Sent Messages \\sent'] },
      { 'Sent Messages': 'Sent Messages' },
    ],
    [
      'held by two source folders: one is matched, the other keeps its name',
      { source: ['Sent', 'Gesendet'], destination: ['Sent Items'] },
      { Sent: 'Sent Items', Gesendet: 'Gesendet' },
    ],
    [
      'whose counterpart is the namesake of another source folder',
      { source: ['Sent', 'Sent Items'], destination: ['Sent Items'] },
      { Sent: 'Sent', 'Sent Items': 'Sent Items' },
    ],
    [
      'only in the user’s own namespace',
      {
        source: ['Sent'],
        destination: ['INBOX', 'shared.Gesendet'],
        destinationDelimiter: '.',
        destinationNamespace: 'INBOX.',
      },
      { Sent: 'INBOX.Sent' },
    ],
    [
      'off by a rule',
      { source: ['Gesendet'], destination: ['Sent'], rules: { roles: false } },
      { Gesendet: 'Gesendet' },
    ],
  ])('are matched: %s', (_, given, expected) => {
    expect(names(given)).toEqual(expected);
  });

  it('say in a note what was matched', () => {
    expect(map({ source: ['Gesendet'], destination: ['Sent'] }).notes).toEqual([
      '“Gesendet” and “Sent” are both the folder for sent: they are matched.',
    ]);
  });
});

describe('folders that show messages of others once more', () => {
  const GMAIL = [
    'INBOX',
    'Work',
    'Spam \\junk',
    '[Gmail] \\Noselect',
    '[Gmail]/All Mail \\all',
    '[Gmail]/Starred \\flagged',
    '[Gmail]/Important \\important',
  ];

  it('bring what is in no other folder, after all others, whether or not rules leave those out', () => {
    const { pairs } = map({ source: GMAIL, rules: { exclude: ['Work'] } });
    expect(pairs.at(-1)).toEqual({
      source: '[Gmail]/All Mail',
      sourcePath: '[Gmail]/All Mail',
      destination: 'All Mail',
      destinationPath: 'All Mail',
      exceptIn: ['INBOX', 'Spam', 'Work'],
      role: 'all',
    });
    expect(pairs.map(({ source }) => source)).toEqual(['INBOX', 'Spam', '[Gmail]/All Mail']);
  });

  it('are left out where another one shows all that they show', () => {
    const { leftOut, notes } = map({ source: GMAIL });
    expect(leftOut).toMatchObject([
      { sourcePath: '[Gmail]/Important', reason: expect.stringContaining('“[Gmail]/All Mail” shows all') },
      { sourcePath: '[Gmail]/Starred', reason: expect.stringContaining('(\\Flagged)') },
    ]);
    expect(notes).toContain('Of “[Gmail]/All Mail” only what is in no other folder goes to “All Mail”.');
  });

  it('go one after the other where none shows all', () => {
    const { pairs } = map({ source: ['INBOX', 'Important \\important', 'Starred \\flagged'] });
    expect(pairs.map(({ source, exceptIn }) => [source, exceptIn])).toEqual([
      ['INBOX', undefined],
      ['Important', ['INBOX', 'Starred']],
      ['Starred', ['INBOX']],
    ]);
  });

  it.each<[string, Case, string]>([
    ['go to the archive', { source: GMAIL, destination: ['Archiv'] }, 'Archiv'],
    ['and not when the source has its own', { source: [...GMAIL, 'Archive'], destination: ['Archiv'] }, 'All Mail'],
    [
      'nor into one that is another’s parent',
      { source: [...GMAIL, 'Archive/2020'], destination: ['Archive'] },
      'All Mail',
    ],
    [
      'nor where there is one like them',
      { source: GMAIL, destination: ['Archive \\archive', 'All Mail \\all'] },
      'All Mail',
    ],
    [
      'or where a rule says',
      {
        source: GMAIL,
        destination: ['Archive'],
        rules: { rename: [{ pattern: '^\\[Gmail\\]/All Mail$', replacement: 'Rest' }] },
      },
      'Rest',
    ],
  ])('%s', (_, given, expected) => {
    expect(names(given)['[Gmail]/All Mail']).toBe(expected);
  });

  it('are left out where a rule says so', () => {
    const { pairs, leftOut } = map({ source: GMAIL, rules: { exclude: ['[Gmail]/All Mail'] } });
    expect(pairs.map(({ source }) => source)).toEqual(['INBOX', 'Spam', 'Work']);
    expect(leftOut.map(({ sourcePath }) => sourcePath)).toContain('[Gmail]/All Mail');
  });
});

describe('rules', () => {
  it.each<[Partial<FolderRules>, readonly string[]]>([
    [{ exclude: ['Trash'] }, ['INBOX', 'Work/2023/Q1', 'Work/2024']],
    [{ exclude: ['work/20?3'] }, ['INBOX', 'Trash', 'Trash/old', 'Work/2024']],
    [{ exclude: ['**/Q*'] }, ['INBOX', 'Trash', 'Trash/old', 'Work/2024']],
    [{ include: ['Work'] }, ['Work/2023/Q1', 'Work/2024']],
    [{ include: ['INBOX', 'Trash/**'] }, ['INBOX', 'Trash/old']],
    [{ include: ['*'], exclude: ['*'] }, []],
    [{ include: ['Work'], exclude: ['Work/2023'] }, ['Work/2024']],
  ])('%j moves %j', (rules, expected) => {
    const source = ['INBOX', 'Trash', 'Trash/old', 'Work/2023/Q1', 'Work/2024'];
    const result = map({ source, rules });
    expect(result.pairs.map((pair) => pair.source)).toEqual(expected);
    expect(result.leftOut).toHaveLength(source.length - expected.length);
  });

  it('may name the levels of the namespace, without meaning INBOX itself', () => {
    const given: Case = {
      source: ['INBOX', 'INBOX.Trash', 'INBOX.A'],
      sourceDelimiter: '.',
      sourceNamespace: 'INBOX.',
    };
    expect(Object.keys(names({ ...given, rules: { exclude: ['INBOX/Trash'] } }))).toEqual(['INBOX', 'INBOX.A']);
    expect(Object.keys(names({ ...given, rules: { exclude: ['INBOX/*'] } }))).toEqual(['INBOX']);
    expect(Object.keys(names({ ...given, rules: { include: ['INBOX'] } }))).toEqual(['INBOX']);
  });

  it('rename in order, each what the one before left', () => {
    const rename = [
      { pattern: '^INBOX/', replacement: '' },
      { pattern: '^Projekte/(\\d+)$', replacement: 'Projects/$1' },
    ];
    expect(
      names({ source: ['INBOX', 'INBOX/Projekte/7', 'INBOX/Sent'], destination: ['Sent Items'], rules: { rename } }),
    ).toEqual({
      INBOX: 'INBOX',
      'INBOX/Projekte/7': 'Projects/7',
      'INBOX/Sent': 'Sent Items',
    });
  });

  it('win over a role that the source marks', () => {
    const rename = [{ pattern: '^Gesendet$', replacement: 'Old/From me' }];
    expect(names({ source: ['Gesendet \\sent'], destination: ['Sent \\sent'], rules: { rename } })).toEqual({
      Gesendet: 'Old/From me',
    });
  });

  it('merge folders where a rename says so, and say it', () => {
    const rename = [{ pattern: '^Sent-\\d+$', replacement: 'Sent' }];
    const result = map({ source: ['Sent', 'Sent-1', 'Sent-2'], rules: { rename } });
    expect(result.pairs.map((pair) => pair.destination)).toEqual(['Sent', 'Sent', 'Sent']);
    expect(result.notes).toEqual(['“Sent” and “Sent-1” and “Sent-2” go to one folder, “Sent”, by a rename rule.']);
  });

  it('that would leave no name leave the name', () => {
    expect(names({ source: ['A'], rules: { rename: [{ pattern: '.+', replacement: '' }] } })).toEqual({ A: 'A' });
  });
});

describe('names that the destination cannot have', () => {
  it.each<[string, string, Omit<Case, 'source'>]>([
    ['Q1/Q2', 'Q1_Q2', { sourceDelimiter: '.' }],
    ['Smith Inc. (old)', 'Smith Inc_ (old)', { destinationDelimiter: '.' }],
    ['a/b', 'a_b', { sourceDelimiter: '\\', destinationDelimiter: '.' }],
    [' x ', 'x', {}],
    ['  ', '_', {}],
    ['a\tb', 'a_b', {}],
    ['#news', '_news', {}],
    ['~me', '_me', {}],
    ['..', '__', {}],
    ['a_b', 'a-b', { destinationDelimiter: '_' }],
    ['x'.repeat(300), `${'x'.repeat(235)}&ICY-`, {}],
  ])('%j becomes %j, and a note says so', (level, expected, given) => {
    const result = map({ source: [level], ...given });
    expect(result.pairs.map((pair) => pair.destination)).toEqual([expected]);
    expect(result.notes).toHaveLength(1);
    expect(result.notes[0]).toContain('becomes');
  });

  it.each(['a "quoted" \\ name', 'x@example.org', '*', '50%', 'INBOX stuff', '日本語', 'R&D'])(
    '%j is kept',
    (level) => {
      const result = map({ source: [level.replace('&', '&-')], rules: { roles: false } });
      expect(result.pairs.map((pair) => pair.destinationPath)).toEqual([level]);
      expect(result.notes).toEqual([]);
    },
  );

  it('cut to one name stay two folders', () => {
    const long = 'x'.repeat(300);
    const destinations = Object.values(names({ source: [`${long}1`, `${long}2`] }));
    expect(new Set(destinations).size).toBe(2);
  });

  it('keep control characters from whoever reads them', () => {
    const result = map({ source: ['a\u001b]0;b'] });
    expect(JSON.stringify([result.pairs[0]?.sourcePath, result.notes])).not.toContain('\\u001b');
  });
});

describe('names that differ only in case', () => {
  it('are one folder at the destination, written as it is there', () => {
    expect(names({ source: ['PROJECTS/Alpha'], destination: ['Projects', 'Projects/ALPHA'] })).toEqual({
      'PROJECTS/Alpha': 'Projects/ALPHA',
    });
  });

  it('never let two source folders fall together', () => {
    expect(names({ source: ['Foo', 'foo', 'foo (2)', 'foo/bar', 'Foo/bar'] })).toEqual({
      Foo: 'Foo',
      'Foo/bar': 'Foo/bar',
      foo: 'foo (3)',
      'foo (2)': 'foo (2)',
      'foo/bar': 'foo (3)/bar',
    });
  });

  it('are each found where the destination has them too', () => {
    expect(names({ source: ['Foo', 'foo'], destination: ['Foo', 'foo'] })).toEqual({ Foo: 'Foo', foo: 'foo' });
  });

  it('count accents that are composed differently as equal', () => {
    expect(names({ source: ['Cafe&AwE-', 'Caf&AOk-'] })).toEqual({
      'Cafe&AwE-': 'Cafe&AwE-',
      'Caf&AOk-': 'Caf&AOk- (2)',
    });
  });
});

it('passes over parents that hold no messages', () => {
  const { pairs, leftOut } = map({ source: ['A \\Noselect', 'A/B'] });
  expect(pairs.map((pair) => pair.source)).toEqual(['A/B']);
  expect(leftOut).toEqual([]);
});
