import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../../../imap/budget.ts';

const MB = 1 << 20;

function budgetHolding(bytes: number): ByteBudget {
  const budget = new ByteBudget(32 * MB);
  budget.take(bytes);
  return budget;
}

/** Whether a literal of so many bytes is read beside what is held. */
function isAdmitted(budget: ByteBudget, bytes: number): boolean {
  budget.announce(bytes);
  return budget.admits(bytes);
}

describe('a literal is read', () => {
  test('as long as there is room for itself, not for the largest one', () => {
    expect(isAdmitted(budgetHolding(30 * MB), 100_000)).toBe(true);
    expect(isAdmitted(budgetHolding(24 * MB), 8 * MB)).toBe(true);
    expect(isAdmitted(budgetHolding(25 * MB), 8 * MB)).toBe(false);
  });

  test('only beside room for what passes through', () => {
    expect(isAdmitted(budgetHolding(31 * MB + 1), 100_000)).toBe(false);
  });

  test('when others have given back what it needs, and an eighth of what they may hold', () => {
    const budget = budgetHolding(30 * MB);
    budget.announce(8 * MB);
    let isRead = false;
    budget.onRoom(8 * MB, () => (isRead = true));
    budget.give(8 * MB);
    expect(isRead).toBe(false);
    budget.give(MB);
    expect(isRead).toBe(true);
    expect(budget.peak).toBe(30 * MB);
  });

  test('alone when a server announces more than there will ever be room for', () => {
    const budget = budgetHolding(1);
    budget.announce(40 * MB);
    expect(budget.admits(40 * MB)).toBe(false);
    budget.give(1);
    expect(budget.admits(40 * MB)).toBe(true);
  });

  test('never beyond what suffices', () => {
    const budget = budgetHolding(8 * MB + 1);
    budget.suffice(8 * MB);
    expect(isAdmitted(budget, 1_000)).toBe(false);
  });
});
