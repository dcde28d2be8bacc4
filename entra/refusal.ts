import { AuthError, ServerError } from '@azure/msal-node';
import { aadstsCode, aadstsPasses, aadstsRow } from '../model/aadsts.ts';
import { TokenServiceFailed } from './network.ts';
import { otherCloudProblem } from './other-cloud.ts';
import type { Problem } from '../model/mailbox.ts';
import type { RefusalCode } from '../model/refusals.ts';

/** There is no token, and why: what `problem` says is fit to be shown and holds no secret. */
export class EntraRefusal extends Error {
  override readonly name = 'EntraRefusal';
  readonly problem: Problem;
  /** Without the letters, e.g. `7000215`. */
  readonly aadsts: string | undefined;
  /** The `error` of RFC 6749 section 5.2, e.g. `invalid_client`. */
  readonly oauthError: string | undefined;

  constructor(
    problem: Problem,
    details: { readonly aadsts?: string; readonly oauthError?: string; readonly cause?: unknown } = {},
  ) {
    super(problem.text, details.cause === undefined ? undefined : { cause: details.cause });
    this.problem = problem;
    this.aadsts = details.aadsts;
    this.oauthError = details.oauthError;
  }
}

/** Asked of the token service, for the texts. */
export interface Asked {
  readonly authority: string;
  readonly tenant: string;
  readonly clientId: string;
  /** Replaces secrets in what others said. */
  readonly scrub: (text: string) => string;
  /** The service's own words, where it refused. */
  readonly refusedBecause?: string | undefined;
  /** From Retry-After, of the last answer. */
  readonly retryAfterMs?: number | undefined;
}

/** Longer words of a server are cut. */
export const LONGEST_SERVER_TEXT = 300;
const TOO_MANY_REQUESTS = 429;
const SERVER_FAULT = 500;

/** Translates whatever the library threw; an EntraRefusal stays as it is. */
export function toEntraRefusal(error: unknown, asked: Asked): EntraRefusal {
  if (error instanceof EntraRefusal) return error;
  if (error instanceof TokenServiceFailed) return new EntraRefusal(failed(error, asked), { cause: error });
  return error instanceof AuthError ? answered(error, asked) : unexpected(error, asked);
}

function failed(error: TokenServiceFailed, { authority, tenant, scrub }: Asked): Problem {
  if (error.reason === 'elsewhere') {
    return otherCloudProblem({ tenant, asked: new URL(authority).host, host: error.message });
  }
  const problem = unreachable(error, authority);
  return { ...problem, text: scrub(problem.text) };
}

const CODES = {
  certificate: 'server.certificate',
  proxy: 'server.proxy',
  network: 'server.unreachable',
  answer: 'server.unreachable',
  elsewhere: 'token.cloud',
} as const satisfies Readonly<Record<TokenServiceFailed['reason'], RefusalCode>>;

/** No answer that could be read came from the token service. */
export function unreachable({ reason, message }: TokenServiceFailed, authority: string): Problem {
  return { code: CODES[reason], text: `The token service ${authority} cannot be reached: ${message}` };
}

function answered(error: AuthError, asked: Asked): EntraRefusal {
  const words = asked.refusedBecause ?? error.errorMessage;
  const said = serverText(words, asked);
  const code = aadstsCode(words);
  const known = code === undefined ? undefined : aadstsRow(code);
  const status = error instanceof ServerError ? (error.status ?? 0) : 0;
  const passes = (known !== undefined && aadstsPasses(known)) || status === TOO_MANY_REQUESTS || status >= SERVER_FAULT;
  const why = known?.meaning ?? `it answered ${error.errorCode}`;
  const name = code === undefined ? '' : `AADSTS${code}: `;
  return new EntraRefusal(
    {
      code: passes ? 'token.busy' : (known?.refusal ?? 'access.token'),
      text: `No token for application ${asked.clientId} of tenant ${asked.tenant}: ${name}${why}`,
      ...(said !== '' && { serverText: said }),
      ...(passes && asked.retryAfterMs !== undefined && { waitMs: asked.retryAfterMs }),
    },
    { ...(code !== undefined && { aadsts: code }), oauthError: error.errorCode, cause: error },
  );
}

function unexpected(error: unknown, asked: Asked): EntraRefusal {
  const said = error instanceof Error ? error.message : String(error);
  return new EntraRefusal(
    {
      code: 'access.token',
      text: `No token for application ${asked.clientId} of tenant ${asked.tenant}`,
      serverText: serverText(said, asked),
    },
    { cause: error },
  );
}

/** The first lines only: what follows are identifiers of the request, which tell an administrator nothing. */
function serverText(text: string, { scrub }: Asked): string {
  const [told = ''] = text.split(/Trace ID:|Correlation ID:/);
  return scrub(told.replaceAll(/\p{Cc}+/gu, ' ').trim()).slice(0, LONGEST_SERVER_TEXT);
}
