import type { Problem } from '../model/mailbox.ts';
import type { MailboxJob, Side } from '../model/project.ts';

/**
 * What this worker knows of servers that ask to wait. One mailbox that is asked to wait costs the others nothing. Several at
 * the same time have used up what their whole tenant may: then nobody else knocks there until the last wait is over, and
 * afterwards fewer connections are opened at first.
 */
export interface Throttles {
  /** What a problem amounts to, told with what others have met. To be called once for each refusal. */
  readonly met: (job: MailboxJob, side: Side, problem: Problem) => Problem;
  /** Why no mailbox is opened there at the moment; undefined when it may be. */
  readonly against: (job: MailboxJob, side: Side) => Problem | undefined;
  /** Connections that may be open there now, of those that the project allows. */
  readonly limit: (job: MailboxJob, side: Side) => number;
}

/** Mailboxes that are asked to wait at the same time. */
const SEVERAL = 3;
/** After the waits, connections come back one by one. */
const GROWTH_MS = 60_000;
const DEFAULT_WAIT_MS = 300_000;

interface Tenant {
  /** Until when each mailbox waits, by its id. */
  readonly waits: Map<string, number>;
  /** Nobody knocks before; 0: anybody may. */
  heldUntil: number;
  /** Connections from then on, at first. */
  lowered: number | undefined;
}

/** `now`: epoch milliseconds. */
export function createThrottles(now: () => number): Throttles {
  const tenants = new Map<string, Tenant>();

  function met(job: MailboxJob, side: Side, problem: Problem): Problem {
    if (problem.code !== 'server.throttled') return problem;
    const tenant = tenantOf(job, side);
    for (const [id, until] of tenant.waits) if (until <= now()) tenant.waits.delete(id);
    tenant.waits.set(job.row.id, now() + (problem.waitMs ?? DEFAULT_WAIT_MS));
    if (tenant.waits.size < SEVERAL) return problem;
    const { connectionsPerEndpoint } = job.settings.limits;
    if (tenant.heldUntil <= now())
      tenant.lowered = Math.max(1, Math.floor(current(tenant, connectionsPerEndpoint) / 2));
    tenant.heldUntil = Math.max(...tenant.waits.values());
    return { ...problem, ...held(job, side, tenant) };
  }

  function against(job: MailboxJob, side: Side): Problem | undefined {
    const tenant = tenants.get(keyOf(job, side));
    return tenant === undefined || tenant.heldUntil <= now() ? undefined : held(job, side, tenant);
  }

  function limit(job: MailboxJob, side: Side): number {
    const { connectionsPerEndpoint } = job.settings.limits;
    const tenant = tenants.get(keyOf(job, side));
    return tenant === undefined ? connectionsPerEndpoint : current(tenant, connectionsPerEndpoint);
  }

  function current({ lowered, heldUntil }: Tenant, most: number): number {
    if (lowered === undefined) return most;
    return Math.min(most, lowered + Math.max(0, Math.floor((now() - heldUntil) / GROWTH_MS)));
  }

  function held({ settings }: MailboxJob, side: Side, { waits, heldUntil }: Tenant): Problem {
    const { host } = settings[side];
    return {
      code: 'server.all-throttled',
      text: `${host} has asked ${waits.size} mailboxes at once to wait, so all of them do`,
      waitMs: Math.max(1, heldUntil - now()),
    };
  }

  function tenantOf(job: MailboxJob, side: Side): Tenant {
    const key = keyOf(job, side);
    const known = tenants.get(key) ?? { waits: new Map<string, number>(), heldUntil: 0, lowered: undefined };
    tenants.set(key, known);
    return known;
  }

  return { met, against, limit };
}

/** Servers of one name serve many tenants: a project has one on each side, but where rows bring applications of their own. */
function keyOf({ settings, row }: MailboxJob, side: Side): string {
  const { app } = row[side];
  return JSON.stringify([settings.name, side, app?.tenant, app?.clientId]);
}
