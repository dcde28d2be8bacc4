import { ODD_OCTETS } from './odd-octets-code.ts';

const ODD = -1;
const CR_LAST = 1;
const [NUL, LF, CR] = [0, 10, 13];

/**
 * Looks at octets: -1 where there is one that servers alter, otherwise 1 when a carriage return came last, and 0 when none did.
 * `afterCr`: the same of the octets before these.
 */
export type Look = (octets: Uint8Array, afterCr: number) => number;

/** What odd-octets.wat exports. */
interface Scanner {
  readonly memory: WebAssembly.Memory;
  readonly scan: (length: number, afterCr: number) => number;
}

/** One octet after the other, for processors that cannot look at sixteen at a time. */
export function lookOneByOne(octets: Uint8Array, afterCr: number): number {
  let after = afterCr === CR_LAST;
  for (const octet of octets) {
    if (octet === NUL || after !== (octet === LF)) return ODD;
    after = octet === CR;
  }
  return after ? CR_LAST : 0;
}

/** Sixteen at a time; undefined where the processor cannot (WebAssembly's vectors need SSE4.1, which some virtual machines hide). */
export function lookAtSixteen(): Look | undefined {
  const code = Buffer.from(ODD_OCTETS, 'base64');
  if (!WebAssembly.validate(code)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code));
  if (!isScanner(exports)) throw new Error('odd-octets.wat exports something else');
  const { memory, scan } = exports;
  const window = new Uint8Array(memory.buffer);
  return (octets, afterCr) => {
    let after = afterCr;
    for (let from = 0; from < octets.length && after !== ODD; from += window.length) {
      const part = octets.length <= window.length ? octets : octets.subarray(from, from + window.length);
      window.set(part);
      after = scan(part.length, after);
    }
    return after;
  };
}

function isScanner(exports: object): exports is Scanner {
  const { memory, scan }: Partial<Scanner> = exports;
  return memory instanceof WebAssembly.Memory && typeof scan === 'function';
}

const look = lookAtSixteen() ?? lookOneByOne;

/**
 * Looks for what servers alter in silence in a body that comes in pieces: NUL, and line feeds and carriage returns that do
 * not stand together. Every octet of every message passes here.
 */
export class OddOctets {
  readonly #look: Look;
  #afterCr = 0;

  constructor(how: Look = look) {
    this.#look = how;
  }

  /** Whether this piece shows one. To be asked no more when one did. */
  see(piece: Uint8Array): boolean {
    this.#afterCr = this.#look(piece, this.#afterCr);
    return this.#afterCr === ODD;
  }

  /** Whether a carriage return came last. */
  get endsBare(): boolean {
    return this.#afterCr === CR_LAST;
  }
}
