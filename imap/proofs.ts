import { DateProofs } from './date-proofs.ts';
import type { Dated } from './types.ts';

/** A server that knows the system flags (RFC 3501 section 2.3.2, without \\Recent) takes a list of all of them. */
const ALWAYS_SHORT = 5;

/**
 * What a server has taken as arguments of APPEND on one connection, since it asked for a literal that waited behind them:
 * folders, dates, flags, and how many of these at a time. Servers read a list flag by flag (RFC 3501 section 9, flag-list), so one whose
 * flags were all accepted, and that is no longer than one that was, holds nothing that the server has not taken before.
 */
export class Proofs {
  readonly #folders = new Set<string>();
  readonly #flags = new Set<string>();
  readonly dates = new DateProofs();
  #longest = ALWAYS_SHORT;

  has(folder: string, flags: readonly string[]): boolean {
    return this.#folders.has(folder) && flags.length <= this.#longest && flags.every((flag) => this.#flags.has(flag));
  }

  add(folder: string, message: Dated & { readonly flags: readonly string[] }): void {
    const { flags } = message;
    this.#folders.add(folder);
    this.dates.add(message);
    for (const flag of flags) this.#flags.add(flag);
    this.#longest = Math.max(this.#longest, flags.length);
  }
}
