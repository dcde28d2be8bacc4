/**
 * The shape of a project file, with a description on every field: what is written, not what it becomes. Messages of the
 * checks say what is expected; `file-issues.ts` puts in front of them what was found and where.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { CLOUD_NAMES } from '../model/clouds.ts';
import { PROJECT_NAME } from '../model/ids.ts';
import type { FolderRename } from '../model/project.ts';
import { DIALECT_IDS } from './csv/dialect.ts';
import { isPattern, readRenames } from './rename-rules.ts';
import { count, date, duration, group, oneOf, size, text } from './schema-fields.ts';

/** What the first line of a project file names. */
export const PROJECT_SCHEMA = 'mailferry/project/v1';

const file = text('the name of a file, relative to the project file', /\S/, 1_024);
const variable = text('the name of an environment variable, such as MAIL_SECRET', /^[A-Za-z_][A-Za-z0-9_]*$/);
const question = z
  .union([z.literal(true, { error: '`true`, or the question to ask on the terminal' }), text('a question', /\S/)], {
    error: '`true`, or the question to ask on the terminal',
  })
  .meta({ description: 'Asks on the terminal: `true`, or the question to ask.' });

const user = text('a user name without blanks around it', /^\S(?:.*\S)?$/u, 320);
const prefix = text('a folder path with `/` between levels', /[^/\s]/u, 200);

/** Where one secret is; exactly one of these. */
const secretKeys = {
  secretFile: file.optional().meta({ description: 'File that holds the secret, relative to the project file.' }),
  secretEnv: variable.optional().meta({ description: 'Environment variable that holds the secret.' }),
  prompt: question.optional(),
};

const password = group(
  { kind: z.literal('password').meta({ description: 'Every mailbox has its own password.' }) },
  'Every mailbox logs in with its own password, from the CSV or the list of mailboxes.',
);

const administrator = group(
  {
    kind: z.literal('administrator').meta({ description: 'One administrator opens every mailbox.' }),
    form: oneOf(['sasl-plain', 'dovecot', 'exchange', 'mirapoint']).meta({
      description:
        'How the login names the mailbox: `sasl-plain` (authorization identity), `dovecot` (User*Admin), `exchange` (Domain/Admin/User), `mirapoint` (#User#Admin#).',
    }),
    user: user.meta({ description: 'The administrator’s user name.' }),
    ...secretKeys,
  },
  'An administrator logs in and acts for every user.',
);

const httpsUrl = text('an address that begins with https://', /^https:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/, 1_024);

const tenant = text(
  'the ID or a domain of the tenant, not `common`',
  /^(?!(?:common|organizations|consumers)$)[\w.-]+$/,
);
const clientId = text('the application’s ID', /^[\w.-]+$/);

/** How an application proves who it is; exactly one of the secret's places and the certificate. */
const credentialKeys = {
  ...secretKeys,
  secretExpires: date('a day such as 2027-01-31')
    .optional()
    .meta({ description: 'Day on which the client secret expires; warned of while there is time.' }),
  certificateFile: file.optional().meta({
    description: 'PFX (PKCS#12), or PEM, with the certificate and its private key (RSA), instead of a secret.',
  }),
  certificatePassword: group(secretKeys, 'Where the password of the PFX, or of the key in the PEM, is.').optional(),
  thumbprint: text(
    'a thumbprint of 40 (SHA-1) or 64 (SHA-256) hexadecimal digits',
    /^(?:[0-9a-fA-F]{2}[: ]?){19}(?:(?:[0-9a-fA-F]{2}[: ]?){12})?[0-9a-fA-F]{2}$/,
  )
    .optional()
    .meta({ description: 'Thumbprint that the certificate is expected to have.' }),
};

