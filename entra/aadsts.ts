/** Codes with which Microsoft Entra says why there is no token (https://learn.microsoft.com/entra/identity-platform/reference-error-codes). */

export interface AadstsMeaning {
  readonly meaning: string;
  /** True where the same request may succeed later without anybody mending anything. */
  readonly passes: boolean;
}

const NO_CONSENT = 'an administrator has not consented to the application’s permissions';
const CONDITIONAL_ACCESS = 'Conditional Access or the security defaults of the tenant block the application';
const WRONG_RESOURCE = 'the scope names a resource that the tenant does not have';
const WRONG_SCOPE = 'the scope is wrong: for Exchange Online it is https://outlook.office365.com/.default';
const WRONG_CLOUD = 'the tenant is in another national cloud: correct `authority`';
const BUSY = 'the token service cannot answer at the moment';

const MEANINGS: Readonly<Record<string, AadstsMeaning>> = {
  7000215: stays('the client secret is wrong; often the secret’s ID was pasted instead of its value'),
  7000222: stays('the client secret has expired'),
  7000218: stays('the token service got neither a client secret nor a certificate'),
  700027: stays('the certificate is not registered with the application, or its key does not fit'),
  700016: stays('there is no such application in this tenant'),
  90002: stays('there is no such tenant'),
  7000112: stays('the application is disabled'),
  70001: stays('the application was not found in this tenant'),
  500011: stays(WRONG_RESOURCE),
  650057: stays(WRONG_RESOURCE),
  70011: stays(WRONG_SCOPE),
  28002: stays(WRONG_SCOPE),
  1002012: stays(WRONG_SCOPE),
  65001: stays(NO_CONSENT),
  90094: stays(NO_CONSENT),
  650056: stays(NO_CONSENT),
  53003: stays(CONDITIONAL_ACCESS),
  530032: stays(CONDITIONAL_ACCESS),
  530035: stays(CONDITIONAL_ACCESS),
  9001023: stays('the tenant must be named by its ID or domain, not by `common`'),
  900432: stays(WRONG_CLOUD),
  90038: stays(WRONG_CLOUD),
  90033: passes(BUSY),
  90006: passes(BUSY),
  90012: passes(BUSY),
  90024: passes(BUSY),
  50033: passes(BUSY),
  90055: passes('the tenant sends too many requests to the token service'),
  50196: passes('the application asked for the same token too often'),
};

/** What a code means, where it is known. `code` is the number without `AADSTS`. */
export function aadstsMeaning(code: string): AadstsMeaning | undefined {
  return Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}

/** The first code in a text of the token service, without `AADSTS`. */
export function aadstsCode(text: string): string | undefined {
  return /\bAADSTS(\d{4,8})\b/.exec(text)?.[1];
}

function stays(meaning: string): AadstsMeaning {
  return { meaning, passes: false };
}

function passes(meaning: string): AadstsMeaning {
  return { meaning, passes: true };
}
