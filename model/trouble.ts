/** What a mailbox learns from a server that asks to wait, or that refuses again and again. Pure rules. */
import type { Problem } from './mailbox.ts';
import type { RefusalCode } from './refusals.ts';

/** Refusals of so many copies in a row, without one message stored in between, are no accident. */
const SUSPICIOUS_TRIES = 5;

/** Refusals that fewer connections of the same mailbox may avoid. */
const CROWDED: ReadonlySet<RefusalCode> = new Set([
  'server.throttled',
  'server.all-throttled',
  'server.too-many-connections',
]);

/**
 * What a refusal amounts to that is the `tries`-th in a row. A server that stores nothing any more and does not say why has
 * most likely no room left (Exchange Online: `Server Unavailable. 15`).
 */
export function suspectedOf(problem: Problem, tries: number): Problem {
  if (problem.code !== 'destination.unavailable' || tries < SUSPICIOUS_TRIES) return problem;
  const text = `The destination refused to store anything ${tries} times in a row; the mailbox may be full`;
  return { ...problem, code: 'destination.quota-suspected', text };
}

/** True when the server may take one connection and not several. */
export function isCrowded({ code }: Problem): boolean {
  return CROWDED.has(code);
}

/**
 * True when a refusal may be about one connection too many, where others of the same mailbox are in: Exchange lets those in
 * as well, and says then that they are not connected.
 */
export function isCrowdedBeside({ code }: Problem): boolean {
  return code === 'server.too-many-connections' || code === 'access.refused';
}

/** How many folders are copied at the same time after such a refusal. */
export function fewerConnections(connections: number): number {
  return Math.max(1, Math.floor(connections / 2));
}

/** How many after a pass that went well; undefined: as many as the limit says. */
export function moreConnections(connections: number | undefined, limit: number): number | undefined {
  return connections === undefined || connections + 1 >= limit ? undefined : connections + 1;
}
