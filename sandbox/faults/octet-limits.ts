import type { ActiveFault } from './active-fault.ts';
import type { FaultSubject, OctetFault } from './fault.ts';
import type { Faults } from './faults.ts';

type Direction = OctetFault['direction'];

/** Counts of octets, one for each direction. */
export type OctetCounts = Readonly<Record<Direction, number>>;

interface Limit {
  readonly active: ActiveFault<OctetFault>;
  readonly at: number;
}

/** Works out after how many octets one connection must end, from the faults that concern it. */
export class OctetLimits {
  readonly #faults: Faults;
  readonly #subject: FaultSubject;
  #ofCommand: readonly Limit[] = [];

  constructor(faults: Faults, subject: FaultSubject) {
    this.#faults = faults;
    this.#subject = subject;
  }

  /** A command begins, its first octet being number `counts` of either direction. */
  commandArrived(counts: OctetCounts): void {
    this.#ofCommand = this.#faults
      .octetsOfCommand(this.#subject)
      .map((active) => ({ active, at: counts[active.fault.direction] + active.fault.after }));
  }

  commandAnswered(): void {
    this.#ofCommand = [];
  }

  /** The nearest limit in a direction, or undefined. */
  nearest(direction: Direction): Limit | undefined {
    const ofConnection = this.#faults
      .octetsOfConnection(direction, this.#subject)
      .map((active) => ({ active, at: active.fault.after }));
    const ofCommand = this.#ofCommand.filter(
      ({ active }) => active.fault.direction === direction && active.concerns(this.#subject),
    );
    return [...ofConnection, ...ofCommand].toSorted((left, right) => left.at - right.at)[0];
  }
}
