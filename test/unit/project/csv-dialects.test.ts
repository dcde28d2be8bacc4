/** Lists of mailboxes as the tools of the guides write them. */
import { describe, expect, it } from 'vitest';
import type { ParsedProject } from '../../../project/types.ts';
import { WITH_CSV, issuesOf, projectText, read } from './project-files.ts';

type Csv = string | Uint8Array;

const OAUTH2 = '    kind: oauth2\n    tenant: t.example\n    clientId: app\n    secretEnv: APP\n';
const ROWS_APPLICATIONS = '    kind: oauth2\n    tenant: t.example\n';
const PASSWORDS = '    kind: password\n';

/** A project from a source that is opened so to a Dovecot with an administrator; `csv` is how the file names its list. */
function project(source: string, csv = 'users.csv', host = 'old.example.org'): string {
  return projectText(
    ['    kind: password\n', source],
    ['old.example.org', host],
    [WITH_CSV[0], WITH_CSV[1].replace('mailboxes.csv', csv)],
  );
}

function readList(source: string, csv: Csv, host?: string): Promise<ParsedProject> {
  return read(project(source, 'users.csv', host), { 'dir/users.csv': csv });
}

/** Issues as `line:column path: message`. */
async function faults(source: string, csv: Csv, named = 'users.csv', host?: string): Promise<readonly string[]> {
  const issues = await issuesOf(project(source, named, host), { 'dir/users.csv': csv });
  return issues.map(({ line, column, path, message }) => `${line ?? ''}:${column ?? ''} ${path ?? ''}: ${message}`);
}

function secretsOf({ rows }: ParsedProject): readonly unknown[] {
  return rows.map(({ source: { password, app } }) => {
    const secret = app?.credential.kind === 'secret' ? app.credential.secret : password;
    return secret?.kind === 'value' ? secret.reveal() : undefined;
  });
}

function administrator(form: string, user: string): string {
  return `    kind: administrator\n    form: ${form}\n    user: ${JSON.stringify(user)}\n    secretEnv: ADMIN\n`;
}

const MICROSOFT_CSV = 'EmailAddress,UserName,Password\nann@contoso.com,ann.beebe,1091990\n';
const QBOXMAIL_ROW = 'anna@b.example;outlook.office365.com;anna@contoso.com;;1b7e;s3cr~t\n';

describe('a list of mailboxes is recognised by its columns', () => {
  it.each<[string, string, string, { readonly dialect: string; readonly columns: readonly string[] }]>([
    [
      'our own',
      PASSWORDS,
      'source,destination,source_password\na,b,pw\n',
      { dialect: 'mailferry', columns: ['source', 'destination', 'source_password'] },
    ],
    [
      'Microsoft’s',
      PASSWORDS,
      MICROSOFT_CSV,
      { dialect: 'microsoft', columns: ['EmailAddress', 'UserName', 'Password'] },
    ],
    ['InfoSwitch’s', OAUTH2, 'Email\nanna@contoso.com\n', { dialect: 'infoswitch', columns: ['Email'] }],
    [
      'Exchange’s',
      OAUTH2,
      '"DisplayName","PrimarySmtpAddress"\n"Anna","anna@contoso.com"\n',
      { dialect: 'exchange', columns: ['PrimarySmtpAddress'] },
    ],
    [
      'Qboxmail’s',
      ROWS_APPLICATIONS,
      QBOXMAIL_ROW.replace('outlook.office365.com', 'old.example.org'),
      { dialect: 'qboxmail', columns: ['local', 'imap-server', 'remote', 'password', 'client_ID', 'client_secret'] },
    ],
  ])('%s', async (_, source, csv, list) => {
    expect((await readList(source, csv)).list).toMatchObject({ ...list, file: 'dir/users.csv', rows: 1 });
  });

  it('unless the mailboxes stand in the project file', async () => {
    expect((await read(projectText())).list).toBeUndefined();
  });
});

