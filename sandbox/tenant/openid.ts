/** Discovery documents, as the public token service publishes them. `origin` is where the client has found it. */

/** OpenID Connect Discovery 1.0 section 3. Whatever name the client used, the tenant is named by its ID. */
export function openIdConfiguration(origin: string, tenantId: string): Readonly<Record<string, unknown>> {
  const base = `${origin}/${tenantId}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    introspection_endpoint: `${base}/introspect`,
    tenant_region_scope: 'EU',
    cloud_instance_name: new URL(origin).hostname,
  };
}

/** What Microsoft's libraries ask of the public cloud about an authority they do not know ("instance discovery"). */
export function instanceDiscovery(origin: string, tenantId: string): Readonly<Record<string, unknown>> {
  const { host } = new URL(origin);
  return {
    tenant_discovery_endpoint: `${origin}/${tenantId}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
