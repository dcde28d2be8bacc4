const SHOWN = '…';
/** Shorter ones would be found everywhere, and give away that they are secrets. */
const SHORTEST = 4;

/** The secrets that one activity has opened, so that nothing it says can hold one, whoever put it there. */
export class Secrets {
  readonly #texts = new Set<string>();

  /** Remembers a secret, also in the forms in which it goes over the wire. */
  keep(secret: string): string {
    const bytes = Buffer.from(secret, 'utf8');
    const forms = [secret, bytes.toString('base64'), bytes.toString('base64url'), encodeURIComponent(secret)];
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