describe('Microsoft’s migration CSV', () => {
  it('names the mailbox at Microsoft 365 and the login at the server that is left', async () => {
    const found = await readList(PASSWORDS, MICROSOFT_CSV);
    expect(found.rows).toMatchObject([{ source: { user: 'ann.beebe' }, destination: { user: 'ann@contoso.com' } }]);
    expect(secretsOf(found)).toEqual(['1091990']);
  });

  it.each(['contoso/admin/alberta', 'alberta*admin', '#alberta@contoso.com#admin#', 'contoso\\ann.beebe'])(
    'takes the login %s as it is',
    async (login) => {
      const { rows } = await readList(PASSWORDS, `EmailAddress,UserName,Password\na@contoso.com,${login},P@ssw0rd\n`);
      expect(rows).toMatchObject([{ source: { user: login } }]);
    },
  );

  it('has UserRoot for mailboxes that an administrator sees as shared folders', async () => {
    const csv =
      'EmailAddress,UserName,Password,UserRoot\na@contoso.com,admin,pw,/users/alberta\nb@contoso.com,admin,pw,/users/bobby\n';
    const { rows, warnings } = await readList(PASSWORDS, csv);
    expect(rows.map(({ source }) => source.root)).toEqual(['users/alberta', 'users/bobby']);
    expect(warnings).toEqual([]);
  });

  it.each<[string, string, string, readonly string[]]>([
    ['a missing column', PASSWORDS, 'EmailAddress,UserName\na@b.c,a\n', ['1: Password: the column is missing']],
    [
      'a name that is written otherwise',
      PASSWORDS,
      'EmailAddress,UserName,Pasword\na@b.c,a,p\n',
      ['1: Password: the column is missing', '1:3 : the column “Pasword” is unknown'],
    ],
    [
      'an empty user name',
      PASSWORDS,
      'EmailAddress,UserName,Password\na@b.c,,p\n',
      ['2:2 UserName: the field is empty'],
    ],
    [
      'an empty password',
      PASSWORDS,
      'EmailAddress,UserName,Password\na@b.c,a,\n',
      ['2:3 Password: the password of “a” at the source is missing'],
    ],
    [
      'passwords that nobody needs',
      OAUTH2,
      MICROSOFT_CSV,
      [
        '2:3 Password: the password of “ann.beebe” at the source is not needed: an application (oauth2) opens every mailbox there',
      ],
    ],
  ])('is refused for %s', async (_, source, csv, expected) => {
    expect((await faults(source, csv)).toSorted()).toEqual(expect.arrayContaining([...expected]));
  });
});

describe('lists of addresses', () => {
  it.each([
    ['InfoSwitch’s', 'Email\nfirstname.lastname@domain.com\ncontact@domain.com\n'],
    [
      'InfoSwitch’s, as PowerShell writes it',
      '\ufeff"Email"\r\n"firstname.lastname@domain.com"\r\n"contact@domain.com"\r\n',
    ],
    [
      'InfoSwitch’s, with the empty columns of a spreadsheet',
      'Email;;\nfirstname.lastname@domain.com;;\ncontact@domain.com;;\n',
    ],
    [
      'Exchange’s, with its types, in UTF-16',
      Buffer.from(
        '\ufeff#TYPE Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox\r\n"Name","Languages","PrimarySmtpAddress"\r\n"A, B","line\r\nline","firstname.lastname@domain.com"\r\n"C","","contact@domain.com"\r\n',
        'utf16le',
      ),
    ],
    [
      'Exchange’s, in UTF-16 of the other order, with the separator of Windows in German',
      Buffer.from(
        '\ufeff"Name";"PrimarySmtpAddress"\r\n"Ä";"firstname.lastname@domain.com"\r\n"B";"contact@domain.com"\r\n',
        'utf16le',
      ).swap16(),
    ],
    [
      'Exchange’s, in UTF-16 without a byte order mark',
      Buffer.from('Name\tPrimarySmtpAddress\nÄ\tfirstname.lastname@domain.com\nB\tcontact@domain.com\n', 'utf16le'),
    ],
    [
      'Exchange’s, with a spreadsheet’s word on its separator',
      'sep=;\r\nName;PrimarySmtpAddress\r\nA;firstname.lastname@domain.com\r\nB;contact@domain.com\r\n',
    ],
  ])('%s, name the mailbox on both sides', async (_, csv) => {
    const { rows } = await readList(OAUTH2, csv);
    expect(rows).toMatchObject(
      ['firstname.lastname@domain.com', 'contact@domain.com'].map((user) => ({
        source: { user },
        destination: { user },
      })),
    );
  });

  it('leave out what Exchange keeps for itself, and say so', async () => {
    const csv =
      'PrimarySmtpAddress,RecipientTypeDetails\na@b.c,UserMailbox\nDiscoverySearchMailbox{D9}@b.c,DiscoveryMailbox\ns@b.c,SharedMailbox\n';
    const { rows, warnings, list } = await readList(OAUTH2, csv);
    expect(rows.map(({ id }) => id)).toEqual(['a@b.c', 's@b.c']);
    expect(list?.rows).toBe(2);
    expect(warnings).toMatchObject([
      { line: 3, column: 2, message: 'the row is left out: a DiscoveryMailbox is Exchange’s own' },
    ]);
  });

  it('have no passwords for servers that want them', async () => {
    expect(await faults(PASSWORDS, 'Email\na@b.c\n')).toEqual([
      '1: : InfoSwitch’s list of addresses has no passwords for the source, and every mailbox logs in at the source with its own password',
    ]);
  });
});

