import { describe, expect, it } from 'vitest';
import { readProjectFile } from '../../../project/read.ts';
import { CA, WITH_CSV, issuesOf, projectText, read, refusalOf } from './project-files.ts';

describe('a valid project file', () => {
  it('becomes settings with the defaults filled in', async () => {
    const { settings } = await read(projectText());
    expect(settings).toMatchObject({
      name: 'move',
      source: { host: 'old.example.org', port: 993, tls: 'implicit', auth: { kind: 'password' } },
      destination: {
        auth: { kind: 'admin', form: 'dovecot', admin: 'admin', password: { kind: 'file', path: 'admin.txt' } },
      },
      prestageOlderThanDays: 90,
      folders: { include: [], exclude: [], rename: [], roles: true },
      limits: {
        connectionsPerMailbox: 2,
        connectionsPerEndpoint: 40,
        messagesPerShare: 20_000,
        millisecondsPerShare: 600_000,
        memoryBytes: 33_554_432,
      },
      timing: {
        accessBackoff: [60_000, 120_000, 300_000, 600_000, 900_000],
        accessGrace: 7_200_000,
        deltaInterval: 86_400_000,
        tailInterval: 86_400_000,
        tailQuiet: 259_200_000,
        heartbeatTimeout: 10_000,
        commandTimeout: 120_000,
      },
    });
  });

  it('keeps where the secret of a mailbox is, not the secret', async () => {
    const { rows } = await read(projectText());
    expect(rows).toMatchObject([
      {
        id: 'anna@example.org',
        source: { user: 'anna', password: { kind: 'env', name: 'ANNA' } },
        destination: { user: 'anna@example.org' },
      },
    ]);
  });

  it('may shorten every wait to seconds', async () => {
    const { settings } = await read(
      `${projectText()}delta: { every: 1s }\ntail: { every: 2s, quietFor: 0s }\ntiming: { accessBackoff: [100ms], accessGrace: 5s, heartbeat: 2s, troubleBackoff: [500ms, 1s], commandTimeout: 5s }\nprestage: { olderThan: 0d }\n`,
    );
    expect(settings.timing).toEqual({
      accessBackoff: [100],
      accessGrace: 5_000,
      deltaInterval: 1_000,
      tailInterval: 2_000,
      tailQuiet: 0,
      heartbeatTimeout: 2_000,
      commandTimeout: 5_000,
      troubleBackoff: [500, 1_000],
    });
    expect(settings.prestageOlderThanDays).toBe(0);
  });

  it.each([
    ['with a byte order mark', `\ufeff${projectText()}`],
    ['with Windows line ends', projectText().replaceAll('\n', '\r\n')],
  ])('is read %s', async (_, text) => {
    await expect(read(text)).resolves.toMatchObject({ settings: { name: 'move' } });
  });

  it('brings the certificate authorities along', async () => {
    const text = projectText(['  host: old.example.org', '  host: old.example.org\n  ca: ca.pem\n  serverName: imap']);
    const { settings } = await read(text, { 'dir/ca.pem': CA });
    expect(settings.source).toMatchObject({ caPem: CA, serverName: 'imap' });
  });

  it.each([
    ['', 'https://login.microsoftonline.com', 'https://outlook.office365.com/.default'],
    ['    cloud: china\n', 'https://login.partner.microsoftonline.cn', 'https://partner.outlook.cn/.default'],
    ['    cloud: gcc-high\n', 'https://login.microsoftonline.us', 'https://outlook.office365.us/.default'],
    ['    cloud: dod\n', 'https://login.microsoftonline.us', 'https://outlook-dod.office365.us/.default'],
    [
      '    authority: https://127.0.0.1:8443/\n    scope: https://mail.test/.default\n',
      'https://127.0.0.1:8443',
      'https://mail.test/.default',
    ],
  ])('knows token services: %j', async (lines, authority, scope) => {
    const oauth2 = `    kind: oauth2\n    tenant: contoso.example\n    clientId: 11111111-2222-3333-4444-555555555555\n    secretEnv: APP\n${lines}`;
    const { settings } = await read(projectText(['    kind: password\n', oauth2], ['    sourceSecretEnv: ANNA\n', '']));
    expect(settings.source.auth).toMatchObject({ kind: 'oauth2', authority, scope });
  });

  it.each([
    ['', 'outlook.office365.com'],
    ['    cloud: gcc-high\n', 'outlook.office365.us'],
    ['    cloud: dod\n', 'outlook-dod.office365.us'],
    ['    cloud: china\n', 'partner.outlook.cn'],
  ])('knows the mail server of a cloud: %j', async (cloud, host) => {
    const { settings } = await read(
      projectText(
        ['  host: old.example.org\n', ''],
        ['    kind: password\n', `    kind: oauth2\n    clientId: app\n    secretEnv: APP\n${cloud}`],
        ['    sourceSecretEnv: ANNA\n', ''],
      ),
    );
    expect(settings.source).toMatchObject({ host, port: 993 });
    expect(settings.source.auth).not.toHaveProperty('tenant');
  });

  it('warns of two mailboxes that are filled from one', async () => {
    const second = projectText([
      '    destination: anna@example.org\n',
      '    destination: anna@example.org\n  - { source: Anna, sourceSecretEnv: ANNA, destination: copy }\n',
    ]);
    expect((await read(second)).warnings.map((warning) => warning.message)).toEqual([
      'Anna is copied to both anna@example.org and copy',
    ]);
  });
});

