/**
 * What a token and the logins of a few canary mailboxes tell about an application: whether the tenant is set up, whether
 * it is worth waiting, or whether only some mailboxes are at fault. Pure: evidence in, diagnosis out.
 */
import { mailboxCauses, tenantCauses, type CauseName } from './access-causes.ts';
import type { Problem } from './mailbox.ts';
import { isMailboxRefusal, letsIn } from './access-refusals.ts';
import { refusal } from './refusals.ts';

/** The application permission with which an application may use IMAP at all. */
export const IMAP_ROLE = 'IMAP.AccessAsApp';

/** What the token service answered: never the token. Times are epoch milliseconds. */
export type TokenEvidence =
  | {
      readonly ok: true;
      readonly expiresAt: number;
      readonly audience: string;
      readonly roles: readonly string[];
      /** Delegated permissions (the claim `scp`), which an application's own token does not have. */
      readonly delegated?: readonly string[];
    }
  | { readonly ok: false; readonly problem: Problem };

/** One canary's login on one side. */
export interface CanaryEvidence {
  readonly id: string;
  readonly user: string;
  /** Absent: it is in. */
  readonly problem?: Problem;
}

/** One round: a token, and canaries where the token is worth trying. */
export interface RoundEvidence {
  readonly token: TokenEvidence;
  readonly canaries: readonly CanaryEvidence[];
}

/** What is at fault. `causes` are in order of likelihood. */
export type Diagnosis =
  /** Canaries are in; those of `refused` are not, and are at fault themselves. */
  | { readonly kind: 'open'; readonly refused: readonly MailboxFault[] }
  /** All are refused, and that may still be permissions on their way. */
  | { readonly kind: 'propagation'; readonly problem: Problem; readonly causes: readonly CauseName[] }
  /** All are refused, or the token shows that they will be: the tenant's set-up is at fault. */
  | { readonly kind: 'tenant'; readonly problem: Problem; readonly causes: readonly CauseName[] }
  /** Nothing can be said about the tenant: a server that cannot be reached, asks to wait, or is not what it should be. */
  | { readonly kind: 'unclear'; readonly problem: Problem };

/** A mailbox that is refused while others of its application are in. */
export interface MailboxFault extends CanaryEvidence {
  readonly problem: Problem;
  readonly causes: readonly CauseName[];
}

/** What a diagnosis depends on beside the evidence. */
export interface Circumstances {
  /** The scope that was asked for, e.g. https://outlook.office365.com/.default */
  readonly scope: string;
  /** Whether refusals are so new that permissions may be on their way. */
  readonly young: boolean;
}

/** What the token tells alone; undefined when it is worth trying at a mailbox. */
export function diagnoseToken(token: TokenEvidence, scope: string): Diagnosis | undefined {
  if (!token.ok) {
    return refusal(token.problem.code).reaction === 'wait-for-access'
      ? { kind: 'tenant', problem: token.problem, causes: [] }
      : { kind: 'unclear', problem: token.problem };
  }
  // A token that does not tell what it is for is shown to the server all the same.
  if (token.audience === '') return undefined;
  if (!isAudience(token.audience, scope)) {
    const text = `The access token is for ${token.audience}, and not for ${resourceOf(scope)}.`;
    return { kind: 'tenant', problem: { code: 'access.audience', text }, causes: ['scope'] };
  }
  if (!isExchange(token.audience) || token.roles.includes(IMAP_ROLE)) return undefined;
  return roleMissing(token.roles, token.delegated ?? []);
}

function roleMissing(roles: readonly string[], delegated: readonly string[]): Diagnosis {
  if (delegated.length > 0) {
    const text = `The access token holds the delegated permission ${delegated.join(', ')} instead of the application permission ${IMAP_ROLE}.`;
    return { kind: 'tenant', problem: { code: 'access.role', text }, causes: ['delegated', 'consent'] };
  }
  const has = roles.length === 0 ? 'no role at all' : `only ${roles.join(', ')}`;
  const text = `The access token lacks the role ${IMAP_ROLE}: it holds ${has}.`;
  return { kind: 'tenant', problem: { code: 'access.role', text }, causes: ['consent', 'delegated'] };
}

