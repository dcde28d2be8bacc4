/**
 * What is in a PFX file (PKCS#12, RFC 7292), as Windows and OpenSSL write them: with RC2, 3DES or AES. Node's own reader keeps
 * the private key to itself.
 */
import forge, { type asn1, type pkcs12 } from 'node-forge';

/** PEM blocks, in the order of the file; no block that is none of these. */
export interface PfxContents {
  readonly keys: readonly string[];
  readonly certificates: readonly string[];
}

export type PfxFault = 'not-a-pfx' | 'password' | 'protection';

/** The contents, decrypted in memory; or why there are none. */
export function readPfx(bytes: Uint8Array, password: string): PfxContents | PfxFault {
  const sequence = parse(bytes);
  if (sequence === undefined) return 'not-a-pfx';
  const opened = open(sequence, password);
  if (typeof opened === 'string') return opened;
  const bags = opened.safeContents.flatMap(({ safeBags }) => safeBags);
  return {
    keys: bags.flatMap((bag) => keyOf(bag) ?? []),
    certificates: bags.flatMap((bag) => certificateOf(bag) ?? []),
  };
}

function parse(bytes: Uint8Array): asn1.Asn1 | undefined {
  try {
    return forge.asn1.fromDer(Buffer.from(bytes).toString('latin1'));
  } catch {
    return undefined;
  }
}

function open(sequence: asn1.Asn1, password: string): pkcs12.Pkcs12Pfx | PfxFault {
  const attempt = openOnce(sequence, password);
  if (attempt !== 'protection' || !Array.isArray(sequence.value)) return attempt;
  // The MAC's key is made from UTF-16 and was right; AES's is made from UTF-8 (RFC 8018 section 3), which the library leaves
  // to its caller, for both at once. So the MAC, which is optional, is not looked at again.
  const [version, contents] = sequence.value;
  if (typeof version !== 'object' || typeof contents !== 'object') return attempt;
  return openOnce({ ...sequence, value: [version, contents] }, forge.util.encodeUtf8(password));
}

function openOnce(sequence: asn1.Asn1, password: string): pkcs12.Pkcs12Pfx | PfxFault {
  try {
    return forge.pkcs12.pkcs12FromAsn1(sequence, false, password);
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    if (said.includes('Invalid password')) return 'password';
    return /decrypt|PBE|PBES2|OID|algorithm/i.test(said) ? 'protection' : 'not-a-pfx';
  }
}

/** PKCS#8 (RFC 5208); the library gives keys that it does not know itself as they are. */
function keyOf(bag: pkcs12.Bag): string | undefined {
  if (bag.type !== forge.pki.oids['pkcs8ShroudedKeyBag'] && bag.type !== forge.pki.oids['keyBag']) return undefined;
  if (bag.key) return pem('PRIVATE KEY', forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)));
  return bag.asn1 && pem('PRIVATE KEY', bag.asn1);
}

function certificateOf(bag: pkcs12.Bag): string | undefined {
  if (bag.type !== forge.pki.oids['certBag']) return undefined;
  const value = bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1;
  return value && pem('CERTIFICATE', value);
}

function pem(label: string, value: asn1.Asn1): string {
  const base64 = Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1').toString('base64');
  return `-----BEGIN ${label}-----\n${base64.replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
}
