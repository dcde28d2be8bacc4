/** Durations and sizes as the project file writes them: `90d`, `15m`, `500ms`, `32MiB`. */

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

export const DURATION = /^\d{1,9}(?:ms|s|m|h|d)$/;
export const SIZE = /^\d{1,9} ?(?:KiB|MiB|GiB)$/;

function isUnit<Units extends object>(units: Units, text: string): text is Extract<keyof Units, string> {
  return Object.hasOwn(units, text);
}

/** Milliseconds of a text that `DURATION` matches; NaN of others. */
export function parseDuration(text: string): number {
  const unit = text.replace(/^\d+/, '');
  return DURATION.test(text) && isUnit(MILLISECONDS, unit)
    ? Number.parseInt(text, 10) * MILLISECONDS[unit]
    : Number.NaN;
}

/** Bytes of a text that `SIZE` matches; NaN of others. */
export function parseSize(text: string): number {
  const unit = text.replace(/^\d+ ?/, '');
  return SIZE.test(text) && isUnit(BYTES, unit) ? Number.parseInt(text, 10) * BYTES[unit] : Number.NaN;
}

function format(amount: number, units: Readonly<Record<string, number>>, smallest: string): string {
  const [unit, size] = Object.entries(units)
    .toReversed()
    .find(([, bytes]) => amount >= bytes && amount % bytes === 0) ?? [smallest, 1];
  return `${amount / size}${unit}`;
}

/** In the largest unit that needs no fraction: 5400000 is `90m`. */
export function formatDuration(milliseconds: number): string {
  return milliseconds === 0 ? '0s' : format(milliseconds, MILLISECONDS, 'ms');
}

export function formatSize(bytes: number): string {
  return format(bytes, BYTES, ' bytes');
}
