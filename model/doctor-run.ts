/** What a doctor is asked and what it finds: the same for `mailferry doctor` and for what `start` looks at first. */
import type { CanaryEvidence, Diagnosis, TokenEvidence } from './doctor.ts';
import { CANARIES, SIDES, gatesWith, type Gate, type GateApplication } from './gates.ts';
import type { EndpointAuth, MailboxRow, ProjectSettings, Side } from './project.ts';

/** Rounds without a wait between them, each with other mailboxes, before a tenant is blamed. */
export const DOCTOR_ROUNDS = 3;

export interface DoctorInput {
  readonly settings: ProjectSettings;
  readonly tasks: readonly DoctorTask[];
}

export type DoctorTask =
  /** An application: token, claims, canaries. */
  | {
      readonly kind: 'gate';
      readonly gate: Gate;
      /** Epoch milliseconds since when it has been refused, as far as an earlier look has found it so. */
      readonly refusedSince?: number;
    }
  /** Logins alone. */
  | {
      readonly kind: 'logins';
      readonly side: Side;
      readonly rows: readonly MailboxRow[];
      /** Mailboxes of the side in all. */
      readonly mailboxes: number;
    };

/** What was found; grows while the doctor is at it. */
export interface DoctorFinding {
  /** Of the gate, or the side where there is none. */
  readonly key: string;
  readonly side: Side;
  readonly auth: EndpointAuth['kind'];
  readonly application?: GateApplication;
  /** How many mailboxes are opened this way. */
  readonly mailboxes: number;
  readonly token?: TokenEvidence;
  /** In the order in which they answered. */
  readonly canaries: readonly CanaryEvidence[];
  /** Absent while it is under way. */
  readonly diagnosis?: Diagnosis;
  readonly refusedSince?: number;
}

export type DoctorResult = readonly DoctorFinding[];

/** Gates of a project that was not started, each with as many candidates as a doctor may try. */
export function doctorGates(settings: ProjectSettings, rows: readonly MailboxRow[]): readonly DoctorTask[] {
  return gatesWith([], settings, rows).map((gate) => ({ kind: 'gate', gate: withFewer(gate) }));
}

function withFewer(gate: Gate): Gate {
  const candidates = spread(gate.candidates, DOCTOR_ROUNDS * CANARIES);
  return { ...gate, candidates };
}

/** The first logins of sides that no application opens. */
export function doctorLogins(settings: ProjectSettings, rows: readonly MailboxRow[]): readonly DoctorTask[] {
  return SIDES.filter((side) => settings[side].auth.kind !== 'oauth2').map((side) => ({
    kind: 'logins',
    side,
    rows: spread(rows, CANARIES),
    mailboxes: rows.length,
  }));
}

/** So many of these, in their order and evenly spread. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, at) => items.slice(Math.floor((at * items.length) / most))).flatMap(
    ([item]) => (item === undefined ? [] : [item]),
  );
}

/** Under which name it is remembered since when an application has been refused. */
export function refusedKey({ side, application }: Pick<DoctorFinding, 'side' | 'application'>): string {
  return `${side} ${application?.tenant ?? ''}/${application?.clientId ?? ''}`;
}
