import type { AadstsCode } from './refusals.ts';

/** What goes wrong with requests for tokens. */
export type TokenFault = {
  /** How often. Default: once. */
  readonly times?: number | 'always';
  /** Only requests of this application. Default: anybody's. */
  readonly clientId?: string;
} & (
  | {
      /** Entra refuses with this code, whatever is right or wrong with the request. */
      readonly kind: 'refuse';
      readonly code: AadstsCode;
      /** Seconds. */
      readonly retryAfter?: number;
    }
  /** An answer that is none of Entra's, as a proxy or a gateway gives. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** The connection ends without an answer. */
  | { readonly kind: 'cut' }
  /** The request is held until the fault is released, and then served. */
  | { readonly kind: 'hold' }
);

/** A fault of the token service that was switched on. */
export interface TokenFaultHandle {
  /** How often it has struck. */
  readonly hits: number;
  /** Switches it off, and lets go the requests it holds. */
  release(): void;
}

/** The faults of one token service, switched on and off while it runs. */
export class TokenFaults {
  readonly #active = new Set<ActiveTokenFault>();
  readonly #switchedOn = new Set<ActiveTokenFault>();

  add(fault: TokenFault): TokenFaultHandle {
    const active: ActiveTokenFault = new ActiveTokenFault(fault, () => this.#active.delete(active));
    this.#active.add(active);
    this.#switchedOn.add(active);
    return active;
  }

  /** Switches all faults off. */
  clear(): void {
    for (const active of this.#switchedOn) active.release();
    this.#switchedOn.clear();
  }

  /** The fault that strikes a request of this application, if any; counted as a hit. */
  strike(clientId: string): ActiveTokenFault | undefined {
    const active = [...this.#active].find(({ fault }) => fault.clientId === undefined || fault.clientId === clientId);
    active?.strike();
    return active;
  }
}

/** One switched-on fault, and how often it still may strike. */
export class ActiveTokenFault implements TokenFaultHandle {
  readonly fault: TokenFault;
  readonly released: Promise<void>;
  hits = 0;
  #letGo: () => void = () => {};
  readonly #onOver: () => void;

  constructor(fault: TokenFault, onOver: () => void) {
    this.fault = fault;
    this.#onOver = onOver;
    this.released = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  strike(): void {
    this.hits += 1;
    const { times = 1 } = this.fault;
    if (times !== 'always' && this.hits >= times) this.#onOver();
  }

  release(): void {
    this.#onOver();
    this.#letGo();
  }
}
