/** Why a server's certificate was not accepted, in words that an administrator can act on. */
import { isIP, connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import type { ServerAddress } from '../model/project.ts';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
  ['CERT_REVOKED', 'was revoked'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'is self-signed and not trusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'was issued by an authority that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'was issued by an authority that is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'was issued by an authority that is not trusted'],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'was issued by an authority that is not trusted, or the server does not send the whole chain',
  ],
  ['CERT_UNTRUSTED', 'is not trusted'],
  ['CERT_REJECTED', 'is rejected'],
  ['CERT_SIGNATURE_FAILURE', 'has a signature that does not fit'],
  ['CERT_CHAIN_TOO_LONG', 'has a chain that is too long'],
  ['INVALID_CA', 'was issued by a certificate that is no authority'],
  ['INVALID_PURPOSE', 'was not made for a server'],
  ['PATH_LENGTH_EXCEEDED', 'has a chain that is too long'],
  ['HOSTNAME_MISMATCH', 'is made out for another name'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is made out for another name'],
]);

export function isCertificateFault(code: string | undefined): code is string {
  return code !== undefined && REASONS.has(code);
}

/** The name that the certificate must carry. */
export function expectedName({ serverName, host }: ServerAddress): string {
  return serverName ?? host;
}

/** `imap.example.com’s certificate has expired (valid from … to …, for imap.example.com, issued by …)`. */
export function describeFault(address: ServerAddress, code: string, certificate: PeerCertificate | undefined): string {
  const reason = REASONS.get(code) ?? 'was not accepted';
  const wanted =
    code.endsWith('ALTNAME_INVALID') || code === 'HOSTNAME_MISMATCH' ? ` than ${expectedName(address)}` : '';
  const sentence = `The certificate of ${address.host}:${address.port} ${reason}${wanted}`;
  const details = certificate === undefined ? [] : detailsOf(certificate);
  return details.length === 0 ? sentence : `${sentence} (${details.join(', ')})`;
}

function day(text: string): string {
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? text : new Date(instant).toISOString().slice(0, 10);
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function detailsOf(certificate: PeerCertificate): readonly string[] {
  const { valid_from: from, valid_to: to, subjectaltname: names, issuer } = certificate;
  const issuedBy = first(issuer?.CN) ?? first(issuer?.O);
  return [
    ...(from === undefined || to === undefined ? [] : [`valid from ${day(from)} to ${day(to)}`]),
    ...(names === undefined ? [] : [`for ${names.slice(0, 200)}`]),
    ...(issuedBy === undefined ? [] : [`issued by ${issuedBy.slice(0, 100)}`]),
  ];
}

/**
 * Fetches the certificate that was refused, to tell its dates and names: Node forgets it together with the connection
 * that it refuses. Nothing but STARTTLS is said on this connection. Undefined when it cannot be had in time.
 */
export function fetchCertificate(
  address: ServerAddress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PeerCertificate | undefined> {
  return new Promise((resolve) => {
    const plain = connectPlain({ host: address.host, port: address.port });
    const done = (certificate?: PeerCertificate): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', give);
      plain.destroy();
      resolve(certificate);
    };
    const give = (): void => done();
    const timer = setTimeout(give, timeoutMs);
    signal.addEventListener('abort', give);
    // Whatever goes wrong here, the refusal that this is about is told all the same, only without details.
    plain.on('error', give);
    plain.on('close', give);
    if (address.tls === 'starttls') askForTls(plain, () => inspect(plain, address, done));
    else plain.once('connect', () => inspect(plain, address, done));
  });
}

function askForTls(plain: Socket, begin: () => void): void {
  let heard = '';
  const listen = (chunk: Buffer): void => {
    const greeted = heard.includes('\r\n');
    heard = (heard + chunk.toString('latin1')).slice(-8_192);
    if (!greeted && heard.includes('\r\n')) plain.write('C1 STARTTLS\r\n');
    if (!/(?:^|\r\n)C1 OK[^\r\n]*\r\n$/i.test(heard)) return;
    plain.off('data', listen);
    begin();
  };
  plain.on('data', listen);
}

function inspect(plain: Socket, address: ServerAddress, done: (certificate?: PeerCertificate) => void): void {
  const name = expectedName(address);
  const servername = isIP(name) === 0 ? { servername: name } : {};
  const secure = connectTls({ socket: plain, rejectUnauthorized: false, ...servername });
  secure.on('error', () => done());
  secure.once('secureConnect', () => {
    const certificate = secure.getPeerCertificate();
    secure.destroy();
    done(Object.keys(certificate).length === 0 ? undefined : certificate);
  });
}
