import type { FolderStatus, ImapSession } from '../imap/types.ts';
import type { ProbeInput, ProbeResult, ProbeSideInput, ProbeSideResult, ServerFacts } from '../model/activities.ts';
import type { Side } from '../model/project.ts';
import { checkActing } from './acting.ts';
import type { Dependencies } from './dependencies.ts';
import { askedOf } from './problems.ts';
import { run, type Run } from './run.ts';
import { withBothSides, withSide, type SessionRequest } from './sessions.ts';

/** RFC 3501 section 5.1: every mailbox has it, whatever the prefix of its other folders. */
const INBOX = 'INBOX';

/**
 * Logs in to both sides and looks at INBOX: a server may accept a login and refuse the mailbox behind it ("User is
 * authenticated but not connected"), or open another mailbox than the user's.
 */
export function probeAccess(deps: Dependencies, input: ProbeInput): Promise<ProbeResult> {
  return run<ProbeResult>(
    deps,
    'source',
    (attempt) => probeBoth(deps, attempt, input),
    (refused) => ({ ok: false, ...refused }),
  );
}

async function probeBoth(deps: Dependencies, { secrets, signal, say }: Run, input: ProbeInput): Promise<ProbeResult> {
  const request: SessionRequest = { job: input, secrets, signal };
  const first = { ...request, freshTokens: input.freshToken, opened: () => say('looking at both sides') };
  const { source, destination } = await withBothSides(deps, first, async (sessions) => ({
    source: await look('source', sessions.source),
    destination: await look('destination', sessions.destination),
  }));
  say('making sure whose mailboxes these are');
  const notes = [
    await checkActing(deps, request, 'source', source.inbox),
    await checkActing(deps, request, 'destination', destination.inbox),
  ].filter((note) => note !== undefined);
  return { ok: true, source: source.facts, destination: destination.facts, ...(notes.length > 0 && { notes }) };
}

/** The same for one side alone: what the other one says is no evidence for this one. */
export function probeSide(deps: Dependencies, input: ProbeSideInput): Promise<ProbeSideResult> {
  const { side, freshToken } = input;
  return run<ProbeSideResult>(
    deps,
    side,
    async ({ secrets, signal, say }) => {
      const request: SessionRequest = { job: input, secrets, signal };
      const first = { ...request, freshTokens: freshToken, opened: () => say(`looking at the ${side}`) };
      const { facts, inbox } = await withSide(deps, first, side, (session) => look(side, session));
      await checkActing(deps, request, side, inbox);
      return { ok: true, facts };
    },
    ({ problem }) => ({ ok: false, problem }),
  );
}

interface Seen {
  readonly facts: ServerFacts;
  readonly inbox: FolderStatus;
}

async function look(side: Side, session: ImapSession): Promise<Seen> {
  await askedOf(side, session.noop());
  const inbox = await askedOf(side, session.status(INBOX));
  return { facts: { capabilities: [...session.capabilities].toSorted(), delimiter: session.delimiter }, inbox };
}