/** What all rounds so far tell, the last one last. One canary that is in clears the tenant. */
export function diagnose(rounds: readonly RoundEvidence[], { scope, young }: Circumstances): Diagnosis | undefined {
  const last = rounds.at(-1);
  if (last === undefined) return undefined;
  const byToken = diagnoseToken(last.token, scope);
  if (byToken !== undefined) return byToken;
  const all = rounds.flatMap(({ canaries }) => canaries);
  const refused = all.filter(isRefused);
  if (all.some(({ problem }) => letsIn(problem))) return { kind: 'open', refused: mailboxFaults(all) };
  const [unclear] = last.canaries.flatMap(({ problem }) => problem ?? []);
  if (!last.canaries.some(isRefused)) return unclear === undefined ? undefined : { kind: 'unclear', problem: unclear };
  return { kind: young ? 'propagation' : 'tenant', ...allRefused(refused) };
}

/**
 * What logins tell where no application opens the mailboxes. `shared`: one administrator opens all of them, so that a
 * refusal of everyone is not the mailboxes' own.
 */
export function diagnoseLogins(canaries: readonly CanaryEvidence[], shared: boolean): Diagnosis {
  const faults = mailboxFaults(canaries);
  const [first] = faults;
  if (first === undefined || canaries.some(({ problem }) => letsIn(problem))) return { kind: 'open', refused: faults };
  const refused = faults.find(isRefused);
  if (refused === undefined) return { kind: 'unclear', problem: first.problem };
  return shared ? { kind: 'tenant', problem: refused.problem, causes: [] } : { kind: 'open', refused: faults };
}

type Refused = CanaryEvidence & { readonly problem: Problem };

function isRefused(canary: CanaryEvidence): canary is Refused {
  return canary.problem !== undefined && isMailboxRefusal(canary.problem);
}

/** Those that are not in, each with what is likely wrong with it alone. */
export function mailboxFaults(canaries: readonly CanaryEvidence[]): readonly MailboxFault[] {
  return canaries.flatMap(({ id, user, problem }) => {
    if (problem === undefined || letsIn(problem)) return [];
    const causes = problem.code === 'access.refused' ? mailboxCauses(problem.serverText ?? '') : [];
    return [{ id, user, problem, causes }];
  });
}

/** Names in a text that goes everywhere: a few, since it has to be read. */
const TOLD_CANARIES = 3;

function allRefused(refused: readonly Refused[]): { readonly problem: Problem; readonly causes: readonly CauseName[] } {
  const texts = refused.map(({ problem }) => problem.serverText ?? problem.text);
  const [first] = refused.flatMap(({ problem }) => problem.serverText ?? []);
  const users = refused.map(({ user }) => user);
  const more = users.length - TOLD_CANARIES;
  const named = `${users.slice(0, TOLD_CANARIES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const text = `The access token is good, and no mailbox that was tried with it lets the application in (${named}).`;
  return {
    problem: { code: 'access.tenant', text, ...(first !== undefined && { serverText: first }) },
    causes: tenantCauses(texts),
  };
}

/** The application ID of Office 365 Exchange Online, which names it in tokens of version 2. */
const EXCHANGE_ID = '00000002-0000-0ff1-ce00-000000000000';

/** Exchange Online's names as a resource, in all clouds. */
const EXCHANGE_HOSTS: ReadonlySet<string> = new Set([
  'outlook.office365.com',
  'outlook.office.com',
  'outlook.office365.us',
  'outlook-dod.office365.us',
  'partner.outlook.cn',
]);

function resourceOf(scope: string): string {
  return scope.replace(/\/+\.default$/, '');
}

function isExchange(resource: string): boolean {
  return resource === EXCHANGE_ID || EXCHANGE_HOSTS.has(hostOf(resource));
}

/** One resource has several names: Exchange Online's are all the same to it. */
function isAudience(audience: string, scope: string): boolean {
  const resource = resourceOf(scope);
  return hostOf(audience) === hostOf(resource) || (isExchange(audience) && isExchange(resource));
}

function hostOf(resource: string): string {
  return resource
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/\/+$/, '');
}