describe('Qboxmail’s migration CSV', () => {
  const HOST = 'outlook.office365.com';

  it('brings an application in each row', async () => {
    const found = await readList(ROWS_APPLICATIONS, QBOXMAIL_ROW, HOST);
    expect(found.rows).toMatchObject([
      {
        id: 'anna@b.example',
        source: { user: 'anna@contoso.com', app: { clientId: '1b7e', credential: { kind: 'secret' } } },
        destination: { user: 'anna@b.example' },
      },
    ]);
    expect(secretsOf(found)).toEqual(['s3cr~t']);
    expect(JSON.stringify(found)).not.toContain('s3cr~t');
  });

  it('without applications has passwords', async () => {
    const found = await readList(
      PASSWORDS,
      'anna@b.example;old.example.org;anna;"pw;1"\nbert@b.example;OLD.example.org;bert;pw2\n',
    );
    expect(secretsOf(found)).toEqual(['pw;1', 'pw2']);
  });

  it('may have the form that the guide prints above its rows', async () => {
    const csv = `email@locale;imap-server-remoto;email@remota;pwdremota;client_ID;client_secret\n${QBOXMAIL_ROW}`;
    expect((await readList(ROWS_APPLICATIONS, csv, HOST)).rows).toHaveLength(1);
  });

  it('passes over passwords that the form wants and nobody needs', async () => {
    const csv = QBOXMAIL_ROW.replace(';;', ';hunter2;');
    const found = await readList(ROWS_APPLICATIONS, csv, HOST);
    expect(found.rows[0]?.source.password).toBeUndefined();
    expect(found.warnings).toMatchObject([{ message: 'a row has a password that nobody needs' }]);
  });

  it.each<[string, string, readonly string[]]>([
    [
      'a server that is not the source of the project',
      `${QBOXMAIL_ROW}bert@b.example;imap.gmail.com;bert@contoso.com;;1b7e;s3cr~t\n`,
      [
        '2:2 imap-server: the row’s server is “imap.gmail.com”, and the source of the project is “outlook.office365.com”',
      ],
    ],
    [
      'half an application',
      'anna@b.example;outlook.office365.com;anna@contoso.com;;1b7e;\n',
      ['1:6 client_secret: the client secret is missing'],
    ],
    [
      'a field too many',
      `${QBOXMAIL_ROW}bert@b.example;${HOST};bert;p;w;id;secret\n`,
      ['2: : the row has 7 fields, more than 6'],
    ],
    ['no server', `${QBOXMAIL_ROW}bert@b.example;;bert;;id;secret\n`, ['2:2 imap-server: the field is empty']],
  ])('is refused for %s', async (_, csv, expected) => {
    expect(await faults(ROWS_APPLICATIONS, csv, 'users.csv', HOST)).toEqual(expected);
  });
});

describe('our own list has applications as well', () => {
  it('with their tenants', async () => {
    const csv =
      'source,destination,source_tenant,source_client_id,source_client_secret\na@x.example,b,x.example,id,secret\nc@y.example,d,,,\n';
    const { rows } = await readList(OAUTH2, csv);
    expect(rows).toMatchObject([
      { source: { app: { tenant: 'x.example', clientId: 'id' } } },
      { source: { user: 'c@y.example' } },
    ]);
    expect(rows[1]?.source.app).toBeUndefined();
  });

  it('where they open mailboxes', async () => {
    const csv = 'source,destination,source_password,source_client_id,source_client_secret\na,b,pw,id,secret\n';
    expect(await faults(PASSWORDS, csv)).toEqual([
      '2:4 source_client_id: the application of “a” at the source is not needed: mailboxes are opened with their passwords there',
    ]);
  });
});

