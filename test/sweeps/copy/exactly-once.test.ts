import { array, assert, asyncProperty, nat, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyHarness, Crash, knownGrowth, type Attempt, type World } from '../../support/copy-harness.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';
import { decodeLedger } from '../../../copy/ledger-codec.ts';
import type { CopyTask } from '../../../copy/types.ts';
import type { MemorySession } from '../../support/memory-session.ts';

type Sessions = { readonly source: MemorySession; readonly destination: MemorySession };
type Servers = Pick<World, 'source' | 'destination'>;

/** Twins, messages without Message-ID or any header, odd line ends, flags and keywords; two are at the destination already. */
function prepared(): CopyHarness {
  const source = new MemoryMailbox('Other');
  source.add('INBOX', { body: mail('one'), flags: ['\\Seen'] });
  source.add('INBOX', { body: mail('twins'), internalDate: '01-Jan-2021 10:00:00 +0100' });
  source.expunge('INBOX', source.add('INBOX', { body: mail('gone before') }));
  source.add('INBOX', { body: mail('twins'), internalDate: '01-Jan-2021 09:00:00 +0000' });
  source.add('INBOX', { body: mail('no id', { id: undefined }), flags: ['$Forwarded', '\\Answered'] });
  source.add('INBOX', { body: '\r\nno header at all\r\n' });
  source.add('INBOX', { body: mail('there before') });
  source.add('INBOX', { body: mail('bare\tline feed', { text: 'a\nb\n' }) });
  source.add('INBOX', { body: mail('last'), flags: ['\\Flagged', '\\Seen'] });
  const harness = new CopyHarness(source);
  harness.destination.add('INBOX', { body: mail('there before') });
  harness.destination.add('INBOX', { body: mail('of the destination alone') });
  return harness;
}

const ALONE = mail('of the destination alone');

/** Every source message once, beside what was there alone. */
function expectEverythingOnce({ source, destination }: CopyHarness, folders: readonly string[] = ['INBOX']): void {
  const there = folders.flatMap((name) => destination.contents(name)).toSorted();
  const alone = there.filter((content) => content.includes('of the destination alone'));
  expect(alone).toHaveLength(1);
  expect(there.filter((content) => !alone.includes(content))).toEqual(source.contents('INBOX'));
}

/** Ends an attempt at its step number `at`, counted over both sides and the lease. */
function endAt(at: number, end: (sessions: Sessions, step: string) => Error): NonNullable<World['onStep']> {
  let steps = 0;
  return (step, sessions) => {
    if (steps++ === at) throw end(sessions, step);
  };
}

function crashAt(at: number): NonNullable<World['onStep']> {
  return endAt(at, (_, step) => new Crash(step));
}

/** All folders of the destination. */
function stateOf({ destination }: CopyHarness): unknown {
  return [...destination.folders.keys()].map((name) => [name, destination.contents(name)]);
}

function growthAfter({ beats }: Attempt, stale: number): Pick<CopyTask, 'previousGrowth'> {
  const previousGrowth = knownGrowth(beats, stale);
  return previousGrowth === undefined ? {} : { previousGrowth };
}

async function stepsOfACopy(servers: Servers): Promise<number> {
  let steps = 0;
  await prepared().copy({}, { ...servers, onStep: () => (steps += 1) });
  return steps;
}

const MODERN = ['IMAP4REV1', 'UIDPLUS', 'UNSELECT', 'CHILDREN', 'CONDSTORE', 'ESEARCH'];

