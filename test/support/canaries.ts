/** A secret planted in a test, to be looked for afterwards in everything that was written anywhere. */
export interface Canary {
  /** What it is, for the test's words. */
  readonly name: string;
  readonly text: string;
}

/** The forms in which a secret may have been written: as it is, encoded, or as a part of something encoded. */
export function formsOf({ text }: Canary): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  const utf16 = Buffer.from(text, 'utf16le');
  const texts = [
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[bytes, utf16].flatMap((some) => [0, 1, 2].flatMap((offset) => base64Within(some, offset))),
  ];
  return [bytes, utf16, Buffer.from(utf16).swap16(), ...texts.map((form) => Buffer.from(form, 'utf8'))];
}

/** Base64 of these bytes behind `offset` others and before unknown ones: only the characters that they alone decide. */
function base64Within(bytes: Buffer, offset: number): readonly string[] {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((whole.length * 8) / 6);
  return [whole.toString('base64').slice(first, last), whole.toString('base64url').slice(first, last)];
}

/** The names of those that are in there, in whatever form. */
export function foundIn(haystack: Buffer, canaries: readonly Canary[]): readonly string[] {
  return canaries.filter((canary) => formsOf(canary).some((form) => haystack.includes(form))).map(({ name }) => name);
}

/** Every text and every run of bytes in a structure, payloads of Temporal's messages among them, one on each line. */
export function bytesWithin(value: unknown): Buffer {
  const parts: Buffer[] = [];
  collect(value, parts);
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
}

function collect(value: unknown, parts: Buffer[]): void {
  if (typeof value === 'string') parts.push(Buffer.from(value, 'utf8'));
  else if (value instanceof Uint8Array) parts.push(Buffer.from(value));
  else if (Array.isArray(value)) for (const one of value) collect(one, parts);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      parts.push(Buffer.from(key, 'utf8'));
      collect(one, parts);
    }
  }
}
