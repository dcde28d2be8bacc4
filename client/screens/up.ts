import type { Screen } from '../printer.ts';
import type { UpState } from '../up/state.ts';
import { table } from './format.ts';

/** Where everything is, and the next step. */
export function upScreen(state: UpState): Screen<UpState> {
  return {
    data: state,
    text: ({ address, uiUrl }, theme) =>
      [
        theme.good('mailferry is up; Ctrl-C stops it, and nothing is lost.'),
        table([
          ['Web UI', theme.bold(uiUrl)],
          ['Temporal', address],
        ]),
        'next, in another terminal here: mailferry init, edit the file, mailferry start FILE',
      ].join('\n'),
  };
}
