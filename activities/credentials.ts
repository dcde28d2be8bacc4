import type { Login } from '../imap/types.ts';
import type { MailboxJob, Side } from '../model/project.ts';
import { credentialBinding, passwordBinding } from '../model/seal-binding.ts';
import { actingLogin } from './acting-login.ts';
import { FRESH_FOR_A_MAILBOX_MS, tokenFor } from './application-token.ts';
import { opened, type Openers } from './openers.ts';

/**
 * How to log in to one side of a mailbox. `fresh`, after a refusal, uses a token that came a moment ago, where one is used.
 * Rejects with a SealError or an EntraRefusal.
 */
export async function loginFor(
  openers: Openers,
  { settings, row }: MailboxJob,
  side: Side,
  fresh: boolean,
): Promise<Login> {
  const endpoint = settings[side];
  const { user, password } = row[side];
  const { auth } = endpoint;
  switch (auth.kind) {
    case 'password': {
      if (password === undefined) throw new Error(`the row of ${row.id} has no password for its ${side}`);
      const secret = await opened(openers, passwordBinding(settings.name, endpoint, user), password);
      return { kind: 'password', user, secret };
    }
    case 'admin': {
      const binding = credentialBinding(settings.name, endpoint);
      const secret = await opened(openers, binding, auth.password);
      return actingLogin({ form: auth.form, admin: auth.admin, user }, secret);
    }
    case 'oauth2': {
      const { text } = await tokenFor(openers, { settings, row }, side, fresh ? FRESH_FOR_A_MAILBOX_MS : undefined);
      return { kind: 'xoauth2', user, secret: () => text };
    }
  }
}
