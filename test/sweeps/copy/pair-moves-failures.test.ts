import { describe, expect, it } from 'vitest';
import { array, assert, asyncProperty, nat, record } from 'fast-check';
import { NO_COPY_COUNTS } from '../../../model/pass.ts';
import { Crash, knownGrowth } from '../../support/copy-harness.ts';
import { MailboxHarness, MOVING, type PairingWorld } from '../../support/mailbox-harness.ts';
import type { OnStep } from '../../support/mailbox-passes.ts';
import type { MemorySession } from '../../support/memory-session.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';

/** Twins, a message without headers, a renamed folder, one moved within its folder, deletions, new mail, one moved twice. */
async function rearranged(world: PairingWorld = {}): Promise<MailboxHarness> {
  const source = new MemoryMailbox('Work', 'Renamed', 'Empty');
  for (const subject of ['one', 'twin', 'twin', 'four', 'five', 'six']) {
    source.add('INBOX', { body: mail(subject), flags: subject === 'one' ? ['\\Seen'] : [] });
  }
  source.add('INBOX', { body: '\r\nno header at all\r\n' });
  for (const subject of ['a', 'b']) source.add('Renamed', { body: mail(subject), flags: ['$Forwarded'] });
  source.add('Work', { body: mail('w') });
  const harness = new MailboxHarness(source);
  await harness.pass(world);
  source.rename('Renamed', 'Projects');
  source.move('INBOX', 2, 'Work');
  source.move('INBOX', 7, 'Work');
  source.move('INBOX', 4, 'Empty');
  source.move('INBOX', 5, 'INBOX');
  source.expunge('INBOX', 6);
  source.add('INBOX', { body: mail('new') });
  source.add('Work', { body: mail('new at work') });
  harness.destination.flag('INBOX', 1, ['\\Flagged']);
  harness.counts = NO_COPY_COUNTS;
  return harness;
}

const stateOf = ({ destination }: MailboxHarness): unknown =>
  [...destination.folders.keys()].toSorted().map((name) => [name, destination.contents(name)]);

function everything(mailbox: MemoryMailbox): readonly string[] {
  return [...mailbox.folders.keys()].flatMap((name) => mailbox.bodies(name)).toSorted();
}

/** Every source message once, wherever it is; what was deleted on the source is there as well. */
function expectEverythingOnce({ source, destination }: MailboxHarness): void {
  expect(everything(destination)).toEqual([...everything(source), mail('six')].toSorted());
}

/** Ends an attempt at its step number `at`, counted over both sides and the lease. */
function crashAt(at: number): OnStep<MemorySession> {
  let steps = 0;
  return (step) => {
    if (steps++ === at) throw new Crash(step);
  };
}

async function stepsOfPairing(begun: MailboxHarness, world: PairingWorld): Promise<number> {
  const harness = begun.clone();
  let steps = 0;
  await harness.survey();
  await harness.pairAll(world, () => (steps += 1));
  return steps;
}

function keep(harness: MailboxHarness, attempt: Awaited<ReturnType<MailboxHarness['pair']>>, stale: number): void {
  if (attempt?.result !== undefined) harness.take(attempt.result);
  else harness.growth = knownGrowth(attempt?.beats ?? [], stale) ?? harness.growth;
}

/** Every step is tried. */
const LONG = { timeout: 60_000 };

const NO_MOVE = MOVING.filter((capability) => capability !== 'MOVE');

const KINDS: readonly (readonly [string, PairingWorld])[] = [
  ['with COPYUID', {}],
  ['without COPYUID', { destination: { capabilities: MOVING, copyUid: false } }],
  ['without MOVE', { destination: { capabilities: NO_MOVE } }],
];

