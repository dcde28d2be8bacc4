/** Which row of the table of refusals somebody means: by its code, by a code of Microsoft Entra, or by a server's words. */
import { aadstsCode, aadstsRow } from './aadsts.ts';
import { isRefusalCode, REFUSAL_CODES, refusal, type Refusal, type RefusalCode } from './refusals.ts';
import { SEEN_TEXTS, SEEN_WITHOUT_REFUSAL } from './server-text-examples.ts';
import { classify, codeOf, saidBy, SERVER_TEXTS, type ServerText } from './server-texts.ts';

export interface Explanation extends Refusal {
  readonly code: RefusalCode;
  /** What was recognised, where it was not the code itself. */
  readonly recognised?: string;
  /** What is known beyond the code's meaning. */
  readonly remark?: string;
}

/** All rows that the text may be, the likeliest first; empty when it is none that is known. */
export function explain(text: string): readonly Explanation[] {
  const asked = text.trim();
  const code = asked.toLowerCase();
  if (isRefusalCode(code)) return [explained(code)];
  const entra = entraCode(asked);
  return entra === undefined ? bySaid(asked) : byEntra(entra);
}

/** Whatever is known that looks most like the text: codes and texts, the likest first. */
export function nearest(text: string, count = 3): readonly string[] {
  const wanted = trigrams(text);
  const known: readonly string[] = [...REFUSAL_CODES, ...SEEN_TEXTS.map((seen) => seen.text)];
  return known
    .map((each) => ({ each, likeness: likeness(wanted, trigrams(each)) }))
    .filter(({ likeness: found }) => found > LEAST_LIKENESS)
    .toSorted((a, b) => b.likeness - a.likeness)
    .slice(0, count)
    .map(({ each }) => each);
}

const LEAST_LIKENESS = 0.15;

function explained(code: RefusalCode, more: Pick<Explanation, 'recognised' | 'remark'> = {}): Explanation {
  return { code, ...refusal(code), ...more };
}

function entraCode(text: string): string | undefined {
  return /^\d{5,8}$/.test(text) ? text : aadstsCode(text);
}

function byEntra(number: string): readonly Explanation[] {
  const row = aadstsRow(number);
  if (row === undefined) return [];
  return [explained(row.refusal, { recognised: `AADSTS${number}: ${row.meaning}` })];
}

interface Said {
  readonly status: string | undefined;
  readonly responseCode: string | undefined;
  readonly text: string;
}

/** Takes off what stands before a server's words in a log: tag or asterisk, status, response code. */
function said(pasted: string): Said {
  const line = pasted.replace(/^server:\s*/i, '').replace(/^(?:\*|[A-Z0-9.]{1,12})\s+(?=(?:NO|BAD|BYE)\b)/i, '');
  const [, status, code, words] = /^(?:(NO|BAD|BYE)\b\s*)?(?:\[([A-Z-]+)[^\]]*\]\s*)?(.*)$/is.exec(line) ?? [];
  return { status: status?.toUpperCase(), responseCode: code?.toUpperCase(), text: (words ?? line).trim() };
}

function bySaid(pasted: string): readonly Explanation[] {
  const words = said(pasted);
  if (words.text === '' && words.responseCode === undefined) return [];
  const found = new Map<RefusalCode, Explanation>();
  const add = (explanation: Explanation): void => {
    if (!found.has(explanation.code)) found.set(explanation.code, explanation);
  };
  const shown = folded(words.text);
  for (const { text, servers, code, remark } of [...SEEN_TEXTS, ...SEEN_WITHOUT_REFUSAL]) {
    const known = folded(said(text).text);
    if (code === undefined || shown === '' || !(shown.includes(known) || (shown.length > 8 && known.includes(shown))))
      continue;
    add(explained(code, { recognised: `${servers}: ${text}`, ...(remark !== undefined && { remark }) }));
  }
  for (const row of SERVER_TEXTS) if (mayBe(row, words)) for (const code of codesOf(row)) add(explained(code));
  if (found.size === 0 && words.status === 'BYE') {
    add(explained(classify({ asked: 'bye', text: words.text, side: 'source', login: 'xoauth2' }).code));
  }
  return [...found.values()];
}

/** A BYE is no answer to a command; what else was asked, nobody knows. */
function mayBe(row: ServerText, words: Said): boolean {
  const fitsStatus = words.status !== 'BYE' || row.asked === undefined || row.asked.includes('bye');
  return fitsStatus && saidBy(row, words);
}

/** With every login and on either side. */
function codesOf(row: ServerText): readonly RefusalCode[] {
  const logins = ['xoauth2', 'password', 'acting'] as const;
  const sides = ['source', 'destination'] as const;
  return logins.flatMap((login) => sides.map((side) => codeOf(row, { login, side })));
}

/** Numbers differ from server to server, but for those that name the error. */
function folded(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/\d{3,}/g, '0')
    .replaceAll(/[\s.!]+/g, ' ')
    .trim();
}

function trigrams(text: string): ReadonlySet<string> {
  const padded = `  ${text.toLowerCase()} `;
  return new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
}

/** Between 0 and 1 (Dice's coefficient). */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((each) => b.has(each)).length;
  return (2 * common) / (a.size + b.size);
}
