import type { Login } from '../imap/types.ts';
import { actingIn, combinedName, type Acting } from '../model/acting.ts';
import type { MailboxJob, Side } from '../model/project.ts';
import { credentialBinding, passwordBinding } from '../model/seal-binding.ts';
import { opened, type Openers } from './openers.ts';

/** As whom the administrator of a row logs in, instead of for the row's user. */
export type LoginAs = { readonly kind: 'administrator' } | { readonly kind: 'for-user'; readonly user: string };

/** The login of an administrator for one user, in the form that the server knows. */
export function actingLogin(acting: Acting, secret: () => string): Login {
  const { form, admin, user } = acting;
  if (form === 'sasl-plain') return { kind: 'acting', user: admin, actsFor: user, secret };
  return { kind: 'password', user: combinedName({ form, admin, user }), secret };
}

/**
 * The administrator of a row for themselves, or for another user than the row's, with the secret that the row is opened
 * with. Only where an administrator acts. Rejects with a SealError.
 */
export async function loginAs(openers: Openers, job: MailboxJob, side: Side, as: LoginAs): Promise<Login> {
  const acting = actingIn(job.settings[side], job.row[side]);
  if (acting === undefined) throw new Error(`nobody acts for ${job.row.id} at the ${side}`);
  const secret = await secretOf(openers, job, side);
  if (as.kind === 'administrator') return { kind: 'password', user: acting.admin, secret };
  return actingLogin({ ...acting, user: as.user }, secret);
}

async function secretOf(openers: Openers, { settings, row }: MailboxJob, side: Side): Promise<() => string> {
  const endpoint = settings[side];
  const { user, password } = row[side];
  if (endpoint.auth.kind === 'admin') {
    return opened(openers, credentialBinding(settings.name, endpoint), endpoint.auth.password);
  }
  if (password === undefined) throw new Error(`the row of ${row.id} has no password for its ${side}`);
  return opened(openers, passwordBinding(settings.name, endpoint, user), password);
}