/** Line and column of the place, path and what is said. */
describe('a fault is told with its place, what was found and what is expected', () => {
  it.each<[string, readonly (readonly [string, string])[], string]>([
    [
      'a wrong number',
      [['  host: old.example.org', '  host: old.example.org\n  port: 99999']],
      'dir/project.yaml:5:9 source.port: found “99999”; expected a number from 1 to 65535',
    ],
    [
      'a missing key',
      [['  host: old.example.org\n', '']],
      'dir/project.yaml:3:1 source.host: this is missing; expected a host name or address',
    ],
    [
      'a misspelled key',
      [['  host: old', '  hots: old']],
      'dir/project.yaml:4:3 source.hots: the key “hots” is unknown; expected `host`, if that is meant',
    ],
    [
      'an unknown key',
      [['name: move', 'name: move\ncolour: blue']],
      'dir/project.yaml:3:1 colour: the key “colour” is unknown; expected `schema`, `name`',
    ],
    [
      'a number where a name belongs',
      [['name: move', 'name: 7']],
      'dir/project.yaml:2:7 name: found “7”; expected a name of lower-case letters',
    ],
    [
      'a name that no workflow id can hold',
      [['name: move', 'name: My Move']],
      'dir/project.yaml:2:7 name: found “My Move”',
    ],
    [
      'a host with a scheme',
      [['old.example.org', 'imaps://old.example.org']],
      'dir/project.yaml:4:9 source.host: found “imaps://old.example.org”; expected a host name or address, without port',
    ],
    ['a host with a port', [['old.example.org', 'old.example.org:993']], 'dir/project.yaml:4:9 source.host: found'],
    [
      'a kind that there is not',
      [['kind: password', 'kind: passwort']],
      'dir/project.yaml:6:11 source.authentication.kind: found “passwort”; expected `password`, `administrator` or `oauth2`',
    ],
    [
      'a form that there is not',
      [['form: dovecot', 'form: cyrus']],
      'dir/project.yaml:11:11 destination.authentication.form: found “cyrus”; expected `sasl-plain`, `dovecot`, `exchange` or `mirapoint`',
    ],
    [
      'a group without keys',
      [['name: move', 'name: move\ntail:']],
      'dir/project.yaml:3:6 tail: found nothing; expected keys such as `every: …`',
    ],
    [
      'a duration without a unit',
      [['name: move', 'name: move\ntail: { every: 24 }']],
      'dir/project.yaml:3:16 tail.every: found “24”; expected a duration from 1s to 30d',
    ],
    [
      'a heartbeat that no network keeps',
      [['name: move', 'name: move\ntiming: { heartbeat: 1s }']],
      'dir/project.yaml:3:22 timing.heartbeat: found “1s”; expected a duration from 2s to 10m',
    ],
    [
      'half a day of pre-stage',
      [['name: move', 'name: move\nprestage: { olderThan: 12h }']],
      'dir/project.yaml:3:24 prestage.olderThan: found “12h”; expected whole days',
    ],
    [
      'a pattern that is none',
      [['name: move', 'name: move\nfolders: { rename: [{ pattern: "(", replacement: "" }] }']],
      'dir/project.yaml:3:32 folders.rename[0].pattern: found “(”; expected a JavaScript regular expression',
    ],
    [
      'a rename without an arrow',
      [['name: move', 'name: move\nfolders: { rename: ["INBOX"] }']],
      'dir/project.yaml:3:21 folders.rename[0]: found “INBOX”; expected `PATTERN->REPLACEMENT`, where PATTERN is a regular expression',
    ],
    [
      'fewer connections than one mailbox may use',
      [['name: move', 'name: move\nlimits: { connectionsPerEndpoint: 1 }']],
      'dir/project.yaml:3:35 limits.connectionsPerEndpoint: found “1”',
    ],
    [
      'no TLS to another machine',
      [['  host: old.example.org', '  host: old.example.org\n  tls: none']],
      'dir/project.yaml:5:8 source.tls: without TLS, passwords and mail could be read on the way to old.example.org',
    ],
    [
      'a password that is not needed',
      [['    destination: anna@example.org', '    destination: anna@example.org\n    destinationPrompt: true']],
      'dir/project.yaml:18:24 mailboxes[0].destinationPrompt: the password of “anna@example.org” at the destination is not needed',
    ],
    [
      'the mail server of another cloud',
      [
        ['old.example.org', 'outlook.office365.com'],
        ['    kind: password\n', '    kind: oauth2\n    cloud: china\n    clientId: app\n    secretEnv: X\n'],
        ['    sourceSecretEnv: ANNA\n', ''],
      ],
      'dir/project.yaml:4:9 source.host: found “outlook.office365.com”, the mail server of `cloud: global`',
    ],
    [
      'an application that is missing',
      [
        ['    kind: password\n', '    kind: oauth2\n    tenant: t.example\n'],
        ['    sourceSecretEnv: ANNA\n', ''],
      ],
      'dir/project.yaml:16:13 mailboxes[0].source: no application opens “anna” at the source; expected an application',
    ],
    [
      'an application that is not needed',
      [
        [
          '    sourceSecretEnv: ANNA\n',
          '    sourceSecretEnv: ANNA\n    sourceApplication: { clientId: a, secretEnv: X }\n',
        ],
      ],
      'mailboxes[0].sourceSecretEnv: the application of “anna” at the source is not needed',
    ],
    [
      'a day that there is not',
      [
        [
          '    kind: password\n',
          '    kind: oauth2\n    clientId: a\n    secretEnv: X\n    secretExpires: 2027-02-30\n',
        ],
        ['    sourceSecretEnv: ANNA\n', ''],
      ],
      'dir/project.yaml:9:20 source.authentication.secretExpires: the value (not shown) does not fit; expected a day',
    ],
    [
      'a day on which a certificate expires',
      [
        [
          '    kind: password\n',
          '    kind: oauth2\n    clientId: a\n    certificateFile: a.pfx\n    secretExpires: 2027-02-03\n',
        ],
        ['    sourceSecretEnv: ANNA\n', ''],
      ],
      'source.authentication.secretExpires: `secretExpires` stands beside a certificate, which says itself when it expires',
    ],
    [
      'the password of a PFX in the file',
      [
        [
          '    kind: password\n',
          '    kind: oauth2\n    clientId: a\n    certificateFile: a.pfx\n    certificatePassword: hunter2\n',
        ],
        ['    sourceSecretEnv: ANNA\n', ''],
      ],
      'source.authentication.certificatePassword: the value (not shown) does not fit; expected keys such as `secretFile: …`',
    ],
    [
      'a client secret without its application',
      [
        ['    kind: password\n', '    kind: oauth2\n    tenant: t.example\n    secretEnv: X\n'],
        ['    sourceSecretEnv: ANNA\n', '    sourceApplication: { clientId: a, secretEnv: X }\n'],
      ],
      'dir/project.yaml:8:16 source.authentication.secretEnv: `secretEnv` stands without an application',
    ],
    [
      'a password that is missing',
      [['    sourceSecretEnv: ANNA\n', '']],
      'dir/project.yaml:15:13 mailboxes[0].source: the password of “anna” at the source is missing; expected `sourceSecretFile`',
    ],
    [
      'a secret that is referred to twice',
      [['    secretFile: admin.txt', '    secretFile: admin.txt\n    prompt: true']],
      'dir/project.yaml:14:13 destination.authentication.prompt: the secret is referred to twice',
    ],
    [
      'a secret that is nowhere',
      [['    secretFile: admin.txt\n', '']],
      'dir/project.yaml:10:5 destination.authentication: it is not said where the secret is',
    ],
    [
      'a file of authorities that is not there',
      [['  host: old.example.org', '  host: old.example.org\n  ca: ca.pem']],
      'dir/project.yaml:5:7 source.ca: dir/ca.pem: there is no such file',
    ],
    [
      'no mailbox at all',
      [[WITH_CSV[0], '  []\n']],
      'dir/project.yaml:15:3 mailboxes: found a list; expected at least one mailbox',
    ],
    [
      'mailboxes that are neither list nor CSV',
      [[WITH_CSV[0], '  cvs: a.csv\n']],
      'dir/project.yaml:15:3 mailboxes.cvs: the key “cvs” is unknown; expected `csv`, if that is meant',
    ],
    [
      'a tenant for everybody',
      [['    kind: password', '    kind: oauth2\n    tenant: common\n    clientId: x\n    secretEnv: X']],
      'dir/project.yaml:7:13 source.authentication.tenant: found “common”; expected the ID or a domain of the tenant',
    ],
  ])('%s', async (_, replace, expected) => {
    const refusal = await refusalOf(read(projectText(...replace)));
    expect(refusal.code).toBe('project.file');
    expect(refusal.message).toContain(expected);
  });

  it('all of them at once, in the order of the file', async () => {
    const issues = await issuesOf(
      projectText(
        ['name: move', 'name: My Move'],
        ['  host: old.example.org', '  hots: old.example.org\n  port: 0'],
        ['form: dovecot', 'form: cyrus'],
        ['    sourceSecretEnv: ANNA', '    sourceSecretEnv: not a name'],
      ),
    );
    expect(issues.map((issue) => issue.path)).toEqual([
      'name',
      'source.hots',
      'source.port',
      'destination.authentication.form',
      'mailboxes[0].sourceSecretEnv',
    ]);
  });

  it('complains of a CSV together with the file', async () => {
    const issues = await issuesOf(projectText(['name: move', 'name: My Move'], WITH_CSV), {
      'dir/mailboxes.csv': 'source,destination\nanna,anna\n',
    });
    expect(issues.map((issue) => [issue.code, issue.path])).toEqual([
      ['project.file', 'name'],
      ['project.csv', 'source_password'],
    ]);
  });

  it('names both mailboxes that fill one destination, whatever its case', async () => {
    const [issue] = await issuesOf(
      projectText([
        '    destination: anna@example.org\n',
        '    destination: anna@example.org\n  - { source: a2, sourceSecretEnv: A2, destination: Anna@Example.org }\n',
      ]),
    );
    expect(issue).toMatchObject({
      line: 18,
      message: 'the destination “Anna@Example.org” is filled by line 17 already, from “anna”',
    });
  });

  it('takes two sources of one destination under prefixes of their own', async () => {
    const { rows } = await read(
      projectText([
        '    destination: anna@example.org\n',
        '    destination: anna@example.org\n  - { source: a2, sourceSecretEnv: A2, destination: anna@example.org, destinationPrefix: /Old/Info/ }\n',
      ]),
    );
    expect(rows.map((row) => row.id)).toEqual(['anna@example.org', 'anna@example.org#old/info']);
  });
});

