import { expect, test } from 'vitest';
import { FIRST_DIRECTIVE, newMailbox, type FolderState, type MailboxState } from '../../../model/saga.ts';
import { fitToCarry } from '../../../workflows/mailbox/carry.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';
import { INBOX } from '../../support/scripted-activities.ts';

function folder(source: string, change: Partial<FolderState>): FolderState {
  return { ...INBOX, source, handled: 3, aside: [], created: true, gone: false, ...change };
}

function mailbox(folders: readonly FolderState[]): MailboxState {
  return { ...newMailbox(projectSettings('p'), mailboxRow('anna'), 0, FIRST_DIRECTIVE), folders };
}

const PAYLOAD_LIMIT = 2 * 1024 * 1024;

test('a state that fits is carried as it is', () => {
  const state = mailbox([folder('INBOX', { ledger: 'x'.repeat(1_000) })]);
  expect(fitToCarry(state)).toEqual(state);
});

test('the largest ledgers are left behind until the state fits into one payload, the others stay', () => {
  const state = mailbox([
    folder('small', { ledger: 's'.repeat(10_000) }),
    folder('huge', { ledger: 'h'.repeat(1_400_000), completeAt: { messages: 3, uidNext: 4, uidValidity: 1 } }),
    folder('large', { ledger: 'l'.repeat(900_000) }),
  ]);
  const carried = fitToCarry(state);
  expect(JSON.stringify(carried).length).toBeLessThan(PAYLOAD_LIMIT);
  const kept = carried.folders.filter((one) => one.ledger !== undefined).map((one) => one.source);
  expect(kept).toEqual(['small', 'large']);
  expect(carried.folders[1]).not.toHaveProperty('completeAt');
});

test('what serves to rebuild a ledger is carried when the ledger is not', () => {
  const rest = {
    sourceValidity: 1,
    destinationValidity: 2,
    completeBefore: 1_700_000_000_000,
    writtenFrom: 3,
    writtenBelow: 9,
  };
  const state = mailbox([folder('huge', { ledger: 'h'.repeat(1_600_000), rest })]);
  expect(fitToCarry(state).folders).toEqual([folder('huge', { ledger: undefined, rest })]);
});

test('a ledger whose growth is not settled is carried whatever its size', () => {
  const state = mailbox([
    folder('doubtful', { ledger: 'd'.repeat(1_000_000), growth: 'g' }),
    folder('other', { ledger: 'o'.repeat(900_000) }),
  ]);
  const kept = fitToCarry(state).folders.map((one) => one.ledger?.length);
  expect(kept).toEqual([1_000_000, undefined]);
});
