/** Tokens of a whole tenant, asked for by activities: what a worker does to Entra, counted there. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createActivities, dependenciesOf } from '../../activities/index.ts';
import { KEEPS_NOTHING } from '../../activities/session-keeper.ts';
import { createTenantFinder } from '../../entra/discovery.ts';
import { createTokenProvider } from '../../entra/tokens.ts';
import type { Activities, ProbeResult } from '../../model/activities.ts';
import type { Endpoint, MailboxRow, ProjectSettings, RowApplication } from '../../model/project.ts';
import { ManualClock } from '../../sandbox/tenant/clock.ts';
import type { Registration } from '../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant } from '../../sandbox/tenant/tenant.ts';
import { projectSettings, UNHURRIED } from '../support/projects.ts';

const THOUSAND = 1_000;
/** Where a thousand would only take longer. */
const MANY = 100;
const LIFE_MS = 3_600_000;

let clock: ManualClock;
let tenant: Tenant;
let app: Registration;
let activities: Activities;

beforeEach(async () => {
  clock = new ManualClock();
  tenant = await startTenant({ clock, domains: ['contoso.example'], tokenLifeMs: LIFE_MS });
  app = tenant.registerApp();
  activities = createActivities({
    ...dependenciesOf({
      env: {},
      openSecret: async () => app.secret,
      heartbeats: () => async () => 'going-on',
      stopping: new AbortController().signal,
    }),
    tokens: createTokenProvider(clock.now),
    tenants: createTenantFinder(clock.now),
    keeper: KEEPS_NOTHING,
  });
});
afterEach(() => tenant.close());

/** The same tenant on both sides: each mailbox is opened twice. */
function settings(change: { readonly tenant?: string; readonly withoutApp?: boolean } = {}): ProjectSettings {
  const { authority, scope, caPem, imap } = tenant;
  const own = { clientId: app.clientId, credential: { kind: 'secret', secret: 'sealed' } } as const;
  const endpoint: Endpoint = {
    host: imap.host,
    port: imap.port,
    tls: 'implicit',
    caPem,
    auth: {
      kind: 'oauth2',
      authority,
      authorityCaPem: caPem,
      scope,
      ...(change.tenant !== undefined && { tenant: change.tenant }),
      ...(change.withoutApp !== true && { app: own }),
    },
  };
  return projectSettings('tokens', { source: endpoint, destination: endpoint, timing: UNHURRIED });
}

function rows(count: number, own?: RowApplication): readonly MailboxRow[] {
  return Array.from({ length: count }, (_, at) => {
    const { address: user } = tenant.addMailbox(`user${at}`, { language: null });
    const side = { user, ...(own !== undefined && { app: own }) };
    return { id: user, source: side, destination: side };
  });
}

async function probe(given: ProjectSettings, row: MailboxRow, freshToken = false): Promise<ProbeResult> {
  const environment = new MockActivityEnvironment();
  return environment.run(() => activities.probeAccess({ settings: given, row, freshToken }));
}

/** The codes with which they were refused, each once. */
async function refusalsOf(probes: readonly Promise<ProbeResult>[]): Promise<readonly string[]> {
  const results = await Promise.all(probes);
  return [...new Set(results.flatMap((result) => (result.ok ? [] : [result.problem.code])))];
}

describe('the mailboxes of one tenant', () => {
  test('ask Entra for one token, a thousand of them', async () => {
    const given = settings({ tenant: tenant.tenantId });
    expect(await refusalsOf(rows(THOUSAND).map((row) => probe(given, row)))).toEqual([]);
    expect(tenant.tokenService.requests).toHaveLength(1);
  });

  test('ask for one token where each row brings the same application, and its domain tells the tenant', async () => {
    const given = settings({ withoutApp: true });
    const own: RowApplication = { clientId: app.clientId, credential: { kind: 'secret', secret: 'sealed' } };
    expect(await refusalsOf(rows(MANY, own).map((row) => probe(given, row)))).toEqual([]);
    expect(tenant.tokenService.requests.map((asked) => asked.tenant)).toEqual([tenant.tenantId]);
  });

  test('that are refused at once and want fresh tokens get one a minute, and all are in after the consent', async () => {
    const given = settings({ tenant: tenant.tenantId });
    const all = rows(MANY);
    app.revokeConsent('at-once');
    await Promise.all(all.slice(0, 1).map((row) => probe(given, row)));
    clock.advance(61_000);
    expect(await refusalsOf(all.map((row) => probe(given, row, true)))).not.toEqual([]);
    expect(tenant.tokenService.requests).toHaveLength(2);
    app.consent(undefined, 'at-once');
    clock.advance(61_000);
    expect(await refusalsOf(all.map((row) => probe(given, row, true)))).toEqual([]);
    expect(tenant.tokenService.requests).toHaveLength(3);
  });
});

describe('a session', () => {
  test('that begins in the last fifth of a token’s life gets the next one, and then one of an hour later', async () => {
    const given = settings({ tenant: tenant.tenantId });
    const [row] = rows(1);
    if (row === undefined) throw new Error('there is no row');
    const ages = [0, 0.79 * LIFE_MS, 0.02 * LIFE_MS, 1.1 * LIFE_MS];
    const asked: number[] = [];
    for (const age of ages) {
      clock.advance(age);
      expect(await probe(given, row)).toMatchObject({ ok: true });
      asked.push(tenant.tokenService.requests.length);
    }
    expect(asked).toEqual([1, 1, 2, 3]);
  });
});
