/**
 * Codes with which Microsoft Entra says why there is no token (Microsoft's documentation "Microsoft Entra authentication and
 * authorization error codes"), and which row of the table of refusals each is.
 */
import { passesByItself, type RefusalCode } from './refusals.ts';

export interface AadstsRow {
  readonly refusal: RefusalCode;
  /** In half a sentence. */
  readonly meaning: string;
}

const BUSY = 'the token service cannot answer at the moment';

export const AADSTS = {
  7000215: row(
    'token.secret-wrong',
    'the client secret is wrong; often the secret’s ID was pasted instead of its value',
  ),
  7000222: row('token.secret-expired', 'the client secret has expired'),
  7000218: row('token.certificate', 'the token service got neither a client secret nor a certificate'),
  700027: row('token.certificate', 'the certificate is not registered with the application, or its key does not fit'),
  700024: row(
    'token.clock',
    'the signed assertion is not within its time: the clock of the worker’s machine is wrong, or the certificate is not valid now',
  ),
  700016: row('token.application-unknown', 'there is no such application in this tenant'),
  70001: row('token.application-unknown', 'the application was not found in this tenant'),
  7000229: row(
    'token.application-unknown',
    'the application has no service principal (enterprise application) in this tenant; step 3 of `mailferry setup m365` makes it',
  ),
  7000112: row('token.application-disabled', 'the application is disabled'),
  90002: row('token.tenant-unknown', 'there is no such tenant'),
  900023: row('token.tenant-unknown', 'the tenant is named neither by an ID nor by a domain'),
  9001023: row('token.tenant-needed', 'the tenant must be named by its ID or domain, not by `common`'),
  900432: row('token.cloud', 'the tenant is in another national cloud: correct `cloud`'),
  90038: row('token.cloud', 'the tenant is in another national cloud: correct `cloud`'),
  500011: row('token.scope', 'the scope names a resource that the tenant does not have'),
  650057: row('token.scope', 'the scope names a resource for which the application has no permission'),
  70011: row('token.scope', 'the scope is wrong: for Exchange Online it is https://outlook.office365.com/.default'),
  28002: row('token.scope', 'the scope is wrong: for Exchange Online it is https://outlook.office365.com/.default'),
  1002012: row('token.scope', 'the scope is wrong: an application’s ends in `/.default`'),
  65001: row('token.consent', 'an administrator has not consented to the application’s permissions'),
  90094: row('token.consent', 'the permission needs the consent of an administrator'),
  650056: row('token.consent', 'the application asks for a permission that nobody has consented to'),
  53003: row('token.conditional-access', 'Conditional Access blocks the application'),
  530032: row('token.conditional-access', 'the security policy of the tenant blocks the application'),
  530035: row('token.conditional-access', 'the security defaults of the tenant block the application'),
  90033: row('token.busy', BUSY),
  90006: row('token.busy', BUSY),
  90012: row('token.busy', 'the request to the token service timed out'),
  90024: row('token.busy', BUSY),
  50033: row('token.busy', BUSY),
  90055: row('token.busy', 'the tenant sends too many requests to the token service'),
  50196: row('token.busy', 'the application asked for the same token too often'),
} as const satisfies Record<number, AadstsRow>;

/** What a code means, where it is known. `code` is the number without `AADSTS`. */
export function aadstsRow(code: string): AadstsRow | undefined {
  const known = Object.entries(AADSTS).find(([number]) => number === code);
  return known?.[1];
}

/** The first code in a text of the token service, without `AADSTS`. */
export function aadstsCode(text: string): string | undefined {
  return /\bAADSTS(\d{4,8})\b/i.exec(text)?.[1];
}

/** True where the same request may succeed later without anybody mending anything. */
export function aadstsPasses({ refusal }: AadstsRow): boolean {
  return passesByItself(refusal);
}

function row(refusal: RefusalCode, meaning: string): AadstsRow {
  return { refusal, meaning };
}
