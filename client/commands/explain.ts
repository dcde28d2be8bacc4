import type { Command } from 'commander';
import { aadstsCode } from '../../model/aadsts.ts';
import { explain, nearest } from '../../model/explain.ts';
import { EXIT, type ExitCode } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Plan } from '../program.ts';
import { explanationScreen, refusalCodesScreen } from '../screens/explain.ts';

export function configure(command: Command, plan: Plan): void {
  command
    .argument('[refusal...]', 'a code (access.refused), a code of Microsoft Entra (AADSTS7000215), or a server’s words')
    .addHelpText(
      'after',
      '\nSays of a refusal what it means, how far it reaches, what happens by itself and what a person can do. Without an' +
        '\nargument all codes are listed. Exit code 2 when nothing like it is known.',
    )
    .action((words: readonly string[]) => plan((context) => Promise.resolve(explainWords(context, words.join(' ')))));
}

function explainWords({ printer }: Context, words: string): ExitCode {
  if (words.trim() === '') {
    printer.show(refusalCodesScreen());
    return EXIT.done;
  }
  const explanations = explain(words);
  if (explanations.length === 0) throw unknown(words);
  printer.show(explanationScreen(explanations));
  return EXIT.done;
}

/** Microsoft's own page about a code of Entra. */
const ENTRA_PAGE = 'https://login.microsoftonline.com/error?code=';

function unknown(words: string): Failure {
  const code = aadstsCode(words);
  if (code !== undefined) {
    return new Failure('command.unknown-refusal', `Nothing is known of AADSTS${code}.`, {
      next: `Microsoft says what it means: ${ENTRA_PAGE}${code}`,
    });
  }
  const like = nearest(words);
  return new Failure('command.unknown-refusal', `Nothing is known of “${words}”.`, {
    why: like.length === 0 ? [] : ['The nearest that is known:', ...like],
  });
}
