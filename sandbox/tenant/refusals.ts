/** Why the token service refuses. The codes are those of "Microsoft Entra authentication and authorization error codes". */
export interface TokenRefusal {
  readonly status: number;
  /** The `error` of RFC 6749 section 5.2. */
  readonly error: string;
  readonly code: number;
  /** Without the code in front and the trace behind. */
  readonly text: string;
  /** Seconds, for Retry-After. */
  readonly retryAfter?: number;
}

/** What a text may name. */
export interface RefusalContext {
  readonly tenant: string;
  readonly clientId: string;
  readonly scope: string;
  /** Hexadecimal, of the key with which the client has signed. */
  readonly thumbprint?: string;
}

type Refuse = (context: RefusalContext) => Omit<TokenRefusal, 'code'>;

const refuse = (status: number, error: string, text: string | ((context: RefusalContext) => string)): Refuse => {
  return (context) => ({ status, error, text: typeof text === 'string' ? text : text(context) });
};
const busy = (status: number, text: string): Refuse => {
  return () => ({ status, error: 'temporarily_unavailable', text, retryAfter: 17 });
};

/** Statuses, errors and texts as published, and as seen in issue threads of Microsoft's own libraries (MSAL). */
const REFUSALS = {
  50196: refuse(
    400,
    'invalid_grant',
    'The server terminated an operation because it encountered a client request loop.',
  ),
  53003: refuse(
    400,
    'access_denied',
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ),
  65001: refuse(
    400,
    'invalid_grant',
    ({ clientId }) =>
      `The user or administrator has not consented to use the application with ID '${clientId}'. ` +
      'Send an interactive authorization request for this user and resource.',
  ),
  70011: refuse(
    400,
    'invalid_scope',
    ({ scope }) =>
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' ` +
      `is not valid. The scope ${scope} is not valid.`,
  ),
  90002: refuse(
    400,
    'invalid_request',
    ({ tenant }) =>
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the ` +
      'correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions ' +
      'for the tenant.',
  ),
  90033: busy(503, 'A transient error has occurred. Please try again.'),
  90055: busy(429, 'The request was throttled due to too many requests for the tenant.'),
  500011: refuse(
    400,
    'invalid_resource',
    ({ scope, tenant }) =>
      `The resource principal named ${scope.replace(/\/\.default$/, '')} was not found in the tenant named ${tenant}. ` +
      'This can happen if the application has not been installed by the administrator of the tenant or consented to by ' +
      'any user in the tenant. You might have sent your authentication request to the wrong tenant.',
  ),
  700016: refuse(
    400,
    'unauthorized_client',
    ({ clientId, tenant }) =>
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the ` +
      'application has not been installed by the administrator of the tenant or consented to by any user in the tenant. ' +
      'You may have sent your authentication request to the wrong tenant.',
  ),
  700023: refuse(401, 'invalid_client', 'Client assertion audience claim does not match Realm issuer.'),
  700024: refuse(401, 'invalid_client', 'Client assertion is not within its valid time range.'),
  700027: refuse(
    401,
    'invalid_client',
    ({ clientId, thumbprint = '' }) =>
      'The certificate with identifier used to sign the client assertion is not registered on application. ' +
      `[Reason - The key was not found., Thumbprint of key used by client: '${thumbprint}', Please visit the Azure ` +
      `Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '${clientId}'.]`,
  ),
  900432: refuse(400, 'invalid_request', 'Confidential Client is not supported in Cross Cloud request.'),
  1002012: refuse(
    400,
    'invalid_scope',
    ({ scope }) =>
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with ` +
      '/.default suffixed to the resource identifier (application ID URI).',
  ),
  7000112: refuse(401, 'unauthorized_client', ({ clientId }) => `Application '${clientId}' is disabled.`),
  7000215: refuse(
    401,
    'invalid_client',
    ({ clientId }) =>
      'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the ' +
      `client secret ID, for a secret added to app '${clientId}'.`,
  ),
  7000218: refuse(
    401,
    'invalid_client',
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ),
  7000222: refuse(
    401,
    'invalid_client',
    ({ clientId }) =>
      `The provided client secret keys for app '${clientId}' are expired. Visit the Azure portal to create new keys ` +
      'for your app, or consider using certificate credentials for added security.',
  ),
  9001023: refuse(
    400,
    'invalid_request',
    'The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or ' +
      'tenant-specific endpoint.',
  ),
} as const satisfies Readonly<Record<number, Refuse>>;

/** The codes that the sandbox's token service can answer with. */
export type AadstsCode = keyof typeof REFUSALS;

export function tokenRefusal(code: AadstsCode, context: RefusalContext): TokenRefusal {
  return { code, ...REFUSALS[code](context) };
}
