import { isExchange } from '../model/exchange.ts';

/**
 * Whether a server hands out the bytes that it was given, and their exact number as RFC822.SIZE. Exchange does neither: it
 * rewrites what is appended and estimates sizes. A server taken for Exchange by mistake costs little: equal headers are then
 * enough for two messages to be the same, without equal sizes.
 */
export function keepsBytes(capabilities: ReadonlySet<string>): boolean {
  return !isExchange(capabilities);
}
