/** Kinds of fields of a project file. The message of every check says what is expected, and nothing of what was found. */
import { z } from 'zod';
import { DURATION, SIZE, parseDuration, parseSize } from './units.ts';

/** A group of keys. An unknown key's message is the list of known ones. */
export function group<Shape extends z.ZodRawShape>(shape: Shape, description: string) {
  return z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? Object.keys(shape).join(', ')
          : `keys such as \`${Object.keys(shape)[0]}: …\``,
    })
    .meta({ description });
}

const PLAIN = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u;

/** A text of at least one character on one line. */
export function text(expected: string, pattern: RegExp, longest = 255) {
  return z
    .string({ error: expected })
    .min(1, { error: expected })
    .max(longest, { error: `${expected}, at most ${longest} characters long` })
    .regex(pattern, { error: expected })
    .refine((value) => PLAIN.test(value), { error: `${expected}, without control characters` });
}

/** A duration; milliseconds once parsed. */
export function duration(least: string, most: string) {
  const expected = `a duration from ${least} to ${most}, written as a number with ms, s, m, h or d, such as 15m`;
  return z
    .string({ error: expected })
    .regex(DURATION, { error: expected })
    .transform(parseDuration)
    .refine((value) => value >= parseDuration(least) && value <= parseDuration(most), { error: expected });
}

/** The calendar is checked too: Date takes 30 February for a day in March. */
function isDay(written: string): boolean {
  const at = new Date(written);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(written);
}

/** A day; epoch milliseconds of its beginning in UTC once parsed. */
export function date(expected: string) {
  return z
    .string({ error: expected })
    .regex(/^\d{4}-\d{2}-\d{2}$/, { error: expected })
    .refine((value) => isDay(value), { error: expected })
    .transform((value) => Date.parse(value));
}

/** A size; bytes once parsed. */
export function size(least: string, most: string) {
  const expected = `a size from ${least} to ${most}, written as a number with KiB, MiB or GiB`;
  return z
    .string({ error: expected })
    .regex(SIZE, { error: expected })
    .transform(parseSize)
    .refine((value) => value >= parseSize(least) && value <= parseSize(most), { error: expected });
}

/** A whole number. */
export function count(least: number, most: number) {
  const expected = `a number from ${least} to ${most}`;
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

/** One of a few words. */
export function oneOf<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return z.enum(choices, {
    error: choices
      .map((choice) => `\`${choice}\``)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
  });
}
