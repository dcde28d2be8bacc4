import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../client/main.ts';
import { commandNames } from '../../../client/program.ts';
import { readProjectFile } from '../../../project/read.ts';
import { memoryIo } from './memory-io.ts';

let cwd = '';

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mailferry-cli-'));
});

afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

describe('calling mailferry', () => {
  it('prints its version on stdout', async () => {
    const io = memoryIo();
    expect(await main(['--version'], io)).toBe(0);
    expect(io.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(io.err()).toBe('');
  });

  it('lists every command in its help, and the exit codes', async () => {
    const io = memoryIo();
    expect(await main(['help'], io)).toBe(0);
    for (const name of commandNames) expect(io.out()).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(io.out()).toContain('130 interrupted');
  });

  it.each(commandNames)('explains %s', async (name) => {
    const io = memoryIo();
    expect(await main(['help', name], io)).toBe(0);
    expect(io.out()).toContain(`Usage: mailferry ${name}`);
  });

  it('takes a call without a command for a wrong one, and shows help', async () => {
    const io = memoryIo();
    expect(await main([], io)).toBe(2);
    expect(io.out()).toContain('Usage: mailferry');
  });

  it.each([
    ['an unknown command', ['statsu'], /unknown command 'statsu' .*status/],
    ['an unknown option', ['list', '--frob'], /unknown option '--frob'/],
    ['a missing argument', ['status'], /missing required argument 'name'/],
    ['an argument too many', ['list', 'x'], /too many arguments/],
    ['a bad duration', ['wait', 'x', '--timeout', 'soon'], /Expected a duration/],
    ['a bad choice', ['wait', 'x', '--for', 'ever'], /Allowed choices are ready, finished/],
    ['a bad output format', ['list', '-o', 'xml'], /Allowed choices are text, json/],
    ['a bad port', ['up', '--port', '70000'], /Expected a port/],
    ['what is no project’s name', ['status', 'No Such'], /is not a project's name/],
  ])('refuses %s with code 2 and a next step', async (_what, argv, what) => {
    const io = memoryIo();
    expect(await main(argv, io)).toBe(2);
    expect(io.out()).toBe('');
    expect(io.err()).toMatch(/^error command\.usage: /);
    expect(io.err()).toMatch(what);
    expect(io.err()).toMatch(/\n  next: .+\n$/);
  });

  it('prints errors as one object on stderr where JSON is asked for', async () => {
    const io = memoryIo();
    expect(await main(['frobnicate', '-o', 'json'], io)).toBe(2);
    expect(JSON.parse(io.err())).toMatchObject({ error: { code: 'command.usage', exit: 2 } });
  });

  it('takes global options on either side of the command', async () => {
    const before = memoryIo();
    const after = memoryIo();
    expect(await main(['-o', 'json', 'schema'], before)).toBe(0);
    expect(await main(['schema', '-o', 'json'], after)).toBe(0);
    expect(JSON.parse(before.out())).toEqual(JSON.parse(after.out()));
    expect(JSON.parse(before.out())).toMatchObject({ title: 'mailferry project' });
  });
});

describe('init', () => {
  it('writes a project file and a CSV to fill in', async () => {
    const io = memoryIo({ cwd });
    expect(await main(['init', '--name', 'acme', '--source', 'imap.a.example'], io)).toBe(0);
    expect(await readFile(join(cwd, 'project.yaml'), 'utf8')).toMatch(/^schema: [^]*name: acme[^]*imap\.a\.example/);
    expect(await readFile(join(cwd, 'mailboxes.csv'), 'utf8')).toContain('source_password');
  });

  it('overwrites nothing unless forced, and the list of mailboxes never', async () => {
    await writeFile(join(cwd, 'project.yaml'), 'mine');
    await writeFile(join(cwd, 'mailboxes.csv'), 'mine too');
    const io = memoryIo({ cwd });
    expect(await main(['init'], io)).toBe(2);
    expect(io.err()).toContain('error command.file:');
    expect(await readFile(join(cwd, 'project.yaml'), 'utf8')).toBe('mine');
    expect(await main(['init', '--force'], memoryIo({ cwd }))).toBe(0);
    expect(await readFile(join(cwd, 'mailboxes.csv'), 'utf8')).toBe('mine too');
  });

  it.each<[string, string, readonly RegExp[]]>([
    [
      'Microsoft’s',
      'EmailAddress,UserName,Password\nann@contoso.com,ann,1091990\n',
      [
        /source:\n {2}host: imap\.old\.example/,
        /kind: password {3}# .* column Password of/,
        /outlook\.office365\.com[^]*kind: oauth2/,
      ],
    ],
    [
      'Exchange’s',
      '#TYPE Mailbox\n"Name","PrimarySmtpAddress"\n"A","a@contoso.com"\n',
      [/source:\n {2}host: outlook\.office365\.com[^]*clientId: [^]*destination:[^]*kind: administrator/],
    ],
    [
      'Qboxmail’s',
      'a@b.example;outlook.office365.com;a@contoso.com;;1b7e;s3cr~t\n',
      [/host: outlook\.office365\.com[^]*each row names its application[^]*destination:/],
    ],
    [
      'Qboxmail’s without applications',
      'a@b.example;imap.x.example;a@x.example;hunter2\n',
      [/host: imap\.x\.example[^]*kind: password[^]*destination:/],
    ],
  ])('takes up the road of a list of %s', async (_, list, expected) => {
    await writeFile(join(cwd, 'users.csv'), list);
    const io = memoryIo({ cwd });
    expect(await main(['init', '--csv', 'users.csv', '--name', 'acme'], io)).toBe(0);
    const text = await readFile(join(cwd, 'project.yaml'), 'utf8');
    for (const pattern of [...expected, /mailboxes:\n {2}csv: users\.csv/]) expect(text).toMatch(pattern);
    expect(text).not.toMatch(/hunter2|s3cr~t|1091990/);
    const { rows } = await readProjectFile(join(cwd, 'project.yaml'), { readFile: (path) => readFile(path) });
    expect(rows).toHaveLength(1);
    expect(await readFile(join(cwd, 'users.csv'), 'utf8')).toBe(list);
  });

  it('takes no list that nobody knows', async () => {
    await writeFile(join(cwd, 'users.csv'), 'Name,Mail\nA,hunter2\n');
    const io = memoryIo({ cwd });
    expect(await main(['init', '--csv', 'users.csv'], io)).toBe(2);
    expect(io.err()).toContain('error project.csv:');
    expect(io.err()).not.toContain('hunter2');
  });

  it('writes the form of an administrator’s login', async () => {
    const io = memoryIo({ cwd });
    const options = ['--source-kind', 'administrator', '--source-form', 'exchange', '--name', 'acme'];
    expect(await main(['init', ...options], io)).toBe(0);
    expect(await readFile(join(cwd, 'project.yaml'), 'utf8')).toMatch(/form: exchange[^]*user: DOMAIN\/administrator/);
  });

  it('asks for what the options do not say where somebody is there', async () => {
    const io = memoryIo({ cwd, answers: ['acme', 'imap.a.example', 'oauth2', '', 'password'] });
    expect(await main(['init'], io)).toBe(0);
    expect(io.asked).toHaveLength(5);
    expect(await readFile(join(cwd, 'project.yaml'), 'utf8')).toMatch(/kind: oauth2[^]*imap\.new\.example/);
  });
});

describe('a list of mailboxes', () => {
  it('is named for what it was taken for, before secrets are read or servers are asked', async () => {
    const rows = ['EmailAddress,UserName,Password', 'a@contoso.com,a,hunter2', 'b@contoso.com,b,hunter2'];
    await writeFile(join(cwd, 'users.csv'), rows.join('\n'));
    expect(await main(['init', '--csv', 'users.csv', '--destination-kind', 'administrator'], memoryIo({ cwd }))).toBe(
      0,
    );
    const io = memoryIo({ cwd });
    expect(await main(['apply', 'project.yaml'], io)).toBe(2);
    expect(io.err()).toContain('users.csv: Microsoft’s migration CSV (EmailAddress,UserName,Password), 2 rows');
    expect(io.err()).toContain('error project.secret:');
    expect(io.err()).not.toContain('hunter2');
  });
});

describe('what cannot be taken back', () => {
  it.each(['cutover', 'cancel'])('%s is not done where nobody confirms it', async (command) => {
    const io = memoryIo({ cwd });
    expect(await main([command, 'acme'], io)).toBe(6);
    expect(io.err()).toContain(`--confirm acme`);
  });

  it.each(['cutover', 'cancel'])('%s is not done for another name', async (command) => {
    const io = memoryIo({ cwd });
    expect(await main([command, 'acme', '--confirm', 'acne'], io)).toBe(6);
    expect(io.err()).toMatch(/^error command\.not-confirmed: .*"acne", is not "acme"/);
  });

  it('cancel asks a person to type the name', async () => {
    const io = memoryIo({ cwd, answers: ['something else'] });
    expect(await main(['cancel', 'acme'], io)).toBe(6);
    expect(io.asked[0]).toContain('cancellation of project "acme"');
  });
});

describe('a project file that is wrong', () => {
  it('is refused with all that is wrong before any server is asked', async () => {
    await writeFile(join(cwd, 'p.yaml'), 'schema: mailferry/project/v1\nname: acme\nfrobnicate: 1\n');
    const io = memoryIo({ cwd });
    expect(await main(['start', 'p.yaml', '--address', '127.0.0.1:1'], io)).toBe(2);
    expect(io.err()).toMatch(/^error project\.file: /);
    expect(io.err()).toMatch(/p\.yaml:3:1 .*frobnicate/);
    expect(io.err()).toContain('mailferry schema');
  });

  it('is refused when it is not there', async () => {
    const io = memoryIo({ cwd });
    expect(await main(['apply', 'nowhere.yaml'], io)).toBe(2);
    expect(io.err()).toContain('nowhere.yaml');
  });
});
