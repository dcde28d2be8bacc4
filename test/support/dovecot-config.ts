import type { DovecotOptions, DovecotUser } from './dovecot-options.ts';

/** The places of one instance, all inside its temporary folder. */
export interface DovecotPaths {
  readonly root: string;
  readonly config: string;
  readonly log: string;
  readonly mail: string;
  readonly users: string;
  readonly masterUsers: string;
  readonly oauth2: string;
  readonly oauth2Ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Under which system users an instance runs. Dovecot refuses to open mail as uid 0, so as root mail belongs to another. */
export interface DovecotIdentity {
  /** Set only when we are not root: every process then runs as ourselves, without chroot. */
  readonly ordinaryUser: { readonly name: string; readonly group: string } | undefined;
  readonly mailUid: number;
  readonly mailGid: number;
}

/** What Debian's Dovecot 2.3 announces after login; here because `imap_capability` can only replace the whole list. */
const DEFAULT_CAPABILITIES =
  'IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS ' +
  'THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 ' +
  'CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY ' +
  'PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE';

const SPECIAL_USE: readonly (readonly [name: string, role: string])[] = [
  ['Archive', '\\Archive'],
  ['Drafts', '\\Drafts'],
  ['Junk', '\\Junk'],
  ['Sent', '\\Sent'],
  ['Sent Messages', '\\Sent'],
  ['Trash', '\\Trash'],
];

function capabilitySetting(without: readonly string[], more: readonly string[]): string {
  if (without.length + more.length === 0) return '';
  const hidden = new Set(without.map((name) => name.toUpperCase()));
  const kept = DEFAULT_CAPABILITIES.split(' ').filter((name) => !hidden.has(name.toUpperCase()));
  return `imap_capability = ${[...kept, ...more].join(' ')}`;
}

function identitySettings({ ordinaryUser }: DovecotIdentity): string {
  if (ordinaryUser === undefined) return '';
  const { name, group } = ordinaryUser;
  return `default_internal_user = ${name}\ndefault_internal_group = ${group}\ndefault_login_user = ${name}`;
}

function serviceSettings(port: number, tlsPort: number, identity: DovecotIdentity): string {
  const noChroot = identity.ordinaryUser === undefined ? '' : 'chroot =';
  return `
service imap-login {
  ${noChroot}
  service_count = 0
  process_min_avail = 1
  process_limit = 2
  client_limit = 1000
  inet_listener imap {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${tlsPort}
    ssl = yes
  }
}
service imap {
  process_limit = 1000
}
service anvil {
  ${noChroot}
  client_limit = 2200
  # Without this socket nobody waits longer after each wrong password.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  ${noChroot}
  client_limit = 2200
}
service auth {
  client_limit = 3200
}
service ipc {
  client_limit = 1100
}`;
}

function namespaceSettings({ delimiter, prefix }: DovecotOptions): string {
  const mailboxes = SPECIAL_USE.map(([name, role]) => `  mailbox "${name}" {\n    special_use = ${role}\n  }`);
  return [
    'namespace inbox {',
    '  inbox = yes',
    delimiter === undefined ? '' : `  separator = ${delimiter}`,
    `  prefix = ${prefix ?? ''}`,
    ...mailboxes,
    '}',
  ].join('\n');
}

function quotaSettings({ quotaBytes, users }: DovecotOptions): string {
  if (quotaBytes === undefined && users.every((user) => user.quotaBytes === undefined)) return '';
  return `
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
  ${quotaBytes === undefined ? '' : `quota_rule = *:bytes=${quotaBytes}`}
}`;
}

function passdbSettings(paths: DovecotPaths, { oauth2, masterUsers, everybodyIs }: DovecotOptions): string {
  const master = `
auth_master_user_separator = *
passdb {
  driver = passwd-file
  args = username_format=%u ${paths.masterUsers}
  master = yes
  result_success = continue
}`;
  const everybody = `
passdb {
  driver = static
  args = user=${everybodyIs?.name} password=${everybodyIs?.password}
}`;
  const tokens = `
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${paths.oauth2}
}`;
  return `
auth_mechanisms = plain login${oauth2 === undefined ? '' : ' xoauth2 oauthbearer'}
${masterUsers === undefined ? '' : master}
${oauth2 === undefined ? '' : tokens}
${everybodyIs === undefined ? '' : everybody}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%u ${paths.users}
}
userdb {
  driver = passwd-file
  args = username_format=%u ${paths.users}
}`;
}

/** The whole configuration file of one instance; nothing of the machine's own Dovecot configuration is read. */
export function renderConfig(
  options: DovecotOptions,
  paths: DovecotPaths,
  identity: DovecotIdentity,
  ports: { readonly port: number; readonly tlsPort: number },
): string {
  const location = { mdbox: 'mdbox:~/mdbox', sdbox: 'sdbox:~/sdbox', maildir: 'maildir:~/Maildir' }[options.format];
  const tls =
    options.tls === undefined ? 'ssl = no' : `ssl = yes\nssl_cert = <${paths.certificate}\nssl_key = <${paths.key}`;
  return `
base_dir = ${paths.root}/run
state_dir = ${paths.root}/state
log_path = ${paths.log}
log_timestamp = "%Y-%m-%d %H:%M:%S.%{usecs} "
protocols = imap
listen = 127.0.0.1
${identitySettings(identity)}
first_valid_uid = 1
first_valid_gid = 1
auth_failure_delay = 0
auth_username_chars =
auth_username_format = %Lu
disable_plaintext_auth = ${options.requireTlsForPasswords === true ? 'yes' : 'no'}
login_trusted_networks =
${tls}
mail_location = ${location}
mail_fsync = ${options.fsync ?? 'never'}
mail_max_userip_connections = ${options.maxUserConnections ?? 100}
${capabilitySetting(options.withoutCapabilities ?? [], options.moreCapabilities ?? [])}
${passdbSettings(paths, options)}
${namespaceSettings(options)}
${quotaSettings(options)}
${serviceSettings(ports.port, options.tls === undefined ? 0 : ports.tlsPort, identity)}
`;
}

function passwdField(password: string): string {
  return `{PLAIN.b64}${Buffer.from(password, 'utf8').toString('base64')}`;
}

/** A mailbox as it is written to the passwd-file. */
export interface StoredUser extends DovecotUser {
  readonly home: string;
  /** Counts the changes of this user, so that one can ask the server which it knows. */
  readonly revision: number;
}

/** The lines of a passwd-file with homes and quotas. Names are in lower case, as `auth_username_format` looks them up. */
export function renderUsers(users: readonly StoredUser[], identity: DovecotIdentity): string {
  return users
    .map(({ name, password, home, quotaBytes, revision }) => {
      const quota = quotaBytes === undefined ? '' : ` userdb_quota_rule=*:bytes=${quotaBytes}`;
      const ids = `${identity.mailUid}:${identity.mailGid}`;
      return `${name.toLowerCase()}:${passwdField(password)}:${ids}::${home}::userdb_revision=${revision}${quota}\n`;
    })
    .join('');
}

/** The lines of the passwd-file of those who may log in as `user*master`. */
export function renderMasterUsers(users: readonly DovecotUser[]): string {
  return users.map(({ name, password }) => `${name.toLowerCase()}:${passwdField(password)}::::::\n`).join('');
}

/** Settings of the `oauth2` passdb: the token is shown to the introspection endpoint, which answers with the user. */
export function renderOauth2(
  { introspectionUrl, caPem, tokensOf }: NonNullable<DovecotOptions['oauth2']>,
  paths: DovecotPaths,
): string {
  const lines = [
    'introspection_mode = post',
    `introspection_url = ${introspectionUrl}`,
    'username_attribute = username',
    // Both names are rendered with it before they are compared, so a constant makes any two equal.
    ...(tokensOf === 'applications' ? ['username_format = application'] : []),
    'active_attribute = active',
    'active_value = true',
    ...(caPem === undefined ? [] : [`tls_ca_cert_file = ${paths.oauth2Ca}`]),
  ];
  return `${lines.join('\n')}\n`;
}
