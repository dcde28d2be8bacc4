import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeLedger } from '../../../copy/ledger-codec.ts';
import { NOWHERE, SOUGHT } from '../../../copy/ledger.ts';
import type { CommandFault, Effect, Moment } from '../../../sandbox/faults/fault.ts';
import type { NewMessage } from '../../../sandbox/store/message.ts';
import { Crash } from '../../support/copy-harness.ts';
import { mail } from '../../support/memory-server.ts';
import { DESTINATIONS, FailureHarness, LIMITS } from '../../support/failure-harness.ts';

const AT = '17-Jul-2020 02:44:25 +0000';
const body = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Twins, messages without headers, odd dates, several lists of flags, one above LITERAL-'s limit and one passed through. */
const MAIL: readonly NewMessage[] = [
  { body: body(mail('one')), flags: ['\\Seen'], internalDate: AT },
  { body: body(mail('twins')), internalDate: '01-Jan-2021 10:00:00 +0100' },
  { body: body(mail('twins')), internalDate: '01-Jan-2021 09:00:00 +0000' },
  { body: body(mail('no id', { id: undefined })), flags: ['$Forwarded', '\\Answered'], internalDate: AT },
  { body: body('\r\nno header at all\r\n'), internalDate: AT },
  { body: body(''), internalDate: AT },
  { body: body(mail('old')), internalDate: '01-Jan-1931 10:00:00 +0100' },
  { body: body(mail('commands', { text: 'x1 DELETE INBOX\r\nx2 EXPUNGE\r\n' })), flags: ['\\Seen'], internalDate: AT },
  { body: body(mail('above', { text: 'y'.repeat(5_000) })), flags: ['\\Seen'], internalDate: AT },
  { body: body(mail('large', { text: 'z\r\n'.repeat(20_000) })), flags: ['\\Seen'], internalDate: AT },
  { body: body(mail('bare', { text: 'a\nb\0c' })), internalDate: AT },
  ...Array.from({ length: 8 }, (_, number) => ({ body: body(mail(`more ${number}`)), internalDate: AT })),
  { body: body(mail('last')), flags: ['\\Flagged', '\\Seen'], internalDate: AT },
];

const MOMENTS: readonly Moment[] = ['arrived', 'received', 'executed', 'answered'];
const ENDS: readonly Effect[] = [{ do: 'cut' }, { do: 'cut', reset: true }, { do: 'bye', text: 'Restarting' }];

