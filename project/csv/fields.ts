/** What one field may hold, by what it is. Fields are data: nothing in them is interpreted. */
import type { IssueList } from '../issues.ts';
import { quote } from '../show.ts';
import type { Place } from '../types.ts';
import type { Target } from './dialect.ts';

const LONGEST_NAME = 320;
const LONGEST_SECRET = 1_024;
const LONGEST_FOLDER = 200;
const LONGEST_TEXT = 255;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u;
/** Invisible format characters; two of them join letters of some scripts, and are harmless after such a letter. */
const INVISIBLE = /[^\P{Cf}\u200c\u200d]|(?<!\P{ASCII})[\u200c\u200d]/u;
/** What spreadsheets put in the place of a formula that they cannot work out, such as a name that begins with `=`. */
const SPREADSHEET_ERROR =
  /^#(?:NAME\?|NOM\?|NV|N\/A|DIV\/0!|NULL!|NUM!|ZAHL!|REF!|BEZUG!|RIF!|VALUE!|WERT!|VALEUR!|VALORE!|SPILL!|CALC!)$/;

export function isSecret(target: Target): boolean {
  return target.endsWith('.password') || target.endsWith('.clientSecret');
}

function longestOf(target: Target): number {
  if (isSecret(target)) return LONGEST_SECRET;
  if (target.endsWith('.user')) return LONGEST_NAME;
  return target === 'source.root' || target === 'destination.prefix' ? LONGEST_FOLDER : LONGEST_TEXT;
}

function checkText(value: string, place: Place, issues: IssueList): void {
  const invisible = INVISIBLE.exec(value)?.[0]?.codePointAt(0);
  if (invisible !== undefined) {
    const name = invisible.toString(16).toUpperCase().padStart(4, '0');
    issues.add(place, `the field holds an invisible character (U+${name})`, 'the same text, typed instead of pasted');
  }
  if (SPREADSHEET_ERROR.test(value)) {
    issues.add(
      place,
      `the field is ${quote(value)}, a spreadsheet’s error`,
      'the text itself, in a column of type text',
    );
  }
}

function checkSecret(value: string, place: Place, warnings: IssueList): void {
  const what = place.path === undefined ? 'the secret' : `the value of ${place.path}`;
  if (value !== value.trim()) warnings.add(place, `${what} begins or ends with a blank, which is taken as part of it`);
  if (INVISIBLE.test(value)) warnings.add(place, `${what} holds an invisible character, which is taken as part of it`);
  if (SPREADSHEET_ERROR.test(value)) warnings.add(place, `${what} reads like an error of a spreadsheet`);
}

/** Adds what is wrong with a value that is not empty. */
export function checkField(
  target: Target,
  value: string,
  place: Place,
  found: { readonly issues: IssueList; readonly warnings: IssueList },
): void {
  const longest = longestOf(target);
  if (value.length > longest) {
    found.issues.add(place, `the field has ${value.length} characters`, `at most ${longest}`);
  }
  if (CONTROL.test(value)) {
    found.issues.add(place, 'the field holds a line break or another control character', 'text on one line');
  }
  if (isSecret(target)) checkSecret(value, place, found.warnings);
  else checkText(value, place, found.issues);
}
