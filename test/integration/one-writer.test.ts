/** Promises 1 and 2 while workers die, stand still and are cut off: nothing is lost, nothing is doubled. */
import { describe, expect, test, type TestContext } from 'vitest';
import { mailboxWorkflowId } from '../../model/ids.ts';
import { attemptsOf } from '../support/attempts.ts';
import { temporalAddress } from '../support/context.ts';
import { startProxy, type Proxy } from '../support/proxy.ts';
import { expectArrived } from '../support/road-arrival.ts';
import { ANNA, inboxOf } from '../support/road-mail.ts';
import { until } from '../support/until.ts';
import { openRoad, type Road } from '../support/whole-road.ts';
import type { WorkerProcess } from '../support/workers.ts';

const MESSAGES = 800;
/** So slow that a copy of these messages, half a minute, takes longer than any test waits before it disturbs it. */
const PACE = 120_000;
/** More than logging in, opening folders and settling doubt take: some of it is mail. */
const MAIL_BYTES = 20_000;
/** More than the line that announces a message, less than any message. */
const LINE_BYTES = 256;
const SECOND = 1_000;
/** A worker that is alive but cut off still has polls waiting at the server, which hands it some attempts in vain. */
const TAKEN_OVER_WITHIN = 200 * SECOND;

async function openOneFolder({ onTestFinished }: TestContext, heartbeatTimeout = 5 * SECOND): Promise<Road> {
  const road = await openRoad({
    mailboxes: [{ user: ANNA, source: inboxOf(1, MESSAGES) }],
    timing: { heartbeatTimeout },
  });
  onTestFinished(road.close);
  road.destination.wire.throttle(PACE);
  return road;
}

/** Resolves in the middle of the copy, with the worker that does it. */
async function inTheMiddle(road: Road): Promise<WorkerProcess> {
  await road.start();
  const worker = await road.copying(ANNA);
  await road.destination.wire.passed(200_000);
  return worker;
}

/** Resolves when mail goes to the destination over other connections than these. */
async function mailOverOthers({ wire }: { readonly wire: Proxy }, known: Proxy['connections']): Promise<void> {
  const others = (): Proxy['connections'] => wire.connections.filter((connection) => !known.includes(connection));
  await until(async () => others().some(({ sent }) => sent > MAIL_BYTES), Boolean, TAKEN_OVER_WITHIN);
}

function total(connections: Proxy['connections']): number {
  return connections.reduce((sum, { sent }) => sum + sent, 0);
}

async function expectAllArrived(road: Road): Promise<void> {
  road.destination.wire.throttle(undefined);
  const view = await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  await expectArrived(road, { user: ANNA, messages: MESSAGES });
  expect(view.totals).toMatchObject({ exceptions: 0, counts: { aside: 0 } });
  expect(view.totals.counts.copied + view.totals.counts.adopted).toBe(MESSAGES);
}

describe('a worker in the middle of a copy', () => {
  test('that is killed is replaced by another as soon as its heartbeats are missed', async (context) => {
    // A third of it is the lease of those who live, which they are not to lose to a busy machine.
    const road = await openOneFolder(context, 15 * SECOND);
    await Promise.all([road.work(), road.work()]);
    const worker = await inTheMiddle(road);
    const before = [...road.destination.wire.connections];
    await worker.kill();
    await mailOverOthers(road.destination, before);
    await expectAllArrived(road);
    const [copy] = await attemptsOf(road.admin.client, mailboxWorkflowId(road.name, ANNA), 'copyFolder');
    expect(copy).toEqual({ identity: expect.not.stringMatching(worker.identity), count: 2, before: 'timeout' });
  });

  test('and every successor that is killed in its turn leave nothing lost and nothing doubled', async (context) => {
    const road = await openOneFolder(context);
    await road.work();
    let worker = await inTheMiddle(road);
    for (const bytes of [30_000, 77_777, 5_000]) {
      const before = [...road.destination.wire.connections];
      const [next] = await Promise.all([road.work(), worker.kill()]);
      await mailOverOthers(road.destination, before);
      await road.destination.wire.passed(bytes);
      worker = next;
    }
    await expectAllArrived(road);
  });

  test('that stands still until another has taken over writes no byte of a message when it goes on', async (context) => {
    const road = await openOneFolder(context);
    await Promise.all([road.work(), road.work()]);
    const worker = await inTheMiddle(road);
    const mine = road.destination.wire.open();
    const before = [...road.destination.wire.connections];
    worker.freeze();
    await mailOverOthers(road.destination, before);
    const sent = total(mine);
    worker.thaw();
    await until(async () => mine.every(({ open }) => !open), Boolean);
    expect(total(mine) - sent).toBeLessThan(LINE_BYTES);
    await expectAllArrived(road);
  });

  test('that is cut off from Temporal stops writing within its lease, before another begins', async (context) => {
    const heartbeatTimeout = 9 * SECOND;
    const road = await openOneFolder(context, heartbeatTimeout);
    const toTemporal = await startProxy(temporalAddress());
    context.onTestFinished(toTemporal.close);
    const cutOff = await road.work(toTemporal.address);
    expect(await inTheMiddle(road)).toBe(cutOff);
    const mine = road.destination.wire.open();
    const before = [...road.destination.wire.connections];
    await road.work();
    toTemporal.stall();
    const cutAt = performance.now();
    await mailOverOthers(road.destination, before);
    const beganAt = Math.min(...road.destination.wire.open().map(({ openedAt }) => openedAt));
    const stoppedAt = Math.max(...mine.map(({ lastSentAt }) => lastSentAt));
    expect(mine.every(({ open }) => !open)).toBe(true);
    // A third is the lease, the second is for what was on the wire by then and for the machine.
    expect(stoppedAt - cutAt).toBeLessThan((heartbeatTimeout * 2) / 3);
    expect(stoppedAt).toBeLessThan(beganAt);
    toTemporal.mend();
    await expectAllArrived(road);
  });
});
