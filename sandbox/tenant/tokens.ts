import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { digest, decodeJwt, isSignedBy, signJwt } from './jwt.ts';
import type { Registration } from './registration.ts';

/** An access token that is out. */
export interface IssuedToken {
  /** Tells it from every other. */
  readonly id: string;
  readonly clientId: string;
  /** The enterprise application's object ID. */
  readonly objectId: string;
  readonly tenantId: string;
  readonly audience: string;
  readonly roles: readonly string[];
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Making a key takes a while, and no tenant needs one of its own. */
let signingKeys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

/**
 * Access tokens in the form of Entra's version 1.0, which Exchange Online takes ("Access token claims reference"): what an
 * application may do is written into its token when it is issued, and stays as it was until the token expires.
 */
export class TokenMint {
  readonly #tenantId: string;
  readonly #keys: NonNullable<typeof signingKeys>;
  readonly keyId: string;

  constructor(tenantId: string) {
    signingKeys ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#tenantId = tenantId;
    this.#keys = signingKeys;
    this.keyId = digest(this.#keys.publicKey.export({ type: 'spki', format: 'der' }), 'sha1').toString('base64url');
  }

  /** The public key as a member of a JSON Web Key Set (RFC 7517 section 5). */
  get publicJwk(): Readonly<Record<string, unknown>> {
    const jwk = this.#keys.publicKey.export({ format: 'jwk' });
    return { ...jwk, use: 'sig', kid: this.keyId, x5t: this.keyId };
  }

  /** Issues a token for so many milliseconds, with the roles that the application has now. */
  issue(
    app: Registration,
    options: {
      readonly audience: string;
      readonly now: number;
      readonly lifeMs: number;
      readonly by: 'secret' | 'certificate';
    },
  ): string {
    const { audience, now, lifeMs, by } = options;
    const issuer = `https://sts.windows.net/${this.#tenantId}/`;
    const claims = {
      aud: audience,
      iss: issuer,
      iat: Math.floor(now / 1_000),
      nbf: Math.floor(now / 1_000),
      exp: Math.floor((now + lifeMs) / 1_000),
      app_displayname: app.name,
      appid: app.clientId,
      // How the client has proved itself: 1 by a secret, 2 by a certificate.
      appidacr: by === 'secret' ? '1' : '2',
      idp: issuer,
      idtyp: 'app',
      oid: app.enterpriseObjectId,
      ...(app.roles.length > 0 && { roles: app.roles }),
      sub: app.enterpriseObjectId,
      tid: this.#tenantId,
      uti: randomUUID(),
      ver: '1.0',
    };
    return signJwt({ x5t: this.keyId, kid: this.keyId }, claims, this.#keys.privateKey);
  }

  /** Reads a token of this mint; undefined for any other. Whether it has expired is left to the reader. */
  read(token: string): IssuedToken | undefined {
    const jwt = decodeJwt(token);
    if (jwt === undefined || !isSignedBy(jwt, this.#keys.publicKey)) return undefined;
    const { aud, appid, oid, tid, uti, roles = [], iat, exp } = jwt.claims;
    if (typeof aud !== 'string' || typeof appid !== 'string' || typeof oid !== 'string' || tid !== this.#tenantId) {
      return undefined;
    }
    if (typeof uti !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return undefined;
    return {
      id: uti,
      clientId: appid,
      objectId: oid,
      tenantId: this.#tenantId,
      audience: aud,
      roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
      issuedAt: iat * 1_000,
      expiresAt: exp * 1_000,
    };
  }
}
