import type { Explanation } from '../../model/explain.ts';
import { REACTION_WORDS, REFUSAL_CODES, refusal, SCOPE_WORDS, type RefusalCode } from '../../model/refusals.ts';
import type { Screen } from '../printer.ts';
import type { Theme } from '../theme.ts';
import { table } from './format.ts';

/** What refusals mean, how far they reach, what happens by itself and what a person can do. */
export function explanationScreen(explanations: readonly Explanation[]): Screen<readonly Explanation[]> {
  return {
    data: explanations,
    text: (data, theme) => data.map((each) => explanationText(each, theme)).join('\n\n'),
  };
}

function explanationText(explanation: Explanation, theme: Theme): string {
  const { code, recognised, remark, meaning, scope, reaction, next, exit } = explanation;
  const rows = [
    ...(recognised === undefined ? [] : [['recognised', recognised]]),
    ['means', meaning],
    ...(remark === undefined ? [] : [['', remark]]),
    ['concerns', SCOPE_WORDS[scope]],
    ['by itself', REACTION_WORDS[reaction]],
    ['next', next],
    ['exit code', String(exit)],
  ];
  return [theme.bold(code), table(rows)].join('\n');
}

interface CodeLine {
  readonly code: RefusalCode;
  readonly meaning: string;
}

/** All codes. */
export function refusalCodesScreen(): Screen<readonly CodeLine[]> {
  return {
    data: REFUSAL_CODES.map((code) => ({ code, meaning: refusal(code).meaning })),
    text: (lines) =>
      table(
        lines.map(({ code, meaning }) => [code, meaning]),
        [],
        '',
      ),
  };
}
