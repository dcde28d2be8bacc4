/** A server that knows the system flags (RFC 3501 section 2.3.2, without \\Recent) takes a list of all of them. */
const ALWAYS_SHORT = 5;

interface Accepted {
  readonly flags: Set<string>;
  /** Flags in one list. */
  longest: number;
}

/**
 * What a server has accepted as the arguments of an APPEND, by folder, in commands whose literals waited for it to say so: the
 * flags, and how many at a time. Servers read a list flag by flag (RFC 3501 section 9, flag-list), so a list whose flags
 * were all accepted, and that is no longer than an accepted one, holds nothing that the server has not taken before.
 */
export class Proofs {
  readonly #folders = new Map<string, Accepted>();

  has(folder: string, flags: readonly string[]): boolean {
    const accepted = this.#folders.get(folder);
    return (
      accepted !== undefined && flags.length <= accepted.longest && flags.every((flag) => accepted.flags.has(flag))
    );
  }

  add(folder: string, flags: readonly string[]): void {
    const accepted = this.#folders.get(folder) ?? { flags: new Set(), longest: ALWAYS_SHORT };
    for (const flag of flags) accepted.flags.add(flag);
    accepted.longest = Math.max(accepted.longest, flags.length);
    this.#folders.set(folder, accepted);
  }
}
