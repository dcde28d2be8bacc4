import { PassThrough, Writable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Completion } from '../../../imap/command-queue.ts';
import type { Part } from '../../../imap/grammar.ts';
import { classify } from '../../../imap/refusals.ts';
import { Wire } from '../../../imap/wire.ts';
import { always, refusalOf, rejectionOf } from './harness.ts';

/** What the kernel is to us: takes each write at once, or when the test says so. */
class Kernel extends Writable {
  /** One for each write that has left. */
  readonly taken: string[] = [];
  readonly #isReady: boolean;
  /** How all writes from now on fail. */
  failure: Error | undefined;
  #waiting: { readonly chunk: Buffer; readonly done: () => void } | undefined;

  constructor(ready: 'at once' | 'when told') {
    super();
    this.#isReady = ready === 'at once';
  }

  override _write(chunk: Buffer, _: unknown, done: (failure?: Error) => void): void {
    if (this.failure !== undefined) return done(this.failure);
    this.#waiting = { chunk, done };
    if (this.#isReady) this.take();
  }

  /** What has been written and not left; as it is when it leaves. */
  get waiting(): string {
    return this.#waiting?.chunk.toString('latin1') ?? '';
  }

  take(): void {
    const { chunk, done } = this.#waiting ?? {};
    if (chunk === undefined) throw new Error('nothing waits to be taken');
    this.#waiting = undefined;
    this.taken.push(chunk.toString('latin1'));
    done?.();
  }
}

interface Scene {
  readonly kernel: Kernel;
  readonly wire: Wire;
  /** What the server says. */
  readonly hear: (text: string) => void;
  readonly append: (body: string, options?: Options) => Promise<Completion>;
}

interface Options {
  readonly waits?: boolean;
  readonly mayCommit?: () => void;
  readonly pieces?: readonly Buffer[] | AsyncIterable<Buffer>;
}

function scene(ready: 'at once' | 'when told'): Scene {
  const kernel = new Kernel(ready);
  const readSocket = new PassThrough();
  const wire = new Wire(
    { readSocket, writeSocket: kernel },
    {
      peer: 'imap.test:143',
      commandTimeout: 60_000,
      classify: (refusal) => classify({ ...refusal, side: 'destination', login: 'password' }),
    },
  );
  onTestFinished(() => wire.destroy(new Error('the test has ended')));
  return {
    kernel,
    wire,
    hear: (text) => void readSocket.write(text, 'latin1'),
    append: (body, { waits = false, mayCommit = always, pieces = [Buffer.from(body, 'latin1')] } = {}) => {
      const parts: readonly Part[] = ['APPEND a ', { pieces, bytes: body.length, waits }];
      return wire.run({ asked: 'append', about: 'store', parts, pipelined: true, mayCommit });
    },
  };
}

/** All that goes on without anybody else: a turn of the event loop, as promises and callbacks need it. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const sentence = (tag: string, bytes: number): string => `${tag} APPEND a {${bytes}+}\r\n`;

const asleep = new Error('asleep');

describe('commands that follow one another', () => {
  it('are written each together with the end of the one before', async () => {
    const { kernel, append, hear } = scene('at once');
    const answers = Promise.all([append('one'), append('two'), append('three')]);
    await settled();
    expect(kernel.taken).toEqual([
      `${sentence('F1', 3)}on`,
      `e\r\n${sentence('F2', 3)}tw`,
      `o\r\n${sentence('F3', 5)}thre`,
      'e\r\n',
    ]);
    hear('F1 OK\r\nF2 OK\r\nF3 OK\r\n');
    expect(await answers).toHaveLength(3);
  });

  it('end at once where none follows', async () => {
    const { kernel, append } = scene('at once');
    void append('one').catch(always);
    await Promise.resolve();
    await settled();
    expect(kernel.taken).toEqual([`${sentence('F1', 3)}on`, 'e\r\n']);
    void append('two').catch(always);
    await settled();
    expect(kernel.taken.slice(2)).toEqual([`${sentence('F2', 3)}tw`, 'o\r\n']);
  });

  it('end only when all before has left this process, and never two at a time', async () => {
    const { kernel, append } = scene('when told');
    for (const body of ['one', 'two', 'three']) void append(body).catch(always);
    const written: string[] = [];
    while (kernel.waiting !== '') {
      await settled();
      written.push(kernel.waiting);
      kernel.take();
      await settled();
    }
    expect(written).toEqual([
      `${sentence('F1', 3)}on`,
      `e\r\n${sentence('F2', 3)}tw`,
      `o\r\n${sentence('F3', 5)}thre`,
      'e\r\n',
    ]);
  });

  it('end only when the end before has left, also where there is nothing to write but ends', async () => {
    const { kernel, wire } = scene('when told');
    const asked = { asked: 'noop', about: 'answer', parts: ['NOOP'], pipelined: true } as const;
    void wire.run(asked).catch(always);
    void wire.run(asked).catch(always);
    await settled();
    expect(kernel.waiting).toBe('F1 NOOP\r\n');
    expect(kernel.writableLength).toBe('F1 NOOP\r\n'.length);
    kernel.take();
    await settled();
    expect(kernel.waiting).toBe('F2 NOOP\r\n');
  });

  it('go out whole and in order, whatever they are made of', async () => {
    const piece = fc.oneof(fc.constant(0), fc.nat(9), fc.integer({ min: 60_000, max: 140_000 }));
    const message = fc.record({
      pieces: fc.array(piece, { maxLength: 4 }),
      waits: fc.boolean(),
      streams: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 6 }), fc.boolean(), async (messages, atOnce) => {
        const { kernel, append, hear } = scene(atOnce ? 'at once' : 'when told');
        const bodies = messages.map(({ pieces }, at) => pieces.map((size, of) => Buffer.alloc(size, `${at * 4 + of}`)));
        const answers = messages.map(({ waits, streams }, at) => {
          const pieces = bodies[at] ?? [];
          return append(pieces.join(''), { waits, pieces: streams ? streamOf(pieces) : pieces });
        });
        const expected = messages.map(({ waits }, at) => {
          const body = (bodies[at] ?? []).join('');
          return `F${at + 1} APPEND a {${body.length}${waits ? '' : '+'}}\r\n${body}\r\n`;
        });
        const whole = expected.join('');
        let welcomed = 0;
        for (let gone = ''; gone.length < whole.length; gone = kernel.taken.join('')) {
          await settled();
          if (kernel.waiting !== '') kernel.take();
          const announced = kernel.taken.filter((text) => /\{\d+\}\r\n$/.test(text)).length;
          if (announced > welcomed) hear('+ \r\n');
          welcomed = announced;
        }
        expect(kernel.taken.join('') === whole).toBe(true);
        await settled();
        hear(messages.map((_, at) => `F${at + 1} OK\r\n`).join(''));
        await Promise.all(answers);
      }),
      { numRuns: 60 },
    );
  });

  it('announce a message of no bytes with its end', async () => {
    const { kernel, append } = scene('at once');
    for (const body of ['one', '', 'two']) void append(body).catch(always);
    await settled();
    expect(kernel.taken).toEqual([
      `${sentence('F1', 3)}on`,
      'e\r\n',
      `${sentence('F2', 0)}\r\n${sentence('F3', 3)}tw`,
      'o\r\n',
    ]);
  });

  it('write an end with the line that announces the next, which waits', async () => {
    const { kernel, append, hear } = scene('at once');
    void append('one').catch(always);
    void append('second', { waits: true }).catch(always);
    void append('three').catch(always);
    await settled();
    expect(kernel.taken.slice(1)).toEqual(['e\r\nF2 APPEND a {6}\r\n']);
    hear('+ \r\n');
    await settled();
    expect(kernel.taken.slice(2)).toEqual(['secon', `d\r\n${sentence('F3', 5)}thre`, 'e\r\n']);
  });

  it('do not touch what has not left, even for a server that goes ahead of it', async () => {
    const { kernel, append, hear } = scene('when told');
    void append('one').catch(always);
    void append('second', { waits: true }).catch(always);
    await settled();
    kernel.take();
    await settled();
    hear('+ \r\n');
    await settled();
    expect(kernel.waiting).toBe('e\r\nF2 APPEND a {6}\r\n');
    expect(kernel.writableLength).toBe(kernel.waiting.length);
  });

  it('do not let an end wait for a stream', async () => {
    const { kernel, append } = scene('at once');
    void append('one').catch(always);
    const pieces = (async function* (): AsyncGenerator<Buffer> {
      await new Promise(() => undefined);
      yield Buffer.from('never');
    })();
    void append('never', { pieces }).catch(always);
    await settled();
    expect(kernel.taken.join('')).toBe(`${sentence('F1', 3)}one\r\n`);
  });

  it('that a connection which is lost has not taken are known not to be stored', async () => {
    const { kernel, append } = scene('at once');
    const mayCommit = (): void => {
      if (kernel.taken.length === 1) kernel.failure = new Error('EPIPE');
    };
    const answers = ['one', 'two', 'three'].map((body) => refusalOf(append(body, { mayCommit })));
    const stored = (await Promise.all(answers)).map((refusal) => refusal.stored);
    expect(stored).toEqual(['in-doubt', 'refused', 'refused']);
    expect(kernel.taken).toEqual([`${sentence('F1', 3)}on`]);
  });

  it('go on after one that was refused before its literal', async () => {
    const { kernel, append, hear } = scene('at once');
    const refused = refusalOf(append('first', { waits: true }));
    void append('two').catch(always);
    await settled();
    hear('F1 NO [OVERQUOTA] full\r\n');
    expect((await refused).stored).toBe('refused');
    await settled();
    expect(kernel.taken).toEqual(['F1 APPEND a {5}\r\n', `${sentence('F2', 3)}tw`, 'o\r\n']);
  });
});

describe('a lease that ends between two commands', () => {
  it('that the first asks about leaves both without their ends', async () => {
    const { kernel, append } = scene('when told');
    let isAwake = true;
    const mayCommit = (): void => {
      if (!isAwake) throw asleep;
    };
    const first = rejectionOf(append('one', { mayCommit }));
    const second = refusalOf(append('two'));
    await settled();
    isAwake = false;
    kernel.take();
    expect(await first).toBe(asleep);
    expect(await second).toMatchObject({ stored: 'refused', cause: asleep });
    expect([kernel.taken.join(''), kernel.destroyed]).toEqual([`${sentence('F1', 3)}on`, true]);
  });

  it('that the second asks about leaves both without their ends', async () => {
    const { kernel, append } = scene('at once');
    const first = refusalOf(append('one'));
    const second = rejectionOf(
      append('two', {
        mayCommit: () => {
          throw asleep;
        },
      }),
    );
    expect(await second).toBe(asleep);
    expect(await first).toMatchObject({ stored: 'refused', cause: asleep });
    expect([kernel.taken.join(''), kernel.destroyed]).toEqual([`${sentence('F1', 3)}on`, true]);
  });

  it('is noticed in the tick in which an end would leave, also alone', async () => {
    const { kernel, append } = scene('when told');
    let isAwake = true;
    const mayCommit = (): void => {
      if (!isAwake) throw asleep;
    };
    const [first, second] = [refusalOf(append('one')), rejectionOf(append('two', { mayCommit }))];
    await settled();
    kernel.take();
    await settled();
    isAwake = false;
    kernel.take();
    expect(await second).toBe(asleep);
    expect((await first).stored).toBe('in-doubt');
    expect(kernel.taken.join('')).toBe(`${sentence('F1', 3)}one\r\n${sentence('F2', 3)}tw`);
  });

  it('is asked about before each write, and once more with each end', async () => {
    const { append } = scene('at once');
    let asked = 0;
    const mayCommit = (): void => void (asked += 1);
    void append('x'.repeat(300_000), { mayCommit }).catch(always);
    await settled();
    expect(asked).toBeGreaterThanOrEqual(300_000 / (128 << 10) + 1);
  });
});

async function* streamOf(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    await settled();
    yield piece;
  }
}
