import type { ActiveFault } from './active-fault.ts';
import type { CommandFault } from './fault.ts';

/** The means by which a fault acts on a connection. */
export interface Victim {
  /** Ends the connection and throws `Disconnected`. */
  cut(options: { readonly reset: boolean }): Promise<never>;
  bye(text: string): Promise<never>;
  sendLines(lines: readonly string[]): Promise<void>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/** What becomes of the command that was struck: it goes on, it gets this answer, or none. */
export type Outcome =
  | { readonly kind: 'unharmed' }
  | { readonly kind: 'answered'; readonly answer: string }
  | { readonly kind: 'unanswered' };

/** Lets a fault act. Later faults of the same moment do not act on a command whose answer is settled. */
export async function strike(active: ActiveFault<CommandFault>, victim: Victim): Promise<Outcome> {
  const { effect } = active.fault;
  active.strike();
  switch (effect.do) {
    case 'cut':
      return victim.cut({ reset: effect.reset ?? false });
    case 'bye':
      return victim.bye(effect.text);
    case 'hold':
      await held(active, effect.ms, victim.ended);
      return { kind: 'unharmed' };
    case 'hang':
      await Promise.race([active.released, victim.ended]);
      return victim.cut({ reset: false });
    case 'send':
      await victim.sendLines(effect.lines);
      return { kind: 'unharmed' };
    case 'answer':
      return { kind: 'answered', answer: effect.text };
    case 'lose-answer':
      return { kind: 'unanswered' };
    default:
      return effect satisfies never;
  }
}

async function held(active: ActiveFault, ms: number | undefined, ended: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<void>((resolve) => {
    if (ms !== undefined) timer = setTimeout(resolve, ms);
  });
  await Promise.race([elapsed, active.released, ended]);
  clearTimeout(timer);
}
