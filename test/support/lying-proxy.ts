import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Scanner, type ScannerSink } from '../../imap/scanner.ts';
import { tell, written, type Heard, type Lie, type Told } from './lies.ts';
import { portOf } from './ports.ts';

/** A lie instead of one response. */
export interface TimedLie {
  /** The number of the response, counted from 0 over all connections since the lies began. */
  readonly at: number;
  /** Only responses that have this in their first line are counted; default: all. */
  readonly to?: string;
  readonly lie: Lie;
}

/** A proxy on 127.0.0.1 that passes on what clients say, and alters what the server says. */
export interface LyingProxy {
  readonly port: number;
  /** How many of the lies were told so far. */
  readonly told: number;
  /** Lies from now on; none: tells the truth on new connections. `when`: `always` lies to those who log in as well. */
  lie(lies: readonly TimedLie[], when?: 'always' | 'after-login'): void;
  close(): Promise<void>;
}

/** The wire's first own command: whoever logged in has handed over. */
const HANDED_OVER = /(?:^|\n)F1 /;

/** Gathers a stream into whole responses. */
class Listener implements ScannerSink {
  readonly #heard: (heard: Heard) => void;
  #lines: string[] = [];
  #literals: Buffer[] = [];
  #pieces: Buffer[] = [];

  constructor(heard: (heard: Heard) => void) {
    this.#heard = heard;
  }

  line(text: string, announced: number | undefined): void {
    if (this.#lines.length > 0) this.#literals.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#lines.push(text);
    if (announced !== undefined) return;
    const whole = { lines: this.#lines, literals: this.#literals };
    this.#lines = [];
    this.#literals = [];
    this.#heard(whole);
  }

  literal(slice: Buffer): void {
    this.#pieces.push(slice);
  }
}

/** What one client is told, in order. */
class Mouth {
  readonly #client: Socket;
  readonly #end: () => void;
  #held: { readonly octets: Buffer; left: number }[] = [];
  #split: number | undefined;
  #silent = false;
  #spoken: Promise<void> = Promise.resolve();

  constructor(client: Socket, end: () => void) {
    this.#client = client;
    this.#end = end;
  }

  say({ octets, after, late, split }: Told): void {
    if (this.#silent) return;
    this.#split = split ?? this.#split;
    if (late !== undefined) {
      this.#held.push({ octets, left: late });
      return;
    }
    this.#write(octets);
    for (const held of this.#held) held.left -= 1;
    for (const held of this.#held) if (held.left <= 0) this.#write(held.octets);
    this.#held = this.#held.filter(({ left }) => left > 0);
    if (after === 'go on') return;
    this.#silent = true;
    if (after !== 'hang') this.#spoken = this.#spoken.then(() => this.#leave(after === 'reset'));
  }

  #leave(resets: boolean): void {
    if (resets) this.#client.resetAndDestroy();
    else this.#client.end();
    this.#end();
  }

  #write(octets: Buffer): void {
    const split = this.#split;
    this.#spoken = this.#spoken.then(() => this.#send(octets, split));
  }

  async #send(octets: Buffer, split = octets.length): Promise<void> {
    for (let at = 0; at < octets.length && !this.#client.destroyed; at += split) {
      this.#client.write(octets.subarray(at, at + split));
      if (split < octets.length) await nextTurn();
    }
  }
}

class Proxy implements LyingProxy {
  told = 0;
  readonly #target: number;
  readonly #server = createServer({ noDelay: true }, (near) => this.#join(near));
  readonly #sockets = new Set<Socket>();
  #lies: readonly TimedLie[] = [];
  #always = false;
  /** For each of them, how many responses have been counted. */
  #counts: number[] = [];

  constructor(target: number) {
    this.#target = target;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return portOf(this.#server);
  }

  lie(lies: readonly TimedLie[], when: 'always' | 'after-login' = 'after-login'): void {
    this.#lies = lies;
    this.#always = when === 'always';
    this.#counts = lies.map(() => 0);
    this.told = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    const far = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const lies = this.#lies;
    const mouth = new Mouth(near, () => far.destroy());
    const listener = new Listener((heard) =>
      mouth.say(lies === this.#lies ? this.#answer(heard, isOurs) : plain(heard)),
    );
    const scanner = new Scanner(listener);
    let isOurs = this.#always;
    let isClosed = false;
    near.on('data', (chunk: Buffer) => {
      isOurs ||= HANDED_OVER.test(chunk.toString('latin1'));
      if (!far.destroyed && !far.write(chunk)) near.pause();
    });
    far.on('drain', () => near.resume());
    far.on('data', (chunk: Buffer) => scanner.push(chunk));
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (isClosed) return;
        isClosed = true;
        if (socket === near) far.destroy();
        else mouth.say({ octets: Buffer.alloc(0), after: 'close' });
      });
    }
  }

  #answer(heard: Heard, isOurs: boolean): Told {
    if (!isOurs) return plain(heard);
    const [first = ''] = heard.lines;
    let found: TimedLie | undefined;
    for (const [index, lie] of this.#lies.entries()) {
      if (!first.includes(lie.to ?? '')) continue;
      const number = this.#counts[index] ?? 0;
      this.#counts[index] = number + 1;
      if (number === lie.at) found ??= lie;
    }
    if (found === undefined) return plain(heard);
    this.told += 1;
    return tell(heard, found.lie);
  }
}

function plain(heard: Heard): Told {
  return { octets: written(heard), after: 'go on' };
}

/** Starts a proxy for a server on this port of 127.0.0.1. */
export async function startLyingProxy(target: number): Promise<LyingProxy> {
  const proxy = new Proxy(target);
  await proxy.listen();
  return proxy;
}