const oauth2 = group(
  {
    kind: z.literal('oauth2').meta({ description: 'Applications open the mailboxes (app-only OAuth2).' }),
    tenant: tenant.optional().meta({
      description:
        'Directory (tenant) ID, or a domain of the tenant; left out where each mailbox’s domain tells its tenant.',
    }),
    clientId: clientId.optional().meta({
      description: 'Application (client) ID; left out where every mailbox has an application of its own.',
    }),
    ...credentialKeys,
    cloud: oneOf(CLOUD_NAMES).optional().meta({
      description:
        'Microsoft cloud of the tenant, which decides token service, mail server and scope: `global` (with GCC), `gcc-high`, `dod` or `china` (21Vianet); `global` unless `authority` and `scope` are given.',
    }),
    authority: httpsUrl
      .optional()
      .meta({ description: 'Base of another token service; with `scope`, instead of `cloud`.' }),
    scope: text('a scope that ends with /.default', /^\S+\/\.default$/)
      .optional()
      .meta({
        description: 'Scope to ask for; with `authority`, instead of `cloud`.',
      }),
    authorityCa: file.optional().meta({ description: 'PEM of certificate authorities trusted for the token service.' }),
  },
  'Applications of the tenant open the mailboxes.',
);

const rowApplication = group(
  {
    tenant: tenant
      .optional()
      .meta({ description: 'Its directory (tenant) ID or a domain of it, where it is another.' }),
    clientId: clientId.meta({ description: 'Application (client) ID.' }),
    ...credentialKeys,
  },
  'An application for this mailbox alone, instead of the one under `authentication`.',
);

const host = text('a host name or address, without port and without imap://', /^[^\s/:[\]]+$|^[0-9a-fA-F:.]+$/).refine(
  (name) => isIP(name) > 0 || (!name.includes(':') && domainToASCII(name) !== ''),
  { error: 'a host name or address, without port and without imap://' },
);

export const EndpointSchema = group(
  {
    host: host.optional().meta({
      description: 'Host name or address of the IMAP server; with `oauth2` that of the Microsoft cloud, if left out.',
    }),
    port: count(1, 65_535).optional().meta({ description: 'TCP port; 993 with `tls: implicit`, otherwise 143.' }),
    tls: oneOf(['implicit', 'starttls', 'none']).prefault('implicit').meta({
      description:
        '`implicit` from the first byte, `starttls` required before login, `none` (loopback, or `allowPlaintext`).',
    }),
    allowPlaintext: z.boolean({ error: '`true` or `false`' }).prefault(false).meta({
      description: 'Allows `tls: none` to another machine: passwords and mail can then be read on the way.',
    }),
    ca: file.optional().meta({ description: 'PEM of certificate authorities trusted instead of the system’s.' }),
    serverName: host.optional().meta({ description: 'Name in the server’s certificate where it differs from `host`.' }),
    authentication: z
      .discriminatedUnion('kind', [password, administrator, oauth2], {
        error: (issue) =>
          issue.code === 'invalid_union' ? '`password`, `administrator` or `oauth2`' : 'keys such as `kind: password`',
      })
      .meta({ description: 'How mailboxes are opened.' }),
  },
  'An IMAP server and how its mailboxes are opened.',
);

export const MailboxSchema = group(
  {
    source: user.meta({ description: 'User name at the source.' }),
    destination: user.meta({ description: 'User name at the destination.' }),
    sourceSecretFile: file.optional().meta({ description: 'File that holds the password at the source.' }),
    sourceSecretEnv: variable
      .optional()
      .meta({ description: 'Environment variable that holds the password at the source.' }),
    sourcePrompt: question.optional(),
    destinationSecretFile: file.optional().meta({ description: 'File that holds the password at the destination.' }),
    destinationSecretEnv: variable.optional().meta({
      description: 'Environment variable that holds the password at the destination.',
    }),
    destinationPrompt: question.optional(),
    sourceApplication: rowApplication.optional(),
    destinationApplication: rowApplication.optional(),
    sourceRoot: prefix.optional().meta({
      description:
        'Folder at the source that is the mailbox’s root, also another user’s or a shared one: only what is below it is moved, and it itself is the INBOX.',
    }),
    destinationPrefix: prefix.optional().meta({ description: 'All folders are put below this one.' }),
  },
  'A mailbox and where it goes.',
);

