import { allHandlersFinished, condition, continueAsNew } from '@temporalio/workflow';
import type { MailboxPhase, Problem } from '../../model/mailbox.ts';
import { nextStep } from '../../model/next-step.ts';
import type { PassKind } from '../../model/pass.ts';
import { stuckFolder, type MailboxState } from '../../model/saga.ts';
import { fitToCarry } from './carry.ts';
import { MailboxOver, isOver, untilGo, update, waitUntil, type Mailbox } from './mailbox.ts';
import { runPass } from './pass.ts';
import { recover, recovered } from './recover.ts';
import { reportOf, reportToShard, tell } from './tell.ts';
import { doubledProblem, missingProblem, verify } from './verify.ts';

/** The phase in which a mailbox ends. */
type Ending = Extract<MailboxPhase, 'done' | 'attention' | 'cancelled'>;

/** Lives the saga of one mailbox to its end. After each pass the history is cut: the state says all that matters. */
export async function live(mailbox: Mailbox): Promise<Ending> {
  try {
    for (;;) {
      const ending = await takeStep(mailbox);
      if (ending) return ending;
    }
  } catch (error) {
    if (error instanceof MailboxOver) return 'cancelled';
    throw error;
  }
}

async function takeStep(mailbox: Mailbox): Promise<Ending | undefined> {
  await untilGo(mailbox);
  const step = nextStep(mailbox.state, Date.now());
  switch (step.kind) {
    case 'pass':
      return await pass(mailbox, step.pass);
    case 'wait':
      return await waitForNextPass(mailbox, step.until, step.next);
    case 'verify':
      return await compare(mailbox);
    case 'repair':
      return await repair(mailbox);
    case 'done':
      return stuckFolder(mailbox.state) ? 'attention' : 'done';
    case 'cancelled':
      return 'cancelled';
  }
}

/** Tries until the pass is through, another stage begins, or a person gives the mailbox up. */
async function pass(mailbox: Mailbox, kind: PassKind): Promise<Ending | undefined> {
  const { stage } = mailbox.state.directive;
  await stopWithoutShard(mailbox);
  for (;;) {
    const ending = await runPass(mailbox, kind);
    if (ending.kind !== 'problem') return await cutHistory(mailbox);
    if ((await recover(mailbox, ending.problem)) === 'give-up') return await giveUp(mailbox, ending.problem);
    await untilGo(mailbox);
    if (mailbox.state.directive.stage !== stage) return undefined;
  }
}

/** A mailbox whose shard is gone is steered by nobody, and begins nothing. */
async function stopWithoutShard(mailbox: Mailbox): Promise<void> {
  await reportToShard(mailbox, reportOf(mailbox));
  if (isOver(mailbox)) throw new MailboxOver();
}

async function waitForNextPass(mailbox: Mailbox, until: number, next: PassKind): Promise<undefined> {
  const ready = next === 'delta';
  update(mailbox, { phase: ready ? 'ready' : 'tail' });
  const why = ready ? 'pre-stage is done; waits for the cutover' : 'waits for mail that still arrives at the old side';
  tell(mailbox, why, until);
  await waitUntil(mailbox, until, `${why}; the next ${next} pass is due`);
}

async function compare(mailbox: Mailbox): Promise<Ending | undefined> {
  const problem = await verify(mailbox);
  if (problem !== undefined) {
    return (await recover(mailbox, problem)) === 'give-up' ? 'attention' : undefined;
  }
  const { verification } = mailbox.state;
  recovered(mailbox);
  const doubled = verification && doubledProblem(verification);
  update(mailbox, { problem: stuckFolder(mailbox.state)?.problem ?? doubled });
  return undefined;
}

/** What a comparison misses is looked for by one more pass; then by a person. */
async function repair(mailbox: Mailbox): Promise<Ending | undefined> {
  const { verification, repairs } = mailbox.state;
  if (repairs > 0 && verification !== undefined) {
    if ((await recover(mailbox, missingProblem(verification))) === 'give-up') return 'attention';
  }
  update(mailbox, { repairs: repairs + 1, verification: undefined });
  return await pass(mailbox, 'tail');
}

/** A person has finished the project while a folder needed attention: the other folders are compared all the same. */
async function giveUp(mailbox: Mailbox, problem: Problem): Promise<Ending> {
  if (stuckFolder(mailbox.state)) update(mailbox, { problem: (await verify(mailbox)) ?? problem });
  return 'attention';
}

async function cutHistory(mailbox: Mailbox): Promise<undefined> {
  await condition(allHandlersFinished);
  if (isOver(mailbox)) return undefined;
  return await continueAsNew<(state: MailboxState) => Promise<unknown>>(fitToCarry(mailbox.state));
}

/** Says how the mailbox ended; the last thing its shard hears of it. */
export async function sayEnd(mailbox: Mailbox, ending: Ending): Promise<void> {
  update(mailbox, { phase: ending });
  const { counts } = mailbox.state;
  const words = {
    done: `done: ${counts.copied} copied, ${counts.adopted} were there already, ${counts.aside} put aside`,
    attention: `ended with a problem: ${mailbox.state.problem?.text ?? 'unknown'}`,
    cancelled: 'cancelled; what was copied stays at the destination',
  };
  tell(mailbox, words[ending]);
  await reportToShard(mailbox, reportOf(mailbox, true));
}
