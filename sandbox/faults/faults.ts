import { ActiveFault, type FaultHandle } from './active-fault.ts';
import type { CommandFault, Fault, FaultSubject, LoginRefusal, Moment, OctetFault } from './fault.ts';

/** The faults of one server, switched on and off while it runs. */
export class Faults {
  readonly #active = new Set<ActiveFault>();
  readonly #holding = new Set<ActiveFault>();
  readonly #now: () => number;
  readonly #onChange: () => void;

  constructor(context: {
    readonly now: () => number;
    /** Connections look at their limits again. */ readonly onChange: () => void;
  }) {
    this.#now = context.now;
    this.#onChange = context.onChange;
  }

  /** Switches a fault on. */
  add(fault: Fault): FaultHandle {
    const active: ActiveFault = new ActiveFault(fault, {
      now: this.#now,
      onOver: () => {
        this.#active.delete(active);
        this.#onChange();
      },
    });
    this.#active.add(active);
    this.#holding.add(active);
    this.#onChange();
    return active;
  }

  /** Switches all faults off, and lets go the commands they hold. */
  clear(): void {
    for (const active of this.#holding) active.release();
    this.#holding.clear();
  }

  /** The faults that strike a command at this moment, in the order they were added. */
  atMoment(moment: Moment, subject: FaultSubject): readonly ActiveFault<CommandFault>[] {
    return this.#of('command').filter(
      (active) =>
        active.fault.at === moment &&
        active.concerns(subject) &&
        namesCommand(active.fault.command, subject.command) &&
        (active.fault.folder === undefined || active.fault.folder === subject.folder) &&
        active.isTurn(active.fault.nth),
    );
  }

  /** The refusal that meets a login, if any. */
  loginRefusal(subject: FaultSubject): ActiveFault<LoginRefusal> | undefined {
    return this.#of('refuse-login').find((active) => active.concerns(subject));
  }

  /** The faults that limit a direction of a connection from its beginning. */
  octetsOfConnection(direction: OctetFault['direction'], subject: FaultSubject): readonly ActiveFault<OctetFault>[] {
    return this.#of('octets')
      .filter(({ fault }) => fault.direction === direction && fault.since === undefined)
      .filter((active) => active.concerns(subject));
  }

  /** The faults that begin to count with the command that has just arrived. */
  octetsOfCommand(subject: FaultSubject): readonly ActiveFault<OctetFault>[] {
    return this.#of('octets').filter(
      (active) =>
        active.fault.since !== undefined &&
        active.concerns(subject) &&
        namesCommand(active.fault.since.command, subject.command) &&
        active.isTurn(active.fault.since.nth),
    );
  }

  /** What is sent instead of a response. */
  altered(response: Buffer, subject: FaultSubject): Buffer {
    let result = response;
    for (const active of this.#of('alter')) {
      if (!active.concerns(subject) || !namesCommand(active.fault.command, subject.command)) continue;
      const changed = active.fault.alter(result);
      if (changed === undefined) continue;
      active.strike();
      result = changed;
    }
    return result;
  }

  /** Whether responses may have to be changed. */
  get altering(): boolean {
    return this.#of('alter').length > 0;
  }

  #of<K extends Fault['kind']>(kind: K): readonly ActiveFault<Extract<Fault, { kind: K }>>[] {
    return [...this.#active].filter(
      (active): active is ActiveFault<Extract<Fault, { kind: K }>> => active.fault.kind === kind,
    );
  }
}

function namesCommand(wanted: string | readonly string[] | undefined, command: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (command === undefined) return false;
  return typeof wanted === 'string' ? wanted === command : wanted.includes(command);
}
