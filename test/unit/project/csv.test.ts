import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParsedProject } from '../../../project/types.ts';
import { WITH_CSV, issuesOf, projectText, read, refusalOf } from './project-files.ts';

const PROJECT = projectText(WITH_CSV);

function readCsv(csv: string | Uint8Array): Promise<ParsedProject> {
  return read(PROJECT, { 'dir/mailboxes.csv': csv });
}

/** Issues as `line path: message`. */
async function faults(csv: string | Uint8Array): Promise<readonly string[]> {
  const issues = await issuesOf(PROJECT, { 'dir/mailboxes.csv': csv });
  return issues.map(({ line, path, message }) => `${line ?? ''} ${path ?? ''}: ${message}`);
}

function passwordOf(project: ParsedProject, row: number): string | undefined {
  const password = project.rows[row]?.source.password;
  return password?.kind === 'value' ? password.reveal() : undefined;
}

describe('a CSV of mailboxes', () => {
  it.each([
    ['comma', 'source,destination,source_password\nanna,anna@b.example,pw\n'],
    ['semicolon', 'source;destination;source_password\nanna;anna@b.example;pw\n'],
    ['tab', 'source\tdestination\tsource_password\nanna\tanna@b.example\tpw\n'],
    ['columns in another order', 'source_password,destination,source\npw,anna@b.example,anna\n'],
    ['names in another spelling', 'Source;Destination;Source Password\nanna;anna@b.example;pw'],
    [
      'a byte order mark and Windows line ends',
      '\ufeffsource,destination,source_password\r\nanna,anna@b.example,pw\r\n',
    ],
    ['quotes around everything', '"source","destination","source_password"\n"anna","anna@b.example","pw"'],
    ['blank lines and empty rows', '\nsource,destination,source_password\n\n  \n,,\nanna,anna@b.example,pw\n\n'],
    ['blanks around names', 'source, destination ,source_password\nanna , anna@b.example,pw'],
    [
      'UTF-16, as spreadsheets save it',
      Buffer.from('\ufeffsource\tdestination\tsource_password\nanna\tanna@b.example\tpw', 'utf16le'),
    ],
  ])('is read with %s', async (_, csv) => {
    const project = await readCsv(csv);
    expect(project.rows).toMatchObject([
      { id: 'anna@b.example', source: { user: 'anna' }, destination: { user: 'anna@b.example' } },
    ]);
    expect(passwordOf(project, 0)).toBe('pw');
  });

  it('takes fields as data, whatever they look like', async () => {
    const project = await readCsv('source,destination,source_password\n=cmd|x,"+1,2","p""w;\\=1+1"\n');
    expect(project.rows[0]).toMatchObject({ source: { user: '=cmd|x' }, destination: { user: '+1,2' } });
    expect(passwordOf(project, 0)).toBe('p"w;\\=1+1');
  });

  it('keeps blanks of a password and warns of them', async () => {
    const project = await readCsv('source,destination,source_password\na,b, pw \n');
    expect(passwordOf(project, 0)).toBe(' pw ');
    expect(project.warnings).toMatchObject([{ line: 2, path: 'source_password' }]);
  });

  it('reads prefixes', async () => {
    const { rows } = await readCsv(
      'source,destination,source_password,source_root,destination_prefix\na,b,pw,/shared/a/,Old\n',
    );
    expect(rows).toMatchObject([{ id: 'b#old', source: { root: 'shared/a' }, destination: { folderPrefix: 'Old' } }]);
  });

  it('never shows a password, whoever prints or serialises what was read', async () => {
    const project = await readCsv('source,destination,source_password\na,b,hunter2\n');
    expect(JSON.stringify(project)).not.toContain('hunter2');
  });
});

