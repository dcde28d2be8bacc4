import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { portOf } from './ports.ts';

/** One step of a connection's script. */
export type Step =
  /** The client's next line, without CRLF; a text has to be the whole line after the tag. Its first word is the tag. */
  | { readonly expect: string | RegExp }
  /** So many bytes of the client. */
  | { readonly take: number }
  /** Sent as it stands; `$tag` is the tag of the last line expected. */
  | { readonly send: string | Buffer }
  | { readonly wait: () => Promise<unknown> }
  | { readonly end: 'close' | 'reset' };

/** A server on 127.0.0.1 that says what its script says, and complains when the client does not. */
export interface ScriptedServer {
  readonly port: number;
  /** All that clients have sent so far. */
  received(): string;
  /** Resolves when all scripts have been played; rejects with the first step that did not fit. */
  readonly played: Promise<void>;
  close(): Promise<void>;
}

class Player {
  readonly #socket: Socket;
  readonly #heard: (chunk: Buffer) => void;
  #input = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;
  #tag = '*';

  constructor(socket: Socket, heard: (chunk: Buffer) => void) {
    this.#socket = socket;
    this.#heard = heard;
    socket.on('data', (chunk: Buffer) => {
      this.#heard(chunk);
      this.#input = Buffer.concat([this.#input, chunk]);
      this.#wake();
    });
    socket.on('error', () => this.#wake());
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  async #step(step: Step): Promise<void> {
    if ('expect' in step) await this.#expect(step.expect);
    else if ('take' in step) await this.#bytes(step.take);
    else if ('send' in step) this.#send(step.send);
    else if ('wait' in step) await step.wait();
    else if (step.end === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #send(what: string | Buffer): void {
    this.#socket.write(typeof what === 'string' ? Buffer.from(what.replaceAll('$tag', this.#tag), 'latin1') : what);
  }

  async #expect(expected: string | RegExp): Promise<void> {
    while (!this.#input.includes('\r\n')) await this.#more(`the line ${String(expected)}`);
    const line = (await this.#bytes(this.#input.indexOf('\r\n') + 2)).toString('latin1').slice(0, -2);
    const [tag = ''] = line.split(' ', 1);
    const fits = typeof expected === 'string' ? line === `${tag} ${expected}` : expected.test(line);
    if (!fits) throw new Error(`the script expects ${String(expected)} and the client says ${line}`);
    this.#tag = tag;
  }

  async #bytes(count: number): Promise<Buffer> {
    while (this.#input.length < count) await this.#more(`${count} bytes`);
    const taken = this.#input.subarray(0, count);
    this.#input = this.#input.subarray(count);
    return taken;
  }

  async #more(what: string): Promise<void> {
    if (this.#closed) throw new Error(`the client left although the script expects ${what}`);
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

/** Plays one script for each connection, in their order; further connections are closed at once. */
export async function startScriptedServer(...scripts: readonly (readonly Step[])[]): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  let heard = '';
  let begun = 0;
  const server = createServer();
  const played = new Promise<void>((resolve, reject) => {
    let done = 0;
    const play = async (player: Player, script: readonly Step[]): Promise<void> => {
      await player.play(script);
      done += 1;
      if (done === scripts.length) resolve();
    };
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      const script = scripts[begun];
      begun += 1;
      if (script === undefined) socket.destroy();
      else play(new Player(socket, (chunk) => (heard += chunk.toString('latin1'))), script).catch(reject);
    });
  });
  // A test that does not look at the script must not fail for it as an unhandled rejection.
  played.catch(() => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: portOf(server),
    received: () => heard,
    played,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}
