/**
 * How an administrator's login names the user whose mailbox is to be opened: the forms of Exchange, Dovecot and Mirapoint
 * (Microsoft, "Migrate other types of IMAP mailboxes to Microsoft 365", "Format mailbox admin credentials"), and SASL
 * PLAIN's, which has a field for it (RFC 4616 section 2).
 */
import type { AdminForm, Endpoint, MailboxSide } from './project.ts';

/** The forms in which one user name holds both. */
export type CombinedForm = Exclude<AdminForm, 'sasl-plain'>;

/** Somebody who logs in for somebody else. */
export interface Acting {
  readonly form: AdminForm;
  /** With the domain where the form has one: the user name with which the administrator logs in for nobody else. */
  readonly admin: string;
  readonly user: string;
}

/** `Domain/Admin/User`, `User*Admin` or `#User#Admin#`. With a backslash in the administrator's name Exchange's has it twice. */
export function combinedName({ form, admin, user }: Acting & { readonly form: CombinedForm }): string {
  switch (form) {
    case 'exchange':
      return `${admin}${exchangeDivider(admin)}${user}`;
    case 'dovecot':
      return `${user}*${admin}`;
    case 'mirapoint':
      return `#${user}#${admin}#`;
  }
}

function exchangeDivider(admin: string): '/' | '\\' {
  return admin.includes('\\') && !admin.includes('/') ? '\\' : '/';
}

/**
 * Exchange's form has three parts, or two of which the first is an address: `admin@contoso.com/alberta`. A name of two parts is
 * otherwise a domain and its user.
 */
const COMBINED: Readonly<Record<CombinedForm, RegExp>> = {
  exchange: /^(?<admin>[^/\\]+[/\\][^/\\]+|[^/\\]+@[^/\\]+)[/\\](?<user>[^/\\]+)$/,
  dovecot: /^(?<user>[^*]+)\*(?<admin>[^*]+)$/,
  mirapoint: /^#(?<user>[^#]+)#(?<admin>[^#]+)#$/,
};

/** A combined user name taken apart; undefined for the name of somebody who logs in for themselves. */
export function takenApart(name: string): (Acting & { readonly form: CombinedForm }) | undefined {
  for (const form of ['mirapoint', 'dovecot', 'exchange'] as const) {
    const { admin, user } = COMBINED[form].exec(name)?.groups ?? {};
    if (admin !== undefined && user !== undefined) return { form, admin, user };
  }
  return undefined;
}

/** Who acts for whom in the login of a mailbox; undefined where nobody does. */
export function actingIn({ auth }: Endpoint, { user }: MailboxSide): Acting | undefined {
  switch (auth.kind) {
    case 'admin':
      return { form: auth.form, admin: auth.admin, user };
    case 'password':
      return takenApart(user);
    case 'oauth2':
      return undefined;
  }
}

/** What a name in this form must not hold, or the server would take the login apart differently. */
export function dividersOf(form: AdminForm): readonly string[] {
  switch (form) {
    case 'exchange':
      return ['/', '\\'];
    case 'dovecot':
      return ['*'];
    case 'mirapoint':
      return ['#'];
    case 'sasl-plain':
      return [];
  }
}

/** Whether the mailbox is the administrator's own: the same name, or the same without the domain where only one has it. */
export function isOwn({ admin, user }: Acting): boolean {
  const name = (admin.split(/[/\\]/).at(-1) ?? admin).toLowerCase();
  const other = user.toLowerCase();
  if (name === other) return true;
  const onlyOneHasDomain = name.includes('@') !== other.includes('@');
  return onlyOneHasDomain && name.split('@')[0] === other.split('@')[0];
}
