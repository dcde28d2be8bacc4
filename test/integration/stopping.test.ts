/** Workers that stop and people who stop: what was in hand is finished, what was had is given back, nothing is done twice. */
import { expect, test, type TestContext } from 'vitest';
import { mailboxWorkflowId, projectWorkflowId, shardWorkflowId } from '../../model/ids.ts';
import type { ProjectSettings } from '../../model/project.ts';
import { pause, resume } from '../../workflows/messages.ts';
import { attemptsOf } from '../support/attempts.ts';
import { runCli } from '../support/cli.ts';
import { temporalAddress } from '../support/context.ts';
import { projectSettings } from '../support/projects.ts';
import { expectArrived } from '../support/road-arrival.ts';
import { ANNA, BERT, inboxOf } from '../support/road-mail.ts';
import { until } from '../support/until.ts';
import { openRoad, type Road } from '../support/whole-road.ts';

const MESSAGES = 800;
/** Of each connection to the destination: a copy of these messages takes half a minute, and the batch in hand half a second. */
const PACE = 120_000;
/** At this pace what is left of a copy takes minutes: it does not end before it is stopped. */
const CRAWL = 15_000;
/** What mailboxes tell is gathered for seconds on its way. */
const STOPPED_WITHIN = 150_000;
/** So long that no attempt is taken for dead because a machine is busy. */
const HEARTBEAT_TIMEOUT = 30_000;

/** A project with a copy in hand that the destination's wire holds back. */
async function openCopying(
  { onTestFinished }: TestContext,
  limits: Partial<ProjectSettings['limits']> = {},
): Promise<Road> {
  const road = await openRoad({
    mailboxes: [ANNA, BERT].map((user, at) => ({ user, source: inboxOf(at + 1, MESSAGES) })),
    timing: { heartbeatTimeout: HEARTBEAT_TIMEOUT },
    settings: { limits: { ...projectSettings('').limits, ...limits } },
  });
  onTestFinished(road.close);
  road.destination.wire.throttle(PACE);
  return road;
}

/** Resolves in the middle of both copies. */
async function inTheMiddle({ destination: { wire } }: Road): Promise<void> {
  await wire.passed(300_000);
}

async function expectAllCopiedOnce(road: Road): Promise<void> {
  road.destination.wire.throttle(undefined);
  const { totals } = await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  for (const user of [ANNA, BERT]) await expectArrived(road, { user, messages: MESSAGES });
  // Nothing had to be recognised: whoever went on knew what had been written.
  expect(totals.counts).toMatchObject({ copied: 2 * MESSAGES, adopted: 0 });
}

/** Messages at the destination. */
async function arrivedOf(road: Road, user: string): Promise<number> {
  const { folders } = await road.destination.read(user);
  return folders.reduce((sum, { messages }) => sum + messages.length, 0);
}

async function statusOf(road: Road, workflowId: string): Promise<string> {
  return (await road.admin.client.workflow.getHandle(workflowId).describe()).status.name;
}

test('a worker that stops gracefully ends its batch, and another goes on at once with all that was written', async (context) => {
  const road = await openCopying(context);
  const [one, other] = await Promise.all([road.work(), road.work()]);
  await road.start();
  const worker = await road.copying(ANNA);
  await inTheMiddle(road);
  await worker.shutdown();
  await expectAllCopiedOnce(road);
  // Handed over: Temporal waited neither for heartbeats that did not come nor before the next attempt.
  const successor = worker === one ? other : one;
  expect(await attemptsOf(road.admin.client, mailboxWorkflowId(road.name, ANNA), 'copyFolder')).toEqual([
    { identity: successor.identity, count: 2, before: 'HandedOver' },
  ]);
});

test('a pause gives all connections back after the batch in hand, shows, and resume goes on where it was', async (context) => {
  const road = await openCopying(context);
  await road.work();
  const handle = await road.start();
  await inTheMiddle(road);
  await until(road.destination.loggedIn, (count) => count > 0);
  await handle.signal(pause);
  await until(async () => (await road.source.loggedIn()) + (await road.destination.loggedIn()), none, STOPPED_WITHIN);
  for (const user of [ANNA, BERT]) expect(await arrivedOf(road, user)).toBeLessThan(MESSAGES);
  expect(road.destination.wire.open()).toEqual([]);
  const view = await road.admin.projectIs(road.name, ({ paused }) => paused);
  expect(view.now).toMatch(/^paused/);
  const query = `MailferryProject = '${road.name}' AND MailferryPhase = 'paused' AND WorkflowType != 'shardWorkflow'`;
  await until(
    async () => (await road.admin.client.workflow.count(query)).count,
    (count) => count === 3,
  );
  await handle.signal(resume);
  await expectAllCopiedOnce(road);
});

test('a project terminated by hand stops its mailboxes with the next that they tell; a new one doubles nothing', async (context) => {
  const road = await openCopying(context, { messagesPerShare: 10 });
  await road.work();
  const handle = await road.start();
  await inTheMiddle(road);
  road.destination.wire.throttle(CRAWL);
  await handle.terminate('by hand');
  const parts = [shardWorkflowId(road.name, 0), ...[ANNA, BERT].map((user) => mailboxWorkflowId(road.name, user))];
  await until(
    () => Promise.all(parts.map((id) => statusOf(road, id))),
    (all) => all.every((one) => one === 'COMPLETED'),
    STOPPED_WITHIN,
  );
  await until(road.destination.loggedIn, none);
  for (const user of [ANNA, BERT]) expect(await arrivedOf(road, user)).toBeLessThan(MESSAGES);
  road.destination.wire.throttle(undefined);
  const settings = { ...road.settings, name: `${road.name}-again` };
  await road.start(
    [ANNA, BERT].map((user) => road.row(user, {}, settings)),
    settings,
  );
  const { totals } = await road.admin.projectIs(settings.name, ({ phase }) => phase === 'ready');
  for (const user of [ANNA, BERT]) await expectArrived(road, { user, messages: MESSAGES, project: settings.name });
  expect(totals.counts.copied + totals.counts.adopted).toBe(2 * MESSAGES);
  expect(totals.counts.adopted).toBeGreaterThan(0);
});

test('`cancel` ends what is left where project and shard were terminated by hand', async (context) => {
  const road = await openCopying(context);
  await road.work();
  const handle = await road.start();
  await inTheMiddle(road);
  road.destination.wire.throttle(CRAWL);
  await road.admin.client.workflow.getHandle(shardWorkflowId(road.name, 0)).terminate('by hand');
  await handle.terminate('by hand');
  const mailboxes = [ANNA, BERT].map((user) => mailboxWorkflowId(road.name, user));
  const ended = await runCli(['cancel', road.name, '--confirm', road.name, '--address', temporalAddress()], {
    cwd: road.stateDir,
  });
  expect(ended).toMatchObject({ code: 0 });
  await until(
    () => Promise.all(mailboxes.map((id) => statusOf(road, id))),
    (all) => all.every((one) => one === 'CANCELLED' || one === 'COMPLETED'),
    STOPPED_WITHIN,
  );
  expect(await statusOf(road, projectWorkflowId(road.name))).toBe('TERMINATED');
  await until(road.destination.loggedIn, none);
});

function none(count: number): boolean {
  return count === 0;
}