describe('what may be read in two ways is asked about', () => {
  const BOTH = 'EmailAddress,UserName,Password,source,destination,source_password\nm@x.y,m,pm,s,d,ps\n';

  it('and never guessed', async () => {
    const [issue, ...others] = await issuesOf(project(PASSWORDS), { 'dir/users.csv': BOTH });
    expect(others).toEqual([]);
    expect(issue?.message).toBe(
      'the columns can be read as mailferry’s own CSV (source,destination) and as Microsoft’s migration CSV (EmailAddress,UserName,Password)',
    );
    expect(issue?.expected).toContain(
      '`csv: { file: …, dialect: mailferry }` or `csv: { file: …, dialect: microsoft }`',
    );
  });

  it.each([
    ['microsoft', 'm@x.y', 'm'],
    ['mailferry', 'd', 's'],
  ])('a project file that says %s decides', async (dialect, destination, source) => {
    const text = project(PASSWORDS, `{ file: users.csv, dialect: ${dialect} }`);
    const { rows, warnings } = await read(text, { 'dir/users.csv': BOTH });
    expect(rows).toMatchObject([{ source: { user: source }, destination: { user: destination } }]);
    expect(warnings.map(({ message }) => message)).toHaveLength(3);
  });

  it('and two addresses in a row are', async () => {
    expect(await faults(OAUTH2, 'Email,PrimarySmtpAddress\na@b.c,b@b.c\n')).toEqual([
      expect.stringContaining('can be read as'),
    ]);
  });

  it.each([
    ['addresses without a header', 'anna@contoso.com\nbert@contoso.com\n'],
    ['columns of nobody', 'Name,Mail\nA,a@b.c\n'],
    ['one column of each of two', 'source,Password\na,hunter2\n'],
    ['three fields', 'anna@b.example;old.example.org;anna\n'],
  ])('%s are nobody’s list', async (_, csv) => {
    const found = await faults(PASSWORDS, csv);
    expect(found).toEqual(['1: : the first line is not a header, nor a row of a list that has none']);
  });

  it('as is a dialect that nobody knows', async () => {
    expect(await faults(PASSWORDS, MICROSOFT_CSV, '{ file: users.csv, dialect: gmail }')).toEqual([
      '15:36 mailboxes.csv.dialect: found “gmail”',
    ]);
  });
});

describe('what spreadsheets and the clipboard do to names', () => {
  it.each([
    ['a formula that failed', '#NAME?', 'the field is “#NAME?”, a spreadsheet’s error'],
    ['a zero width space', 'an\u200bna', 'the field holds an invisible character (U+200B)'],
    ['a direction mark', 'anna\u202e', 'the field holds an invisible character (U+202E)'],
    ['a line break', '"an\nna"', 'the field holds a line break or another control character'],
    ['a bell', 'an\u0007na', 'the field holds a line break or another control character'],
  ])('%s is found', async (_, name, message) => {
    const found = await faults(PASSWORDS, `source,destination,source_password\n${name},b,pw\n`);
    expect(found).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['letters composed or not', 'm\u00fcller@b.example', 'mu\u0308ller@b.example'],
    ['a domain in ASCII or not', 'a@m\u00fcnchen.example', 'a@xn--mnchen-3ya.example'],
    ['upper and lower case', 'Anna@b.example', 'anna@B.EXAMPLE'],
  ])('one destination in %s is one', async (_, first, second) => {
    const found = await faults(PASSWORDS, `source,destination,source_password\na,${first},pw\nc,${second},pw\n`);
    expect(found).toEqual([expect.stringContaining('is filled by line 2 already')]);
  });

  it('letters of scripts that join are no mistake', async () => {
    const name = '\u0645\u06cc\u200c\u062e@b.example';
    const { rows } = await readList(PASSWORDS, `source,destination,source_password\na,${name},pw\n`);
    expect(rows[0]?.destination.user).toBe(name);
  });

  it('in passwords they are warned of and kept', async () => {
    const found = await readList(PASSWORDS, 'source,destination,source_password\na,b,p\u200bw\nc,d,#REF!\n');
    expect(secretsOf(found)).toEqual(['p\u200bw', '#REF!']);
    expect(found.warnings.map(({ line }) => line)).toEqual([2, 3]);
  });
});

describe('administrators’ logins', () => {
  it.each([
    ['dovecot', 'admin', 'anna*bert'],
    ['exchange', 'contoso/admin', 'x/anna'],
    ['exchange', 'contoso\\admin', 'x\\anna'],
    ['mirapoint', 'admin', 'anna#x'],
  ])('in the form of %s are for names that do not divide them elsewhere', async (form, user, name) => {
    const found = await faults(administrator(form, user), `source,destination\n${name},b\n`);
    expect(found).toEqual([expect.stringMatching(/^2:1 source: .* divides user and administrator/)]);
  });

  it.each([
    ['exchange', 'admin', 'stands without its domain'],
    ['dovecot', 'a*b', 'divides user and administrator'],
  ])('in the form of %s are not by %s', async (form, user, message) => {
    const found = await faults(administrator(form, user), 'source,destination\na,b\n');
    expect(found).toEqual([expect.stringContaining(message)]);
  });
});
