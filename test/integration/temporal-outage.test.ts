/** Promise 6: restarts and absences of Temporal need nobody. These tests wait more than they work, so they run side by side. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, type TestContext } from 'vitest';
import { connect } from '../../temporal/connection.ts';
import { startDevServer, type DevServer } from '../../temporal/dev-server.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import { temporalCliPath } from '../support/context.ts';
import { expectArrived } from '../support/road-arrival.ts';
import { ANNA, inboxOf } from '../support/road-mail.ts';
import { openRoad, type Road } from '../support/whole-road.ts';

const MESSAGES = 800;
/** A copy of these messages takes half a minute: it is not over before Temporal is. */
const PACE = 120_000;
const SECOND = 1_000;
/** Its lease, a third of it, ends at about the time at which a restarted server answers. */
const SHORT_HEARTBEAT = 5 * SECOND;
/** Two minutes are longer than its lease, however busy the machine is. */
const LONG_HEARTBEAT = 15 * SECOND;
const TWO_MINUTES = 120 * SECOND;
/** What a worker that waits between its tries may take to notice that Temporal is back, and the copy after that. */
const AFTERWARDS = 150 * SECOND;

/** A Temporal of the test's own, whose memory survives it. */
interface OwnTemporal {
  readonly address: string;
  readonly stop: () => Promise<void>;
  /** Starts it again with the same memory at the same address. */
  readonly start: () => Promise<void>;
}

async function ownTemporal({ onTestFinished }: TestContext): Promise<OwnTemporal> {
  const folder = await mkdtemp(join(tmpdir(), 'mailferry-outage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = { dbFile: join(folder, 'temporal.db'), logFile: join(folder, 'temporal.log') };
  let server: DevServer = await startDevServer({ cliPath: temporalCliPath(), ...files });
  onTestFinished(() => server.stop());
  const { address } = server;
  const connection = await connect({ address, connection: { address } });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();
  return {
    address,
    stop: () => server.stop(),
    start: async () => {
      server = await startDevServer({ cliPath: temporalCliPath(), ...files, port: Number(address.split(':')[1]) });
    },
  };
}

async function inTheMiddle(context: TestContext, temporal: OwnTemporal, heartbeatTimeout: number): Promise<Road> {
  const road = await openRoad({
    mailboxes: [{ user: ANNA, source: inboxOf(1, MESSAGES) }],
    timing: { heartbeatTimeout },
    temporal: temporal.address,
  });
  context.onTestFinished(road.close);
  road.destination.wire.throttle(PACE);
  await road.work();
  await road.start();
  await road.destination.wire.passed(200_000);
  return road;
}

/** Messages at the destination: fewer than all where the copy was really interrupted. */
async function arrivedOf({ destination }: Road): Promise<number> {
  const { folders } = await destination.read(ANNA);
  return folders.reduce((sum, { messages }) => sum + messages.length, 0);
}

async function expectAllArrived(road: Road): Promise<void> {
  road.destination.wire.throttle(undefined);
  await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready', AFTERWARDS);
  await expectArrived(road, { user: ANNA, messages: MESSAGES });
}

describe.concurrent('Temporal', () => {
  test('restarted in the middle of a copy: the copy goes on and nothing is doubled', async (context) => {
    const temporal = await ownTemporal(context);
    const road = await inTheMiddle(context, temporal, SHORT_HEARTBEAT);
    await temporal.stop();
    expect(await arrivedOf(road)).toBeLessThan(MESSAGES);
    await temporal.start();
    await expectAllArrived(road);
  });

  test('away for two minutes: nobody writes meanwhile, and then the copy goes on by itself', async (context) => {
    const temporal = await ownTemporal(context);
    const road = await inTheMiddle(context, temporal, LONG_HEARTBEAT);
    const { wire } = road.destination;
    await temporal.stop();
    const goneAt = performance.now();
    await delay(TWO_MINUTES);
    const lastWriteAt = Math.max(...wire.connections.map(({ lastSentAt }) => lastSentAt));
    // A third is the lease, the second is for what was on the wire by then and for the machine.
    expect(lastWriteAt - goneAt).toBeLessThan((LONG_HEARTBEAT * 2) / 3);
    expect(wire.open()).toEqual([]);
    expect(await arrivedOf(road)).toBeLessThan(MESSAGES);
    await temporal.start();
    await expectAllArrived(road);
  });
});
