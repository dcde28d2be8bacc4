import type { Gate, Passage } from '../settings.ts';
import type { Clock } from './clock.ts';

/**
 * What may be asked of the server, as Exchange reckons it: in milliseconds of its work ("New-ThrottlingPolicy": ImapMaxBurst,
 * ImapRechargeRate, ImapCutoffBalance; the numbers of Exchange Online are not published).
 */
export interface Budget {
  /** What is there at the beginning, and at most. */
  readonly burstMs: number;
  /** What is added in an hour. */
  readonly rechargeMsPerHour: number;
  /** How far the balance may fall below nothing before commands are refused. Default: 0. */
  readonly cutoffMs?: number;
}

/** What commands cost of a budget, in milliseconds of the server's work. */
export interface Cost {
  readonly commandMs: number;
  readonly mebibyteMs: number;
}

/** A command that was refused. */
export interface ThrottleEntry {
  /** Milliseconds since 1970, by the tenant's clock. */
  readonly at: number;
  readonly address: string;
  readonly command: string;
  readonly backOffMs: number;
}

export interface ThrottlingOptions {
  /** Of each mailbox. Default: without end. */
  readonly mailboxBudget?: Budget;
  /** Of all mailboxes together. Default: without end. */
  readonly tenantBudget?: Budget;
  readonly cost?: Cost;
  /** Both were seen. Default: NO. */
  readonly status?: 'NO' | 'BAD';
}

const HOUR_MS = 3_600_000;
const MEBIBYTE = 1_048_576;
const USUAL_COST: Cost = { commandMs: 1, mebibyteMs: 100 };
/** Commands that ask nothing of a mailbox. */
const FREE = new Set(['CAPABILITY', 'ID', 'LOGOUT', 'LOGIN', 'AUTHENTICATE', 'STARTTLS', '?']);

/**
 * Throttling by budget. Who has spent more than there is, is told how long it takes until the debt is paid, in the words
 * "Request is throttled. Suggested Backoff Time: N milliseconds" (seen in threads of IMAP libraries and migration tools),
 * on every connection, until then.
 */
export class Throttling implements Gate {
  mailboxBudget: Budget | undefined;
  tenantBudget: Budget | undefined;
  cost: Cost;
  status: 'NO' | 'BAD';
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();
  readonly #tenant = new Account();
  readonly #entries: ThrottleEntry[] = [];

  constructor(clock: Clock, options: ThrottlingOptions = {}) {
    this.#clock = clock;
    this.mailboxBudget = options.mailboxBudget;
    this.tenantBudget = options.tenantBudget;
    this.cost = options.cost ?? USUAL_COST;
    this.status = options.status ?? 'NO';
  }

  /** All commands that were refused, in order. */
  get refused(): readonly ThrottleEntry[] {
    return this.#entries;
  }

  /** Refuses everything for so many milliseconds from now: to one mailbox, or to all of the tenant. */
  throttle(ms: number, address?: string): void {
    const account = address === undefined ? this.#tenant : this.#accountOf(address);
    account.closedUntil = this.#clock.now() + ms;
  }

  /** Everybody has the whole of their budgets again. */
  forgive(): void {
    this.#accounts.clear();
    this.#tenant.reset();
  }

  refusal({ user, command }: Passage): string | undefined {
    if (user === undefined || FREE.has(command)) return undefined;
    const now = this.#clock.now();
    const backOffMs = Math.max(
      this.#accountOf(user).debtMs(now, this.mailboxBudget),
      this.#tenant.debtMs(now, this.tenantBudget),
    );
    if (backOffMs <= 0) return undefined;
    this.#entries.push({ at: now, address: user, command, backOffMs });
    return `${this.status} Request is throttled. Suggested Backoff Time: ${backOffMs} milliseconds`;
  }

  passed({ user, command }: Passage, octets: number): void {
    if (user === undefined || FREE.has(command)) return;
    const ms = this.cost.commandMs + (octets / MEBIBYTE) * this.cost.mebibyteMs;
    const now = this.#clock.now();
    this.#accountOf(user).spend(ms, now, this.mailboxBudget);
    this.#tenant.spend(ms, now, this.tenantBudget);
  }

  #accountOf(address: string): Account {
    const key = address.toLowerCase();
    const account = this.#accounts.get(key) ?? new Account();
    this.#accounts.set(key, account);
    return account;
  }
}

/** What one mailbox, or the tenant, has spent of its budget. */
class Account {
  closedUntil = Number.NEGATIVE_INFINITY;
  /** What is missing from the whole budget. */
  #spentMs = 0;
  #at = Number.NEGATIVE_INFINITY;

  /** How long until commands pass again; 0 where they do. Opens a time of refusal once the budget is overdrawn. */
  debtMs(now: number, budget: Budget | undefined): number {
    if (budget !== undefined && this.closedUntil <= now) {
      this.#recharge(now, budget);
      const debt = this.#spentMs - budget.burstMs;
      if (debt > (budget.cutoffMs ?? 0)) {
        this.closedUntil = now + Math.ceil((debt / budget.rechargeMsPerHour) * HOUR_MS);
      }
    }
    return Math.max(0, this.closedUntil - now);
  }

  spend(ms: number, now: number, budget: Budget | undefined): void {
    if (budget === undefined) return;
    this.#recharge(now, budget);
    this.#spentMs += ms;
  }

  reset(): void {
    this.closedUntil = Number.NEGATIVE_INFINITY;
    this.#spentMs = 0;
  }

  #recharge(now: number, budget: Budget): void {
    const passed = this.#at === Number.NEGATIVE_INFINITY ? 0 : now - this.#at;
    this.#spentMs = Math.max(0, this.#spentMs - (passed / HOUR_MS) * budget.rechargeMsPerHour);
    this.#at = now;
  }
}