describe.each(KINDS)('nothing is copied twice and nothing lost, %s', LONG, (_, world) => {
  it('when nothing happens', async () => {
    const harness = await rearranged(world);
    await harness.pass(world);
    expect(harness.counts.copied).toBe(2);
    expectEverythingOnce(harness);
  });

  it.each([0, 1_000])(
    'when the worker dies at any step and the last %i heartbeats were not acknowledged',
    async (stale) => {
      const begun = await rearranged(world);
      const whole = begun.clone();
      await whole.pass(world);
      const steps = await stepsOfPairing(begun, world);
      for (let at = 0; at < steps; at++) {
        const harness = begun.clone();
        await harness.survey();
        const crashed = await harness.pair(world, crashAt(at));
        expect(crashed?.error).toBeInstanceOf(Crash);
        keep(harness, crashed, stale);
        await harness.pass(world);
        expect(harness.counts.copied).toBe(2);
        expectEverythingOnce(harness);
        expect(stateOf(harness)).toEqual(stateOf(whole));
        await harness.pass(world);
        expect(harness.counts).toMatchObject({ copied: 0, adopted: 0, moved: 0 });
      }
    },
  );

  it('when a connection is lost at any step, on either side', async () => {
    const begun = await rearranged(world);
    const steps = await stepsOfPairing(begun, world);
    for (let at = 0; at < steps; at++) {
      const harness = begun.clone();
      await harness.survey();
      let number = 0;
      const attempt = await harness.pair(world, (step, sessions) => {
        if (number++ === at && !step.includes('acknowledged')) {
          throw sessions[step.startsWith('source') ? 'source' : 'destination'].lost();
        }
      });
      keep(harness, attempt, 0);
      await harness.pass(world);
      expectEverythingOnce(harness);
    }
  });

  it('when workers die again and again, and heartbeats are late', async () => {
    const begun = await rearranged(world);
    const steps = await stepsOfPairing(begun, world);
    const crash = record({ at: nat(steps), stale: nat(8) });
    await assert(
      asyncProperty(array(crash, { minLength: 1, maxLength: 4 }), async (crashes) => {
        const harness = begun.clone();
        for (const { at, stale } of crashes) {
          await harness.survey();
          keep(harness, await harness.pair(world, crashAt(at)), stale);
        }
        await harness.pass(world);
        expectEverythingOnce(harness);
      }),
      { numRuns: 60 },
    );
  });
});

describe('nothing that the destination’s user does is undone', LONG, () => {
  it('when a rule takes every message away that arrives in a folder, and the worker dies at any step', async () => {
    const begun = await rearranged({});
    const steps = await stepsOfPairing(begun, {});
    for (let at = 0; at < steps; at++) {
      const harness = begun.clone();
      harness.destination.create('Elsewhere');
      await harness.survey();
      const rule = (step: string): void => {
        if (!step.startsWith('destination after move ')) return;
        const name = step.slice('destination after move '.length);
        for (const { uid } of harness.destination.folder(name).messages) {
          harness.destination.move(name, uid, 'Elsewhere');
        }
      };
      const crash = crashAt(at);
      const crashed = await harness.pair({}, (step, sessions) => {
        rule(step);
        crash(step, sessions);
      });
      keep(harness, crashed, 0);
      await harness.pass();
      expectEverythingOnce(harness);
    }
  });

  it('when it deletes at once what was moved, and the worker dies at any step', async () => {
    const begun = await rearranged();
    const steps = await stepsOfPairing(begun, {});
    for (let at = 0; at < steps; at++) {
      const harness = begun.clone();
      await harness.survey();
      const crash = crashAt(at);
      const crashed = await harness.pair({}, (step, sessions) => {
        if (step === 'destination after move Work') {
          for (const { uid } of harness.destination.folder('Work').messages.slice(1)) {
            harness.destination.expunge('Work', uid);
          }
        }
        crash(step, sessions);
      });
      keep(harness, crashed, 0);
      await harness.pass();
      expect(harness.counts.copied).toBe(2);
      expect(harness.folders.flatMap(({ aside }) => aside)).toEqual([]);
    }
  });

  it('when it takes the copy away between its recognition and the MOVE', async () => {
    const harness = await rearranged();
    harness.destination.create('Mine');
    await harness.survey();
    await harness.pairAll({}, (step) => {
      if (step === 'destination before move Work') harness.destination.move('INBOX', 2, 'Mine');
    });
    await harness.copyAll();
    expect(harness.counts.copied).toBe(2);
    expect(harness.destination.bodies('Mine')).toEqual([mail('twin')]);
    expectEverythingOnce(harness);
  });

  it('when the destination is renumbered after a crash', async () => {
    const begun = await rearranged({});
    const steps = await stepsOfPairing(begun, {});
    for (const renumbered of ['INBOX', 'Work']) {
      for (let at = 0; at < steps; at++) {
        const harness = begun.clone();
        await harness.survey();
        keep(harness, await harness.pair({}, crashAt(at)), 0);
        harness.destination.renumber(renumbered);
        await harness.pass();
        expectEverythingOnce(harness);
      }
    }
  });

  it('when the message is moved on once more after a crash', async () => {
    const begun = await rearranged({});
    const steps = await stepsOfPairing(begun, {});
    for (let at = 0; at < steps; at++) {
      const harness = begun.clone();
      await harness.survey();
      keep(harness, await harness.pair({}, crashAt(at)), 0);
      harness.source.move('Work', 2, 'Projects');
      await harness.pass();
      expectEverythingOnce(harness);
    }
  });
});
