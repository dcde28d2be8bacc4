/**
 * Text as PowerShell reads it. Addresses and names are data: whatever stands in them, it stays within its quotes
 * (documentation of PowerShell: about_Quoting_Rules).
 */

/** PowerShell takes typographic single quotes for plain ones, so each of them is doubled. */
const SINGLE_QUOTES = /['\u2018\u2019\u201A\u201B]/g;

/** What would end the line, or change how it is shown. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** A verbatim string literal on one line: nothing in it is expanded or run. Control characters are left out. */
export function quoted(text: string): string {
  return `'${text.replaceAll(CONTROLS, '').replaceAll(SINGLE_QUOTES, '$&$&')}'`;
}

/** An array of string literals, one on each line. */
export function quotedList(texts: readonly string[]): string {
  if (texts.length === 0) return '@()';
  return `@(\n${texts.map((text) => `  ${quoted(text)}`).join('\n')}\n)`;
}