const csv = z
  .union(
    [
      file,
      group(
        {
          file: file.meta({ description: 'The CSV, relative to the project file.' }),
          dialect: oneOf(DIALECT_IDS).optional().meta({
            description:
              'Whose form it has, where its columns do not tell: our own (`mailferry`), Microsoft’s for migration batches, Exchange’s export of mailboxes, InfoSwitch’s or Qboxmail’s.',
          }),
        },
        'A CSV, and whose form it has.',
      ),
    ],
    { error: 'the name of a file, or `file` and `dialect`' },
  )
  .meta({ description: 'CSV of mailboxes, in our own form or one of several others, relative to the project file.' });

export const MailboxesSchema = z
  .union(
    [
      z.array(MailboxSchema, { error: 'a list of mailboxes' }).min(1, { error: 'at least one mailbox' }),
      group({ csv }, 'Mailboxes from a CSV.'),
    ],
    { error: 'a list of mailboxes, or `csv: FILE`' },
  )
  .meta({ description: 'The mailboxes: a list here, or a CSV.' });

const globs = z
  .array(text('a folder path; `*` and `?` stay within a level, `**` spans levels', /\S/), {
    error: 'a list of folder paths',
  })
  .max(200, { error: 'at most 200 folder paths' });

const regularExpression = text('a JavaScript regular expression', /./u, 500).refine(isPattern, {
  error: 'a JavaScript regular expression',
});

const RENAMES = 'renames such as `^INBOX/->`, or a list of them';

/** MigrationWiz's form, of one rename or several. */
const written = z
  .string({ error: RENAMES })
  .max(10_000, { error: 'at most 10,000 characters' })
  .transform((given, context): readonly FolderRename[] => {
    const renames = readRenames(given);
    if (renames !== undefined) return renames;
    context.addIssue({ code: 'custom', message: '`PATTERN->REPLACEMENT`, where PATTERN is a regular expression' });
    return z.NEVER;
  })
  .meta({ description: 'A rename as `PATTERN->REPLACEMENT`: `^INBOX/->` takes folders out from below INBOX.' });

const rename = z.union(
  [
    written,
    group(
      {
        pattern: regularExpression.meta({ description: 'Regular expression on the path, `/` between levels.' }),
        replacement: z
          .string({ error: 'a text, with $1 for what the first group matched' })
          .max(500, { error: 'at most 500 characters' })
          .meta({ description: 'What its first match becomes.' }),
      },
      'A rename.',
    ),
  ],
  { error: '`PATTERN->REPLACEMENT`, or `pattern` and `replacement`' },
);

const FoldersSchema = group(
  {
    include: globs.prefault([]).meta({ description: 'Only these folders and what is below them; all when empty.' }),
    exclude: globs.prefault([]).meta({ description: 'Not these folders and what is below them.' }),
    rename: z
      .union([z.array(rename, { error: RENAMES }).max(200, { error: 'at most 200 renames' }), written], {
        error: RENAMES,
      })
      .transform((renames) => renames.flat())
      .prefault([])
      .meta({ description: 'Renames, applied in order, each to what the one before it left.' }),
    roles: z.boolean({ error: '`true` or `false`' }).prefault(true).meta({
      description: 'Whether Sent, Drafts, Trash, Junk and Archive are matched by role, whatever they are called.',
    }),
  },
  'Which folders are moved, and under which names.',
);

const LimitsSchema = group(
  {
    connectionsPerMailbox: count(1, 16)
      .prefault(2)
      .meta({ description: 'Folders of one mailbox copied at the same time.' }),
    connectionsPerEndpoint: count(1, 1_000)
      .prefault(40)
      .meta({ description: 'Connections of one worker to one server.' }),
    messagesPerShare: count(1, 1_000_000)
      .prefault(20_000)
      .meta({ description: 'Messages after which a copy notes where it is.' }),
    timePerShare: duration('1s', '1h')
      .prefault('10m')
      .meta({ description: 'Time after which a copy notes where it is.' }),
    memory: size('1MiB', '1GiB').prefault('32MiB').meta({ description: 'Memory for messages of one copy.' }),
  },
  'How much at a time.',
);

