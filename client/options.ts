import { InvalidArgumentError } from 'commander';

/** Parsers of options' values; they throw commander's own error. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `10m`, `2h`, `1d`; a plain number is seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? 's'];
  if (match?.[1] === undefined || unit === undefined) {
    throw new InvalidArgumentError('Expected a duration such as 90s, 10m, 2h or 1d.');
  }
  return Number(match[1]) * unit;
}

/** A TCP port; 0 lets the kernel choose. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}
