/** Numbers, sizes, times and tables, for people. */

/** `1 message`, `3,000 messages`. */
export function countOf(number: number, one: string, many = `${one}s`): string {
  return `${thousands(number)} ${number === 1 ? one : many}`;
}

/** `12,345` */
export function thousands(number: number): string {
  return number.toLocaleString('en-US');
}

/** Bytes in decimal units, as disks and providers count them. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? 'TB'}`;
}

/** `2026-03-01 14:05:09` in the machine's own time zone. */
export function clock(time: number): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: two units are enough. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return withRest(hours, 'h', minutes % 60, 'min');
  return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function withRest(whole: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller}`;
}

/** A table without lines; columns named in `right` (by index) are aligned to the right, the last one is not padded. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = [], indent = '  '): string {
  const width = (column: number): number => Math.max(...rows.map((row) => length(row[column] ?? '')));
  const widths = (rows[0] ?? []).map((_cell, column) => width(column));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const gap = ' '.repeat(Math.max(0, (widths[column] ?? 0) - length(cell)));
        if (right.includes(column)) return `${gap}${cell}`;
        return column === row.length - 1 ? cell : `${cell}${gap}`;
      });
      return `${indent}${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

/** Characters, not UTF-16 units. */
function length(text: string): number {
  return Array.from(text).length;
}
