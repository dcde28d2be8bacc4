/** The project file that `init` writes: short, commented, and valid as it stands. */
import type { AdminForm, Side, TlsMode } from '../model/project.ts';
import { PROJECT_SCHEMA } from './schema.ts';

export type AuthAnswer =
  /** `column`: of the list, where it is not our own. */
  | { readonly kind: 'password'; readonly column?: string }
  | { readonly kind: 'administrator'; readonly form: AdminForm; readonly user: string }
  | { readonly kind: 'oauth2'; readonly tenant: string; readonly clientId: string }
  /** Every row brings an application, in the tenant that its mailbox's domain belongs to. */
  | { readonly kind: 'applications' };

export interface EndpointAnswers {
  readonly host: string;
  readonly port?: number;
  readonly tls?: TlsMode;
  readonly authentication: AuthAnswer;
}

export interface ProjectAnswers {
  readonly name: string;
  readonly source: EndpointAnswers;
  readonly destination: EndpointAnswers;
  /** The CSV of mailboxes, relative to the project file; `mailboxes.csv` if absent. */
  readonly csv?: string;
  /** Whose list that is, where it was there before. */
  readonly listOf?: string;
}

/** Plain where YAML reads it as the same text, otherwise in double quotes (JSON strings are YAML). */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][\w.@/-]*$/.test(text) && !/^(?:true|false|null|y|n|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function secretLines(side: Side): readonly string[] {
  return [`    secretFile: secrets/${side}.txt   # or secretEnv: VARIABLE, or prompt: true; never the secret itself`];
}

function authLines(answer: AuthAnswer, side: Side): readonly string[] {
  switch (answer.kind) {
    case 'password':
      return [
        `    kind: password   # each mailbox's own, in the column ${answer.column ?? `${side}_password`} of the CSV`,
      ];
    case 'administrator':
      return [
        '    kind: administrator   # one administrator opens every mailbox',
        `    form: ${answer.form}   # sasl-plain, dovecot (User*Admin), exchange (Domain/Admin/User) or mirapoint (#User#Admin#)`,
        `    user: ${scalar(answer.user)}`,
        ...secretLines(side),
      ];
    case 'oauth2':
      return [
        '    kind: oauth2   # an application with IMAP.AccessAsApp opens every mailbox',
        `    tenant: ${scalar(answer.tenant)}`,
        `    clientId: ${scalar(answer.clientId)}`,
        ...secretLines(side),
        '    # secretExpires: 2027-01-31                  # the day on which the secret expires, to be warned in time',
        '    # certificateFile: secrets/application.pfx   # instead of a secret: PFX or PEM with certificate and private key',
        '    # certificatePassword: { prompt: true }      # if it has one; or secretFile, secretEnv',
        '    # cloud: global   # or gcc-high, dod, china; each has a mail server of its own, so leave `host` out',
      ];
    case 'applications':
      return applicationLines();
  }
}

function applicationLines(): readonly string[] {
  return [
    '    kind: oauth2   # each row names its application and has its secret',
    '    # tenant: contoso.onmicrosoft.com   # where the domains of the mailboxes do not tell it',
  ];
}

function endpointLines(answers: EndpointAnswers, side: Side): readonly string[] {
  const { host, tls = 'implicit', authentication } = answers;
  const port = answers.port ?? (tls === 'implicit' ? 993 : 143);
  return [
    `${side}:`,
    `  host: ${scalar(host)}`,
    `  port: ${port}`,
    `  tls: ${tls}   # implicit, or starttls (usually port 143)`,
    '  # ca: authorities.pem   # certificate authorities trusted instead of the system’s',
    '  authentication:',
    ...authLines(authentication, side),
  ];
}

const SETTINGS = `
# Mail older than this is copied while the MX record is still on the old side; 0d copies everything.
prestage:
  olderThan: 90d

# Until the cutover, new and changed mail is looked for so often.
delta:
  every: 24h

# After the cutover, what still arrives on the old side is fetched until nothing new came for quietFor.
tail:
  every: 24h
  quietFor: 72h

# Which folders are moved; \`*\` and \`?\` stay within a level, \`**\` spans levels.
folders:
  include: []   # all
  exclude: []   # for example [Junk, "Public Folders"]
  rename: []    # in order, for example ["^INBOX/->", { pattern: "^Old/(.*)$", replacement: "Archive/$1" }]
  roles: true   # Sent, Drafts, Trash, Junk and Archive are matched whatever they are called

limits:
  connectionsPerMailbox: 2
  connectionsPerEndpoint: 40   # of one worker, over all mailboxes
  messagesPerShare: 20000
  timePerShare: 10m
  memory: 32MiB

timing:
  accessBackoff: [1m, 2m, 5m, 10m, 15m]   # refused access is tried again after these, the last one repeating
  accessGrace: 2h                         # and needs attention after this
  troubleBackoff: [5s, 15s, 1m, 5m, 15m]  # the same for unreachable servers
  heartbeat: 10s
  commandTimeout: 2m
`;

function mailboxesLines({ csv = 'mailboxes.csv', listOf }: ProjectAnswers): readonly string[] {
  if (listOf !== undefined) return [`# ${listOf}.`, 'mailboxes:', `  csv: ${scalar(csv)}`];
  return [
    '# A row for each mailbox, below a header with these columns.',
    'mailboxes:',
    `  csv: ${scalar(csv)}   # or a list here: [{ source: anna, destination: anna@example.org }]`,
  ];
}

/** The text of a project file for these answers. `readProjectFile` takes it once its CSV is there. */
export function projectTemplate(answers: ProjectAnswers): string {
  return [
    `schema: ${PROJECT_SCHEMA}`,
    '# `mailferry schema > mailferry.schema.json` lets an editor check this file as you type:',
    '# yaml-language-server: $schema=mailferry.schema.json',
    '',
    `name: ${scalar(answers.name)}`,
    '',
    '# The server that mailboxes leave. It is only read.',
    ...endpointLines(answers.source, 'source'),
    '',
    '# The server that they go to.',
    ...endpointLines(answers.destination, 'destination'),
    '',
    ...mailboxesLines(answers),
    SETTINGS,
  ].join('\n');
}

/** The header of the CSV for these answers, with what opens the mailboxes where each row has to bring it. */
export function csvTemplate(answers: ProjectAnswers): string {
  const needed = (['source', 'destination'] as const).flatMap((side): readonly string[] => {
    const { kind } = answers[side].authentication;
    if (kind === 'password') return [`${side}_password`];
    return kind === 'applications' ? [`${side}_client_id`, `${side}_client_secret`] : [];
  });
  return `${['source', 'destination', ...needed].join(',')}\n`;
}
