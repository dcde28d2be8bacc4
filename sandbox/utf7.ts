/**
 * Modified UTF-7, the encoding of mailbox names on the wire (RFC 3501 §5.1.3).
 * Written for the sandbox alone, so that a mistake in the program's own codec cannot hide behind the same mistake here.
 */

/** A Unicode name as its octets on the wire. */
export function encodeMailboxName(name: string): string {
  return name.replace(/&|[^\u0020-\u007e]+/g, (run) => {
    if (run === '&') return '&-';
    const octets = Buffer.from(run, 'utf16le').swap16();
    return `&${octets.toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`;
  });
}

/** The Unicode name of octets from the wire, or undefined where they are no valid modified UTF-7. */
export function decodeMailboxName(wire: string): string | undefined {
  if (!/^[\u0020-\u007e]*$/.test(wire)) return undefined;
  const name = wire.replace(/&([A-Za-z0-9+,]*)-/g, (_, base64: string) => (base64 === '' ? '&' : decodeRun(base64)));
  return encodeMailboxName(name) === wire ? name : undefined;
}

function decodeRun(base64: string): string {
  const octets = Buffer.from(base64.replaceAll(',', '/'), 'base64');
  return octets
    .subarray(0, octets.length - (octets.length % 2))
    .swap16()
    .toString('utf16le');
}
