import type { CauseName } from './access-causes.ts';
import type { Gate, GateApplication } from './gates.ts';
import type { Problem } from './mailbox.ts';
import type { Side } from './project.ts';
import type { RefusalCode } from './refusals.ts';
import { refusedInWords } from './waiting-words.ts';

/** A closed gate as `status` shows it; times are epoch milliseconds. */
export interface GateView {
  readonly side: Side;
  readonly application: GateApplication;
  /** Mailboxes that wait behind it. */
  readonly mailboxes: number;
  /** Rounds of tries in which the application was refused. */
  readonly tries: number;
  readonly refusedSince?: number;
  readonly nextAt?: number;
  readonly fault?: 'propagation' | 'tenant' | 'unclear';
  readonly code?: RefusalCode;
  /** In order of likelihood. */
  readonly causes?: readonly CauseName[];
}

export function gateView({ side, application, mailboxes, rounds, refusedSince, nextAt, diagnosis }: Gate): GateView {
  const fault = diagnosis === undefined || diagnosis.kind === 'open' ? undefined : diagnosis;
  return {
    side,
    application,
    mailboxes,
    tries: rounds,
    ...(refusedSince !== undefined && { refusedSince }),
    ...(nextAt !== undefined && { nextAt }),
    ...(fault && { fault: fault.kind, code: fault.problem.code }),
    ...(fault && fault.kind !== 'unclear' && { causes: fault.causes }),
  };
}

/** The gravest problem of gates that are closed: what a person has to mend before what passes by itself. */
export function gateProblem(gates: readonly Gate[]): Problem | undefined {
  const faults = gates.flatMap(({ diagnosis }) =>
    diagnosis === undefined || diagnosis.kind === 'open' ? [] : [diagnosis],
  );
  const order = ['tenant', 'propagation', 'unclear'] as const;
  const [gravest] = order.flatMap((kind) => faults.find((fault) => fault.kind === kind) ?? []);
  return gravest?.problem;
}

/** One sentence: what a closed gate waits for. */
export function gateSentence({ side, rounds, refusedSince, lastAt = 0, nextAt, diagnosis }: Gate): string {
  if (diagnosis === undefined || diagnosis.kind === 'open') return `${side}: the first mailboxes try`;
  if (diagnosis.kind === 'unclear' || refusedSince === undefined) return `${side}: ${diagnosis.problem.text}`;
  const young = diagnosis.kind === 'propagation';
  const words = refusedInWords({
    tries: rounds,
    since: refusedSince,
    now: lastAt,
    nextAt: nextAt ?? lastAt,
    young,
  });
  return young ? `${side}: ${words}` : `${side}: needs attention: ${words}`;
}
