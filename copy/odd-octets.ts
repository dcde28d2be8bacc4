import { ODD_OCTETS } from './odd-octets-code.ts';

/** What odd-octets.wat exports. */
interface Scanner {
  readonly memory: WebAssembly.Memory;
  readonly scan: (length: number, afterCr: number) => number;
}

const ODD = -1;
const CR_LAST = 1;

const { memory, scan } = instantiated();
const window = new Uint8Array(memory.buffer);

function instantiated(): Scanner {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(ODD_OCTETS, 'base64')));
  if (isScanner(exports)) return exports;
  throw new Error('odd-octets.wat exports something else');
}

function isScanner(exports: object): exports is Scanner {
  const { memory: octets, scan: look }: Partial<Scanner> = exports;
  return octets instanceof WebAssembly.Memory && typeof look === 'function';
}

/**
 * Looks for what servers alter in silence in a body that comes in pieces: NUL, and line feeds and carriage returns that do
 * not stand together. Every octet of every message passes here, so that WebAssembly looks at sixteen at a time.
 */
export class OddOctets {
  #afterCr = 0;

  /** Whether this piece shows one. */
  see(piece: Uint8Array): boolean {
    for (let from = 0; from < piece.length; from += window.length) {
      const part = piece.length <= window.length ? piece : piece.subarray(from, from + window.length);
      window.set(part);
      const found = scan(part.length, this.#afterCr);
      if (found === ODD) return true;
      this.#afterCr = found;
    }
    return false;
  }

  /** Whether a carriage return came last. */
  get endsBare(): boolean {
    return this.#afterCr === CR_LAST;
  }
}
