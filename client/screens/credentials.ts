import { RENEW_CREDENTIALS, type CredentialWarning } from '../../model/credential-expiry.ts';
import type { Theme } from '../theme.ts';

/** Secrets and certificates of applications that end too early, and what to do about them. */
export function credentialLines(warnings: readonly CredentialWarning[], theme: Theme): readonly string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.map(({ expired, text }) => (expired ? theme.bad(`! ${text}`) : theme.warn(`! ${text}`)));
  return ['', ...lines, `  next: ${RENEW_CREDENTIALS}`];
}