const KINDS: readonly (readonly [string, Servers])[] = [
  ['with LITERAL+ and APPENDUID', { destination: { capabilities: [...MODERN, 'LITERAL+'] } }],
  ['with LITERAL+ and no APPENDUID', { destination: { capabilities: [...MODERN, 'LITERAL+'], appendUid: false } }],
  ['with MULTIAPPEND and APPENDUID', { destination: { capabilities: [...MODERN, 'LITERAL+', 'MULTIAPPEND'] } }],
  [
    'with MULTIAPPEND and no APPENDUID',
    { destination: { capabilities: [...MODERN, 'LITERAL+', 'MULTIAPPEND'], appendUid: false } },
  ],
  ['with APPENDUID', {}],
  ['without APPENDUID', { destination: { appendUid: false } }],
  [
    'with a server that alters line ends in silence',
    {
      destination: {
        onAppend: (_, body) => Buffer.from(body.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1'),
      },
    },
  ],
];

describe.each(KINDS)('nothing is lost and nothing doubled, %s', (kind, servers) => {
  const alters = kind.includes('alters');
  const expectOnce = (harness: CopyHarness, folders?: readonly string[]): void => {
    if (!alters) return expectEverythingOnce(harness, folders);
    for (const folder of harness.source.folders.values()) {
      for (const [index, message] of folder.messages.entries()) {
        const body = Buffer.from(message.body.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
        folder.messages[index] = { ...message, body };
      }
    }
    expectEverythingOnce(harness, folders);
  };

  it('when nothing happens', async () => {
    const harness = prepared();
    const { outcome, counts, handled } = await harness.copy({}, servers);
    expect(outcome).toEqual({ kind: 'complete' });
    expect(counts).toMatchObject({ listed: 8, copied: 7, adopted: 1, aside: 0 });
    expect(handled).toBe(8);
    expectOnce(harness);
  });

  it.each([0, 2, 1_000])(
    'when the worker dies at any step and the last %i heartbeats were not acknowledged',
    async (stale) => {
      const steps = await stepsOfACopy(servers);
      for (let at = 0; at < steps; at++) {
        const harness = prepared();
        const crashed = await harness.attempt({}, { ...servers, onStep: crashAt(at) });
        expect(crashed.error).toBeInstanceOf(Crash);
        const { outcome, counts } = await harness.copy(growthAfter(crashed, stale), servers);
        expect(outcome).toEqual({ kind: 'complete' });
        expect(counts.copied + counts.adopted).toBe(8);
        expectOnce(harness);
      }
    },
  );

  it('when a connection is lost at any step, on either side', async () => {
    const steps = await stepsOfACopy(servers);
    for (let at = 0; at < steps; at++) {
      for (const side of ['source', 'destination'] as const) {
        const harness = prepared();
        const result = await harness
          .copyAll(
            {},
            {
              ...servers,
              onStep: endAt(at, (sessions, step) =>
                step.startsWith(side) ? sessions[side].lost() : new Error('of the other side'),
              ),
            },
          )
          .catch(() => undefined);
        if (result === undefined) continue;
        expect(result.outcome).toEqual({ kind: 'complete' });
        expectOnce(harness);
      }
    }
  });

  it('when workers die again and again, and heartbeats are late', async () => {
    const steps = await stepsOfACopy(servers);
    const crash = record({ at: nat(steps), stale: nat(8) });
    await assert(
      asyncProperty(array(crash, { minLength: 1, maxLength: 4 }), async (crashes) => {
        const harness = prepared();
        const known: { previousGrowth?: string } = {};
        for (const { at, stale } of crashes) {
          const attempt = await harness.attempt(known, { ...servers, onStep: crashAt(at) });
          // An attempt that sends no heartbeat of its own leaves the last one of its predecessor.
          Object.assign(known, growthAfter(attempt, stale));
        }
        await harness.copyAll(known, servers);
        expectOnce(harness);
      }),
      { numRuns: 60 },
    );
  });

  // What was altered and moved away at once can be recognised by nothing.
  it.each(alters ? [] : [0, 1_000])(
    'when a rule moves all that arrives away at once, and the worker dies %i heartbeats later',
    async (stale) => {
      const steps = await stepsOfACopy(servers);
      for (let at = 0; at < steps; at++) {
        const harness = prepared();
        const rule = (step: string): void => {
          if (step !== 'destination after append INBOX') return;
          const last = harness.destination.folder('INBOX').messages.at(-1);
          if (last !== undefined) harness.destination.move('INBOX', last.uid, 'Archive');
        };
        const crash = crashAt(at);
        const crashed = await harness.attempt(
          {},
          {
            ...servers,
            onStep: (step, sessions) => {
              rule(step);
              crash(step, sessions);
            },
          },
        );
        await harness.copyAll(growthAfter(crashed, stale), { ...servers, onStep: rule });
        expectOnce(harness, ['INBOX', 'Archive']);
      }
    },
  );
});

function beforeReadBack(step: string): void {
  if (step === 'destination row of fetch messages') throw new Crash(step);
}

describe('what the destination alters in silence is named, once', () => {
  const NULL = mail('nul', { text: 'a\0b' });
  const alters: Servers = {
    destination: {
      capabilities: [...MODERN, 'LITERAL+', 'MULTIAPPEND'],
      onAppend: (_, body) =>
        Buffer.from(body.toString('latin1').replaceAll('\0', '\x80').replaceAll(/\r?\n/g, '\r\n'), 'latin1'),
    },
  };

  function odd(): CopyHarness {
    const harness = new CopyHarness();
    for (const body of [mail('one'), NULL, mail('bare', { text: 'a\nb\n' }), mail('two'), NULL, mail('last')]) {
      harness.source.add('INBOX', { body });
    }
    return harness;
  }

  async function namedAfter(harness: CopyHarness, crashed: Attempt, stale: number): Promise<number | undefined> {
    const { notes, counts, ledger } = await harness.copyAll(growthAfter(crashed, stale), alters);
    expect(counts.copied + counts.adopted).toBe(6);
    expect(decodeLedger(ledger ?? '').unread).toEqual([]);
    return notes['destination.message-altered'];
  }

  it.each([0, 2, 1_000])('when the worker dies at any step and the last %i heartbeats were lost', async (stale) => {
    let steps = 0;
    await odd().copy({}, { ...alters, onStep: () => (steps += 1) });
    for (let at = 0; at < steps; at++) {
      const harness = odd();
      const crashed = await harness.attempt({}, { ...alters, onStep: crashAt(at) });
      expect(crashed.error).toBeInstanceOf(Crash);
      expect({ at, named: await namedAfter(harness, crashed, stale) }).toEqual({ at, named: 3 });
    }
  });

  it('when the worker that took over dies before it has read them back as well', async () => {
    const harness = odd();
    const first = await harness.attempt({}, { ...alters, onStep: beforeReadBack });
    const second = await harness.attempt(growthAfter(first, 0), { ...alters, onStep: beforeReadBack });
    expect(second.error).toBeInstanceOf(Crash);
    expect(await namedAfter(harness, second, 0)).toBe(3);
  });

  it('unless the source has lost them meanwhile', async () => {
    const harness = odd();
    const crashed = await harness.attempt({}, { ...alters, onStep: beforeReadBack });
    harness.source.expunge('INBOX', 2);
    const { outcome, notes, ledger } = await harness.copyAll(growthAfter(crashed, 0), alters);
    expect({ outcome, notes }).toEqual({ outcome: { kind: 'complete' }, notes: { 'destination.message-altered': 2 } });
    expect(decodeLedger(ledger ?? '').unread).toEqual([]);
  });
});

describe('nothing is doubled', () => {
  it('when the user moved what was sent last and not yet acknowledged, and new mail came', async () => {
    const steps = await stepsOfACopy({});
    for (let at = 0; at < steps; at++) {
      const harness = prepared();
      const crashed = await harness.attempt({}, { onStep: crashAt(at) });
      const { messages, uidNext } = harness.destination.folder('INBOX');
      const ours = messages.filter(({ uid }) => uid > 2);
      for (const { uid } of ours.slice(-2)) harness.destination.move('INBOX', uid, 'Archive');
      harness.destination.add('INBOX', { body: ALONE });
      harness.destination.expunge('INBOX', 2);
      await harness.copyAll(growthAfter(crashed, 3));
      expectEverythingOnce(harness, ['INBOX', 'Archive']);
      expect(uidNext).toBeGreaterThan(0);
    }
  });

  it('when a ledger is older than what was copied, as after a workflow was reset', async () => {
    const harness = prepared();
    const first = await harness.copy({ before: Date.UTC(2020, 11, 1) });
    await harness.copy({ ledger: first.ledger });
    await harness.copy({ ledger: first.ledger });
    expectEverythingOnce(harness);
  });

  it('when the same message was delivered to both sides before it was copied', async () => {
    const harness = prepared();
    const { ledger } = await harness.copy();
    harness.source.add('INBOX', { body: mail('to both') });
    harness.destination.add('INBOX', { body: mail('to both') });
    const { counts } = await harness.copy({ ledger });
    expect(counts).toMatchObject({ copied: 0, adopted: 1 });
    expectEverythingOnce(harness);
  });

  it('and where another writer doubled messages all the same, they are named', async () => {
    const harness = prepared();
    const { notes } = await harness.copy(
      {},
      {
        onStep: (step) => {
          if (step === 'destination after append INBOX' && harness.destination.bodies('INBOX').length === 4) {
            harness.destination.add('INBOX', { body: mail('one') });
          }
        },
      },
    );
    expect(notes).toEqual({ 'verify.doubled': 1 });
  });
});

describe('nothing is lost', () => {
  it('when messages with one Message-ID lie in several folders: one moved away is not taken for the other', async () => {
    const harness = new CopyHarness(new MemoryMailbox('Archive'));
    for (const folder of ['INBOX', 'Archive']) harness.source.add(folder, { body: mail('in two folders') });
    harness.destination.add('Archive', { body: mail('in two folders') });
    const crashed = await harness.attempt(
      {},
      {
        onStep: (step) => {
          if (step === 'destination before append INBOX') throw new Crash(step);
        },
      },
    );
    harness.destination.expunge('INBOX', harness.destination.add('INBOX', { body: mail('of somebody else') }));
    await harness.copyAll(growthAfter(crashed, 0));
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });
});

describe('the end is the same wherever a later pass is interrupted', () => {
  const SCENARIOS: readonly (readonly [string, (harness: CopyHarness) => void])[] = [
    [
      'and flags have changed and mail has come on both sides',
      ({ source, destination }) => {
        source.flag('INBOX', 1, ['\\Flagged', '$Forwarded']);
        source.flag('INBOX', 5, []);
        source.add('INBOX', { body: mail('new') });
        source.add('INBOX', { body: mail('twins') });
        destination.add('INBOX', { body: mail('from elsewhere') });
        destination.expunge('INBOX', 4);
      },
    ],
    [
      'and the source was renumbered',
      ({ source, destination }) => {
        source.renumber('INBOX', (messages) => messages.toReversed());
        source.add('INBOX', { body: mail('new'), internalDate: '02-Jan-2026 10:00:00 +0000' });
        destination.move('INBOX', 3, 'Archive');
        destination.expunge('INBOX', 4);
      },
    ],
    [
      'and the destination was renumbered',
      ({ source, destination }) => {
        source.flag('INBOX', 1, ['\\Answered']);
        source.add('INBOX', { body: mail('new') });
        destination.move('INBOX', 4, 'Archive');
        destination.renumber('INBOX', (messages) => messages.toReversed());
      },
    ],
  ];

  it.each(SCENARIOS)('%s', async (_, change) => {
    const begin = async (): Promise<{ readonly harness: CopyHarness; readonly ledger: string | undefined }> => {
      const harness = prepared();
      const { ledger } = await harness.copy();
      change(harness);
      return { harness, ledger };
    };
    const whole = await begin();
    let steps = 0;
    const expected = await whole.harness.copy({ ledger: whole.ledger }, { onStep: () => (steps += 1) });
    expect(expected.outcome).toEqual({ kind: 'complete' });
    for (const stale of [0, 3]) {
      for (let at = 0; at < steps; at++) {
        const { harness, ledger } = await begin();
        const crashed = await harness.attempt({ ledger }, { onStep: crashAt(at) });
        const { aside, counts } = await harness.copy({ ledger, ...growthAfter(crashed, stale) });
        expect(stateOf(harness)).toEqual(stateOf(whole.harness));
        expect(aside).toEqual(expected.aside);
        expect(counts.copied + counts.adopted).toBe(expected.counts.copied + expected.counts.adopted);
      }
    }
  });
});
