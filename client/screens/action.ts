import type { Screen } from '../printer.ts';

/** What a steering command did: for scripts as data, for people as a sentence or two. */
export interface Action {
  readonly project: string;
  /** The command that was carried out. */
  readonly done: string;
  /** Whether it shows already; false when it is recorded and waits for a worker. */
  readonly inEffect: boolean;
  readonly lines: readonly string[];
  /** How many mailboxes or workflows it concerned, where that is known. */
  readonly concerned?: number;
}

export function actionScreen(action: Action): Screen<Action> {
  return { data: action, text: ({ lines }) => lines.join('\n') };
}