describe('the first line', () => {
  it.each([
    ['is missing', projectText(['schema: mailferry/project/v1\n', '']), 'does not begin with the name of its schema'],
    ['comes second', `# mine\n${projectText()}`, 'does not begin with the name of its schema'],
    ['names a later version', projectText(['project/v1', 'project/v2']), 'is written for version 2'],
    ['is all of an empty file', '', 'does not begin with the name of its schema'],
  ])('refused when it %s', async (_, text, message) => {
    const issues = await issuesOf(text);
    expect(issues).toEqual([
      expect.objectContaining({
        line: 1,
        column: 1,
        message: expect.stringContaining(message),
        expected: 'the first line `schema: mailferry/project/v1`',
      }),
    ]);
  });
});

describe('text that is not YAML, or too much of it', () => {
  it.each<[string, string, number, string]>([
    ['a tab', projectText(['  host: old', '\thost: old']), 4, 'the line is indented with a tab'],
    ['a key twice', projectText(['name: move', 'name: move\nname: other']), 3, 'the key stands here a second time'],
    ['an anchor', projectText(['name: move', 'name: &n move']), 2, 'anchors (`&`) and aliases'],
    ['an alias', projectText(['name: move', 'name: *hunter2']), 2, 'anchors (`&`) and aliases'],
    ['a second document', `${projectText()}---\na: 1\n`, 18, 'a second document begins here'],
    ['a tag', projectText(['name: move', 'name: !!js/function move']), 2, 'a tag'],
    ['an open quote', projectText(['name: move', 'name: "move']), 2, ''],
    ['nothing but brackets', `schema: mailferry/project/v1\na: ${'['.repeat(100_000)}`, 2, 'nested too deeply'],
    ['nothing but dashes', `schema: mailferry/project/v1\n${'- '.repeat(100_000)}`, 2, 'nested too deeply'],
  ])('%s', async (_, text, line, message) => {
    const [issue] = await issuesOf(text);
    expect(issue?.line).toBeGreaterThanOrEqual(line);
    expect(issue?.message).toContain(message);
    expect(issue?.message).not.toContain('hunter2');
  });

  it('bytes that are not UTF-8, by their line', async () => {
    const [issue] = await issuesOf(Buffer.from(projectText(['old.example.org', 'm\u00fcller.example']), 'latin1'));
    expect(issue).toMatchObject({ line: 4, message: 'the line has characters that are not UTF-8' });
  });

  it('more than a megabyte', async () => {
    const [issue] = await issuesOf(`${projectText()}#${'x'.repeat(1_048_576)}`);
    expect(issue?.expected).toContain('csv');
  });

  it('no project file, named once', async () => {
    const missing = readProjectFile('dir/none.yaml', {
      readFile: () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
    });
    expect((await refusalOf(missing)).message).toBe(
      'dir/none.yaml: there is no such file; expected the name of a file that can be read',
    );
  });

  it('no file', async () => {
    const refusal = await refusalOf(read(projectText(WITH_CSV)));
    expect(refusal.code).toBe('project.csv');
    expect(refusal.message).toContain('dir/project.yaml:15:8 mailboxes.csv: dir/mailboxes.csv: there is no such file');
  });
});

