/** Tokens of a tenant's application on a real server, which shows each one to the tenant's introspection endpoint. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, type TestContext } from 'vitest';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import type { Registration } from '../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant } from '../../sandbox/tenant/tenant.ts';
import { loadKeyFile } from '../../seal/key-file.ts';
import { applicationEndpoint } from '../support/application-endpoint.ts';
import { readMailbox } from '../support/imap-client.ts';
import { expectArrived } from '../support/road-arrival.ts';
import type { RoadSide } from '../support/road-side.ts';
import { ANNA, inboxOf } from '../support/road-mail.ts';
import { until } from '../support/until.ts';
import { openRoad, type Road } from '../support/whole-road.ts';
import { tokenOf } from '../unit/sandbox/tenant/harness.ts';

const MESSAGES = 300;
/** Shorter than a copy of these messages over a slow wire. */
const TOKEN_LIFE_MS = 4_000;

let tenant: Tenant;
let app: Registration;

beforeEach(async () => {
  tenant = await startTenant({ tokenLifeMs: TOKEN_LIFE_MS });
  app = tenant.registerApp();
});
afterEach(() => tenant.close());

/** Two Dovecots that take passwords for the test's own sake, and tokens for the project. */
async function open({ onTestFinished }: TestContext): Promise<Road> {
  const { introspectionUrl, caPem } = tenant;
  const oauth2 = { introspectionUrl, caPem, tokensOf: 'applications' } as const;
  const road = await openRoad({
    mailboxes: [{ user: ANNA, source: inboxOf(1, MESSAGES) }],
    source: { oauth2 },
    destination: { oauth2 },
  });
  onTestFinished(road.close);
  return road;
}

/** Starts a copy that writes no more than so many bytes in a second. */
async function start(road: Road, pace: number): Promise<void> {
  road.destination.wire.throttle(pace);
  const [key] = await loadKeyFile(join(road.stateDir, 'seal.key'));
  const { name: project } = road;
  const settings: ProjectSettings = {
    ...road.settings,
    limits: { ...road.settings.limits, messagesPerShare: 100 },
    source: applicationEndpoint({ tenant, app }, { project, key, server: road.source.endpoint }),
    destination: applicationEndpoint({ tenant, app }, { project, key, server: road.destination.endpoint }),
  };
  const row: MailboxRow = { id: road.row(ANNA).id, source: { user: ANNA }, destination: { user: ANNA } };
  await road.work();
  await road.start([row], settings);
}

/** Different tokens that a server has taken. */
function tokensTaken(): number {
  return new Set(tenant.tokenService.introspections.filter(({ active }) => active).map(({ tokenId }) => tokenId)).size;
}

async function expectAllArrived(road: Road): Promise<void> {
  road.destination.wire.throttle(undefined);
  const view = await road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
  await expectArrived(road, { user: ANNA, messages: MESSAGES });
  expect(view.totals).toMatchObject({ exceptions: 0, counts: { aside: 0 } });
  expect(view.totals.counts.copied + view.totals.counts.adopted).toBe(MESSAGES);
}

test('Dovecot takes a token of the application for any mailbox, until it expires', async (context) => {
  const road = await open(context);
  const accessToken = await tokenOf(tenant, app);
  const { host, port } = road.source.dovecot;
  const read = (): Promise<unknown> => readMailbox({ host, port, user: ANNA, password: '', accessToken });
  await read();
  const deadline = Date.now() + TOKEN_LIFE_MS;
  await until(async () => Date.now() > deadline, Boolean);
  await expect(read()).rejects.toThrow(/AUTHENTICATIONFAILED/);
  expect(tenant.tokenService.introspections.map(({ active }) => active)).toEqual([true, false]);
});

test('a copy is cut off whenever its tokens expire, and goes on with others: nothing is lost or doubled', async (context) => {
  const road = await open(context);
  await start(road, 120_000);
  for (const _ of [1, 2]) {
    await road.destination.wire.passed(200_000);
    const before = tokensTaken();
    await endSessions([road.source, road.destination]);
    await until(async () => tokensTaken() > before, Boolean);
  }
  await expectAllArrived(road);
});

/** Dovecot asks about a token at the login only, so the test ends what an expired one has opened. */
async function endSessions(sides: readonly RoadSide[]): Promise<void> {
  for (const { wire } of sides) wire.stall();
  const deadline = Date.now() + TOKEN_LIFE_MS;
  await until(async () => Date.now() > deadline, Boolean);
  for (const { dovecot, wire } of sides) {
    await dovecot.kick(ANNA);
    wire.mend();
  }
}
