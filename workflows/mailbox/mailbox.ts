import { CancellationScope, condition, isCancellation, type TimerOptions } from '@temporalio/workflow';
import { shorten } from '../ask.ts';
import type { MailboxState } from '../../model/saga.ts';

/** One mailbox while its workflow runs: the state that is carried on, and what is only of this moment. */
export interface Mailbox {
  state: MailboxState;
  /** One sentence: what it does or waits for. */
  now: string;
  /** Epoch milliseconds of the next try or pass. */
  nextAt?: number | undefined;
  /** Its shard is gone, so nobody steers it any more. */
  orphaned: boolean;
  /** What was shown and reported last, so that the history holds changes only. */
  told: { shown: string; reported: string; reportedAt: number };
}

export function newContext(state: MailboxState): Mailbox {
  return { state, now: 'begins', orphaned: false, told: { shown: '', reported: '', reportedAt: 0 } };
}

export function update(mailbox: Mailbox, change: Partial<MailboxState>): void {
  mailbox.state = { ...mailbox.state, ...change };
}

/** True when the mailbox is to go no further than the step in hand. */
export function isOver(mailbox: Mailbox): boolean {
  return mailbox.orphaned || mailbox.state.removed || mailbox.state.directive.stage === 'cancel';
}

/** Thrown through a pass when the mailbox is over: cancelled, removed, or without a shard. */
export class MailboxOver extends Error {
  override readonly name = 'MailboxOver';
}

/** Waits out a pause. Nothing may begin without having asked here. */
export async function untilGo(mailbox: Mailbox): Promise<void> {
  await condition(() => !mailbox.state.directive.paused || isOver(mailbox));
  if (isOver(mailbox)) throw new MailboxOver();
}

/** Runs an activity so that a pause, and the mailbox's end, cancel it. The activity decides what a cancellation returns. */
export async function interruptible<T>(mailbox: Mailbox, act: () => Promise<T>): Promise<T> {
  const acting = new CancellationScope();
  const watching = new CancellationScope();
  // Settled from the first moment: a workflow that is cancelled from outside ends this wait while nobody awaits it yet.
  const watched = watching.run(() => untilSteered(mailbox)).then(() => acting.cancel(), unlessCancelled);
  try {
    return await acting.run(act);
  } finally {
    watching.cancel();
    await watched;
  }
}

function untilSteered(mailbox: Mailbox): Promise<void> {
  return condition(() => mailbox.state.directive.paused || isOver(mailbox));
}

function unlessCancelled(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

/** Runs an activity that has nothing to bring back when it is interrupted: after a pause it is run again. */
export async function repeatedly<T>(mailbox: Mailbox, act: () => Promise<T>): Promise<T> {
  for (;;) {
    await untilGo(mailbox);
    try {
      return await interruptible(mailbox, act);
    } catch (error) {
      const steered = mailbox.state.directive.paused || isOver(mailbox);
      if (!isCancellation(error) || !steered) throw error;
    }
  }
}

/** Waits until a moment, or until `woken`, or until the mailbox is over or led to another stage. */
export async function waitUntil(
  mailbox: Mailbox,
  until: number,
  why: string,
  woken: () => boolean = () => false,
): Promise<void> {
  const { stage } = mailbox.state.directive;
  const options: TimerOptions = { summary: shorten(why) };
  const ready = (): boolean => woken() || isOver(mailbox) || mailbox.state.directive.stage !== stage;
  await condition(ready, Math.max(1, until - Date.now()), options);
}