describe('secrets', () => {
  it.each<[string, readonly [string, string]]>([
    ['a password', ['    kind: password', '    kind: password\n    password: hunter2']],
    ['an administrator’s secret', ['    secretFile: admin.txt', '    secret: hunter2']],
    ['a mailbox’s password', ['    sourceSecretEnv: ANNA', '    sourcePassword: hunter2']],
    ['a value instead of the name of a variable', ['ANNA', 'hunter2!']],
    ['a number', ['    secretFile: admin.txt', '    clientSecret: 1234567']],
    ['a question that is none', ['    secretFile: admin.txt', '    prompt: [hunter2]']],
  ])('do not stand in the file, and are not shown: %s', async (_, replace) => {
    const { message, issues } = await refusalOf(read(projectText(replace)));
    expect(message).not.toMatch(/hunter2|1234567/);
    expect(JSON.stringify(issues)).not.toMatch(/hunter2|1234567/);
    expect(message).toMatch(/secret|value|question/i);
  });

  it('are told how to be referred to', async () => {
    const [issue] = await issuesOf(projectText(['    kind: password', '    kind: password\n    password: hunter2']));
    expect(issue).toMatchObject({
      line: 7,
      path: 'source.authentication.password',
      message: 'secrets do not stand in project files; they are referred to',
      expected: '`secretFile: FILE`, `secretEnv: VARIABLE` or `prompt: true`',
    });
  });
});

it('never lets a file write control characters to a terminal', async () => {
  const refusal = await refusalOf(read(projectText(['name: move', 'name: "\\e]0;evil\\a\\u202e"\n"\\e[2J": 1'])));
  // oxlint-disable-next-line no-control-regex -- these are what must not come out
  expect(refusal.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});
