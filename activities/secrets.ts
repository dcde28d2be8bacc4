const SHOWN = '…';
/** Shorter ones would be found everywhere, and give away that they are secrets. */
const SHORTEST = 4;

/** The secrets that one activity has opened, so that nothing it says can hold one, whoever put it there. */
export class Secrets {
  readonly #texts = new Set<string>();

  /** Remembers a secret, also in the forms in which it goes over the wire. */
  keep(secret: string): string {
    const forms = [secret, encodeURIComponent(secret), ...insideBase64(Buffer.from(secret, 'utf8'))];
    for (const form of forms) if (form.length >= SHORTEST) this.#texts.add(form);
    return secret;
  }

  /** The text without any of them. */
  readonly scrub = (text: string): string => {
    // The longest first: one secret may be part of another.
    const found = [...this.#texts].toSorted((a, b) => b.length - a.length);
    return found.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, SHOWN), text);
  };
}

const BYTE_BITS = 8;
const SEXTET_BITS = 6;

/**
 * The characters that these bytes alone determine in the base64 of a longer text, as of a SASL response with the user's name
 * before them: three, since four characters stand for three bytes.
 */
function insideBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * BYTE_BITS) / SEXTET_BITS);
    const to = Math.floor((padded.length * BYTE_BITS) / SEXTET_BITS);
    return [padded.toString('base64').slice(from, to), padded.toString('base64url').slice(from, to)];
  });
}
