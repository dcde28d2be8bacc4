/** How waits are told: the same words in the Web UI, in `status`, in `show` and in the summaries of timers. */

/** `once`, `4 times`. */
export function timesInWords(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** `45 s`, `23 minutes`, `3 h`: as much as a person wants to know of a time that has passed. */
export function spanInWords(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.round(ms / 1_000)} s`;
  if (minutes < 120) return minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return `${Math.round(minutes / 60)} h`;
}

/** `14:05:00 UTC`: workflows know no time zone. */
export function clockInWords(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}

/** Access that is refused and tried again. Times are epoch milliseconds. */
export interface RefusedFor {
  readonly tries: number;
  readonly since: number;
  readonly now: number;
  readonly nextAt: number;
  /** Whether the refusal may still be a permission on its way. */
  readonly young: boolean;
}

/** `refused 4 times in 23 minutes, permissions young, next try 14:05:00 UTC` */
export function refusedInWords({ tries, since, now, nextAt, young }: RefusedFor): string {
  const parts = [
    `refused ${timesInWords(tries)}${tries > 1 ? ` in ${spanInWords(now - since)}` : ''}`,
    ...(young ? ['permissions young'] : []),
    `next try ${clockInWords(nextAt)}`,
  ];
  return parts.join(', ');
}
