/**
 * The largest message that a server takes, in bytes, where it announces one for all folders (RFC 7889, `APPENDLIMIT=n`); a
 * larger one need not be sent to be refused.
 */
export function appendLimit(capabilities: ReadonlySet<string>): number | undefined {
  for (const capability of capabilities) {
    const [, digits] = /^APPENDLIMIT=(\d{1,15})$/.exec(capability) ?? [];
    if (digits !== undefined) return Number(digits);
  }
  return undefined;
}
