import { likelyInWords, mailboxCauses } from '../../model/access-causes.ts';
import type { Problem } from '../../model/mailbox.ts';
import { refusal } from '../../model/refusals.ts';
import { clockInWords, refusedInWords } from '../../model/waiting-words.ts';
import { fewerConnections, isCrowded, suspectedOf } from '../../model/trouble.ts';
import { update, waitUntil, type Mailbox } from './mailbox.ts';
import { tell } from './tell.ts';

/** A server's own waiting time is kept and a little more, so that many mailboxes do not come back in the same second. */
const JITTER = 0.1;

/**
 * Does with a problem what the table of refusals says, and returns when it is worth trying again. `give-up` only where a
 * person has finished the project while the mailbox needed attention.
 */
export async function recover(mailbox: Mailbox, problem: Problem): Promise<'again' | 'give-up'> {
  const tries = mailbox.state.tries + 1;
  const met = suspectedOf(problem, tries);
  update(mailbox, { tries, problem: met, ...(isCrowded(met) && { connections: fewerConnections(lanesOf(mailbox)) }) });
  switch (refusal(met.code).reaction) {
    case 'wait-for-access':
      return await waitForAccess(mailbox, met);
    case 'reconnect':
      return tries === 1 ? 'again' : await waitForServer(mailbox, met);
    case 'wait':
      return await waitForServer(mailbox, met);
    case 'attention':
    case 'stop':
    case 'put-aside':
    case 'note':
      return await needAttention(mailbox, met);
  }
}

/** Folders of the mailbox that may be copied at the same time. */
export function lanesOf({ state }: Mailbox): number {
  const { connectionsPerMailbox } = state.settings.limits;
  return Math.min(connectionsPerMailbox, state.connections ?? connectionsPerMailbox);
}

/** What a success wipes out. */
export function recovered(mailbox: Mailbox): void {
  update(mailbox, { tries: 0, refusedSince: undefined, problem: undefined });
}

/** Refused access may be a permission on its way: durable back-off up to the grace time. */
async function waitForAccess(mailbox: Mailbox, problem: Problem): Promise<'again' | 'give-up'> {
  const now = Date.now();
  const since = mailbox.state.refusedSince ?? now;
  const { accessGrace, accessBackoff } = mailbox.state.settings.timing;
  update(mailbox, { refusedSince: since, phase: 'refused' });
  const left = since + accessGrace - now;
  if (left <= 0) return await needAttention(mailbox, problem);
  const until = now + Math.min(step(accessBackoff, mailbox.state.tries), left);
  const why = `access ${refusedInWords({ tries: mailbox.state.tries, since, now, nextAt: until, young: true })}`;
  tell(mailbox, `${why} (${toldOf(problem)})`, until);
  await waitUntil(mailbox, until, why, retried(mailbox, 'retryRefused'));
  return 'again';
}

async function waitForServer(mailbox: Mailbox, problem: Problem): Promise<'again'> {
  const { troubleBackoff } = mailbox.state.settings.timing;
  const wait = problem.waitMs ?? step(troubleBackoff, mailbox.state.tries);
  const until = Date.now() + Math.round(wait * (1 + JITTER * Math.random()));
  const why = `${refusal(problem.code).meaning} Next try ${clockInWords(until)}`;
  tell(mailbox, `${why} (${problem.text})${fewerInWords(mailbox)}`, until);
  await waitUntil(mailbox, until, why, retried(mailbox, 'retryRefused'));
  return 'again';
}

function fewerInWords({ state: { connections } }: Mailbox): string {
  if (connections === undefined) return '';
  return `; ${connections === 1 ? 'one folder' : `${connections} folders`} at a time from then on`;
}

/**
 * The others go on; this mailbox waits for `retry`, a change of the project or the next stage. It also tries again by
 * itself when its next delta would be due, so that one stubborn folder does not keep the others from following the source.
 */
async function needAttention(mailbox: Mailbox, problem: Problem): Promise<'again' | 'give-up'> {
  const { directive } = mailbox.state;
  update(mailbox, { phase: 'attention' });
  if (directive.stage === 'finish') return 'give-up';
  tell(mailbox, `needs attention: ${toldOf(problem)}`);
  const woken = retried(mailbox, 'retryAttention');
  const { deltaInterval, tailInterval } = mailbox.state.settings.timing;
  const until = Date.now() + (directive.stage === 'cutover' ? tailInterval : deltaInterval);
  await waitUntil(mailbox, until, 'needs attention; tried again by itself with the next delta', woken);
  update(mailbox, { refusedSince: undefined, tries: 0, retryAside: woken() });
  return 'again';
}

/** Whether a person has asked for another try since now. */
function retried(mailbox: Mailbox, round: 'retryRefused' | 'retryAttention'): () => boolean {
  const before = mailbox.state.directive[round];
  return () => mailbox.state.directive[round] > before;
}

function step(waits: readonly number[], tries: number): number {
  return waits[Math.min(tries, waits.length) - 1] ?? 60_000;
}

/** What happened, and what is likely the cause: its application lets others in, or this mailbox would not have begun. */
function toldOf({ code, text, serverText = '' }: Problem): string {
  const likely = code === 'access.refused' ? likelyInWords(mailboxCauses(serverText)) : '';
  return likely === '' ? text : `${text.replace(/\.$/, '')}; ${likely}`;
}