const backoff = z
  .array(duration('100ms', '1d'), { error: 'a list of durations, such as [1m, 2m, 5m]' })
  .min(1, { error: 'at least one duration' })
  .max(20, { error: 'at most 20 durations' });

const TimingSchema = group(
  {
    accessBackoff: backoff.prefault(['1m', '2m', '5m', '10m', '15m']).meta({
      description: 'Waits between tries after access was refused; the last one repeats.',
    }),
    accessGrace: duration('0s', '30d').prefault('2h').meta({
      description: 'How long refused access is waited for before it needs attention.',
    }),
    troubleBackoff: backoff.prefault(['5s', '15s', '1m', '5m', '15m']).meta({
      description: 'Waits between tries after a server was unreachable; the last one repeats.',
    }),
    heartbeat: duration('2s', '10m').prefault('10s').meta({
      description: 'A copy that has not been heard of for so long is given to another worker.',
    }),
    commandTimeout: duration('1s', '1h').prefault('2m').meta({
      description: 'A server that answers nothing for so long has lost the connection.',
    }),
  },
  'Waits of the project.',
);

const wholeDays = z
  .string({ error: 'whole days such as 90d; 0d for all messages' })
  .regex(/^\d{1,5}d$/, { error: 'whole days such as 90d; 0d for all messages' })
  .transform((days) => Number.parseInt(days, 10));

export const ProjectFileSchema = group(
  {
    schema: z
      .literal(PROJECT_SCHEMA, { error: `\`${PROJECT_SCHEMA}\`` })
      .meta({ description: 'Names the form of this file; the first line.' }),
    name: text('a name of lower-case letters, digits and hyphens, at most 63', PROJECT_NAME, 63).meta({
      description: 'Name of the project: lower-case letters, digits and hyphens.',
    }),
    source: EndpointSchema.meta({ description: 'The server that mailboxes leave. It is only read.' }),
    destination: EndpointSchema.meta({ description: 'The server that mailboxes go to.' }),
    mailboxes: MailboxesSchema,
    prestage: group(
      {
        olderThan: wholeDays
          .prefault('90d')
          .meta({ description: 'Mail older than this is copied before the cutover.' }),
      },
      'What is copied before the cutover.',
    ).prefault({}),
    delta: group(
      { every: duration('1s', '30d').prefault('24h').meta({ description: 'Time between passes before the cutover.' }) },
      'Passes between pre-stage and cutover.',
    ).prefault({}),
    tail: group(
      {
        every: duration('1s', '30d').prefault('24h').meta({ description: 'Time between passes after the cutover.' }),
        quietFor: duration('0s', '90d')
          .prefault('72h')
          .meta({ description: 'The project ends when nothing new came for so long.' }),
      },
      'Passes after the cutover.',
    ).prefault({}),
    folders: FoldersSchema.prefault({}),
    limits: LimitsSchema.prefault({}),
    timing: TimingSchema.prefault({}),
  },
  'A mailferry project: one move of an organisation’s mailboxes.',
);

export type ProjectFile = z.output<typeof ProjectFileSchema>;
export type EndpointFile = z.output<typeof EndpointSchema>;
export type OAuth2File = z.output<typeof oauth2>;
export type RowApplicationFile = z.output<typeof rowApplication>;
export type CsvFile = z.output<typeof csv>;
export type MailboxFile = z.output<typeof MailboxSchema>;

/** JSON Schema of the project file (draft 2020-12), for editors. */
export function projectJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(ProjectFileSchema, { io: 'input', target: 'draft-2020-12' });
  return { ...schema, title: 'mailferry project' };
}