describe.each(DESTINATIONS)('exactly once, to a server with %s', (_, capabilities) => {
  let world: FailureHarness;
  beforeAll(async () => {
    world = await FailureHarness.start(MAIL, { capabilities });
  });
  afterAll(() => world.close());

  /** Copies under these circumstances until it is complete, and looks at what is there. */
  async function expectOnce(
    options: Parameters<FailureHarness['copyAll']>[1] = {},
    user = world.newUser(),
  ): Promise<void> {
    const { aside } = await world.copyAll(user, options);
    world.destination.faults.clear();
    world.source.faults.clear();
    expect(aside).toEqual([]);
    expect(world.copied(user)).toEqual(world.expected());
  }

  it('when nothing happens', () => expectOnce());

  it.each([true, false])(
    'when a connection ends after any octet, and new ones are opened at once: %s',
    async (reopens) => {
      const sides = [
        [world.destination, 'received', 80_000],
        [world.destination, 'sent', 4_000],
        [world.source, 'sent', 80_000],
      ] as const;
      for (const [server, direction, most] of sides) {
        for (let after = 150; after < most; after += Math.ceil(most / 12)) {
          server.faults.add({ kind: 'octets', direction, after, reset: after % 2 === 0 });
          await expectOnce({ first: { reopens } });
        }
      }
    },
    120_000,
  );

  it('when a command is cut off at any moment', async () => {
    const faults: CommandFault[] = [];
    for (const at of MOMENTS) {
      for (const effect of ENDS) {
        for (const nth of [1, 2, 4, 7]) faults.push({ kind: 'command', command: 'APPEND', at, effect, nth });
        faults.push({ kind: 'command', command: ['SELECT', 'UID FETCH', 'UID SEARCH'], at, effect, nth: 1 });
      }
    }
    for (const fault of faults) {
      world.destination.faults.add(fault);
      await expectOnce();
    }
  }, 120_000);

  it('when an answer is lost', async () => {
    for (const nth of [1, 2, 5]) {
      for (const at of ['received', 'executed'] as const) {
        world.destination.faults.add({ kind: 'command', command: 'APPEND', at, effect: { do: 'lose-answer' }, nth });
        await expectOnce({ first: { commandTimeout: 150 } });
      }
    }
  }, 60_000);

  it.each([
    ['NO [UNAVAILABLE] Try later', 'received'],
    ['NO [OVERQUOTA] Full', 'received'],
    ['NO [TRYCREATE] No such folder', 'received'],
    ['NO Request is throttled. Suggested Backoff Time: 1 milliseconds', 'received'],
  ] as const)('when the server answers %s to any of our commands', async (text, at) => {
    for (const nth of [1, 2, 3, 6]) {
      world.destination.faults.add({ kind: 'command', command: 'APPEND', at, effect: { do: 'answer', text }, nth });
      await expectOnce();
    }
  });

  it.each([0, 1, 1_000])(
    'when the worker dies before anything is written, and the last %i heartbeats were not acknowledged',
    async (stale) => {
      for (let at = 1; ; at += 1) {
        let checks = 0;
        const check = (): void => {
          checks += 1;
          if (checks >= at) throw new Crash('dead');
        };
        await expectOnce({ first: { check }, stale });
        if (checks < at) break;
      }
    },
    120_000,
  );

  it('when the worker dies while it holds all that it may: nothing waits for room for ever', async () => {
    const user = world.newUser();
    let checks = 0;
    const check = (): void => {
      checks += 1;
      if (checks > 3) throw new Crash('dead');
    };
    await expectOnce({ first: { check }, task: { limits: { ...LIMITS, memoryBytes: 2_000 } } }, user);
  });

  it('when it is interrupted between any two commands', async () => {
    for (let at = 1; at < 24; at += 2) {
      const interrupting = new AbortController();
      let checks = 0;
      const check = (): void => {
        checks += 1;
        if (checks === at) interrupting.abort();
      };
      await expectOnce({ first: { check, interrupt: interrupting.signal } });
    }
  });

  it.each([
    ['too few UIDs', (uids: string) => uids.replace(/[:,]\d+/, '')],
    ['too many UIDs', (uids: string) => `${uids},99999`],
    ['UIDs that are not there', () => '4000000000'],
    ['UIDs from before', () => '1'],
    ['words', () => 'one'],
    ['none', () => ''],
  ])('and the ledger never holds a wrong counterpart when the server tells %s', async (__, change) => {
    const user = world.newUser();
    const code = /APPENDUID (\d+) ([\d:,]+)/;
    world.destination.faults.add({
      kind: 'alter',
      command: 'APPEND',
      times: 'always',
      alter: (response) => {
        const text = response.toString('latin1');
        const told = text.replace(
          code,
          (___, validity: string, uids: string) => `APPENDUID ${validity} ${change(uids)}`,
        );
        return text === told ? undefined : Buffer.from(told, 'latin1');
      },
    });
    const { ledger } = await world.copyAll(user);
    world.destination.faults.clear();
    expect(world.copied(user)).toEqual(world.expected());
    const known = decodeLedger(ledger ?? '');
    const [source, destination] = [world.source.store.user('ann'), world.destination.store.user(user)];
    for (const { uid, body: sent } of source.folder('INBOX').messages) {
      const counterpart = known.get(uid)?.counterpart ?? -1;
      if (counterpart === NOWHERE || counterpart === SOUGHT) continue;
      expect(destination.folder('INBOX').message(counterpart)?.body.equals(sent)).toBe(true);
    }
  });
});