describe('what is wrong with a CSV is told with line and column', () => {
  it.each<[string, string, readonly string[]]>([
    ['an empty file', '', [' : the file is empty']],
    ['nothing but blank lines', '\n \n', [' : the file is empty']],
    ['a header without rows', 'source,destination,source_password\n', ['1 : there is no row below the header']],
    ['no header', 'anna;hunter2;x\n', ['1 : the first line is not a header, nor a row of a list that has none']],
    ['a missing column', 'source,source_password\na,pw\n', ['1 destination: the column is missing']],
    [
      'a missing column of passwords, once',
      'source,destination\na,b\nc,d\n',
      ['1 source_password: the column is missing, and every mailbox logs in at the source with its own password'],
    ],
    ['an unknown column', 'source,destination,source_password,quota\na,b,c,1\n', ['1 : the column “quota” is unknown']],
    [
      'a column twice',
      'source,destination,source_password,source\na,b,c,d\n',
      ['1 source: the column stands here a second time'],
    ],
    ['an empty field', 'source,destination,source_password\n,b,pw\n', ['2 source: the field is empty']],
    [
      'a missing password',
      'source,destination,source_password\na,b,\n',
      ['2 source_password: the password of “a” at the source is missing'],
    ],
    [
      'a password that is not needed',
      'source,destination,source_password,destination_password\na,b,pw,pw2\n',
      [
        '2 destination_password: the password of “b” at the destination is not needed: an administrator opens every mailbox there',
      ],
    ],
    [
      'a field with a line break',
      'source,destination,source_password\n"a\nb",c,pw\n',
      ['3 source: the field holds a line break or another control character'],
    ],
    [
      'a field that is too long',
      `source,destination,source_password\n${'a'.repeat(321)},b,pw\n`,
      ['2 source: the field has 321 characters'],
    ],
    [
      'more fields than columns',
      'source,destination,source_password\na,b,p,w\n',
      ['2 : the row has 4 fields, more than the header'],
    ],
    [
      'one destination twice, by case',
      'source,destination,source_password\na,Anna@b.example,p\nc,d,p\nb,anna@B.example,p\n',
      ['4 destination: the destination “anna@B.example” is filled by line 2 already, from “a”'],
    ],
    [
      'quotes in the wrong place, each line once',
      'source,destination,source_password\na"b,c,hunter2\nd,e,pw\n"f" g,h,hunter2\n',
      ['2 : a quote opens or closes in the middle of a field', '4 : a quote opens or closes in the middle of a field'],
    ],
    [
      'a quote that is never closed',
      'source,destination,source_password\n"a,b,pw\nc,d,pw\n',
      ['2 : a quote opens or closes in the middle of a field'],
    ],
  ])('%s', async (_, csv, expected) => {
    expect(await faults(csv)).toEqual(expected);
  });

  it('all of them at once', async () => {
    expect(await faults('source,destination,source_password\n,b,pw\na,c,\nd,b"x,pw\ne,f,pw\ng,F,pw\n')).toHaveLength(4);
  });

  it('with the name that was probably meant', async () => {
    const issues = await issuesOf(PROJECT, { 'dir/mailboxes.csv': 'source,destination,source_pasword\na,b,c\n' });
    expect(issues).toContainEqual(
      expect.objectContaining({ line: 1, column: 3, expected: 'source_password, if that is meant' }),
    );
  });

  it('by the line that is not UTF-8', async () => {
    const csv = Buffer.from('source,destination,source_password\na,b,pw\nm\u00fcller,c,pw\n', 'latin1');
    expect(await faults(csv)).toEqual(['3 : the line has characters that are not UTF-8']);
  });

  it('without ever showing a password', async () => {
    const csv = 'hunter2,hunter2\n';
    expect((await refusalOf(readCsv(csv))).message).not.toContain('hunter2');
    const wrong =
      'source,destination,source_password,destination_password\na,b,"hunter2"x,hunter2\nc,,hunter2\u0007,hunter2\n';
    expect((await refusalOf(readCsv(wrong))).message).not.toContain('hunter2');
  });

  it('and at most two hundred at a time', async () => {
    const csv = `source,destination,source_password\n${Array.from({ length: 300 }, (_, row) => `a${row},b${row},`).join('\n')}`;
    const refusal = await refusalOf(readCsv(csv));
    expect(refusal.issues).toHaveLength(300);
    expect(refusal.message.split('\n')).toHaveLength(201);
    expect(refusal.message).toContain('and 100 more');
  });
});

it('gives back every password that a spreadsheet can write', async () => {
  const field = fc
    .string({ unit: fc.constantFrom('a', '"', ',', ';', '\t ', "'", ' ', 'ü', '=', '\\'), minLength: 1, maxLength: 8 })
    .map((text) => text.replaceAll('\t', ''));
  await fc.assert(
    fc.asyncProperty(field, async (password) => {
      const quoted = `"${password.replaceAll('"', '""')}"`;
      const project = await readCsv(`source,destination,source_password\na,b,${quoted}\n`);
      expect(passwordOf(project, 0)).toBe(password);
    }),
    { numRuns: 200 },
  );
});
