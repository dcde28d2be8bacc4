/** How values from files are quoted in messages, and which name was probably meant. */

const LONGEST = 60;
// Control characters, line separators and direction marks: a message goes to a terminal.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu;

/** One line of harmless text, at most 60 characters long. */
export function harmless(text: string): string {
  const points = Array.from(text.replaceAll(UNSAFE, '\ufffd'));
  return points.length > LONGEST ? `${points.slice(0, LONGEST).join('')}…` : points.join('');
}

export function quote(text: string): string {
  return `“${harmless(text)}”`;
}

/** What was found, in words. */
export function showFound(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : quote(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  return typeof value === 'number' || typeof value === 'boolean' ? quote(String(value)) : 'something else';
}

/** Steps from one word to another: insert, remove, replace a letter, or swap two neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const steps = [
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? (before[column - 2] ?? 0) + 1 : Infinity,
      ];
      next.push(Math.min(...steps));
    }
    before = last;
    last = next;
  }
  return last[b.length] ?? 0;
}

/** The known word that is meant by an unknown one, if one is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const lower = word.toLowerCase();
  const [best] = known
    .map((candidate) => ({ candidate, steps: distance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, steps }) => steps <= Math.max(1, Math.floor(Math.max(candidate.length, word.length) / 3)))
    .toSorted((a, b) => a.steps - b.steps);
  return best?.candidate;
}
