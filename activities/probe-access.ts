import type { ImapSession } from '../imap/types.ts';
import type { ProbeInput, ProbeResult, ProbeSideInput, ProbeSideResult, ServerFacts } from '../model/activities.ts';
import type { Side } from '../model/project.ts';
import type { Dependencies } from './dependencies.ts';
import { askedOf } from './problems.ts';
import { run } from './run.ts';
import { withBothSides, withDestination, withSource } from './sessions.ts';

/** RFC 3501 section 5.1: every mailbox has it, whatever the prefix of its other folders. */
const INBOX = 'INBOX';

/**
 * Logs in to both sides and looks at INBOX: a server may accept a login and refuse the mailbox behind it ("User is
 * authenticated but not connected").
 */
export function probeAccess(deps: Dependencies, input: ProbeInput): Promise<ProbeResult> {
  return run<ProbeResult>(
    deps,
    'source',
    async ({ secrets, signal, say }) =>
      withBothSides(
        deps,
        {
          job: input,
          secrets,
          signal,
          freshTokens: input.freshToken,
          opened: () => say('looking at both sides'),
        },
        async ({ source, destination }) => ({
          ok: true,
          source: await look('source', source),
          destination: await look('destination', destination),
        }),
      ),
    (refused) => ({ ok: false, ...refused }),
  );
}

/** The same for one side alone: what the other one says is no evidence for this one. */
export function probeSide(deps: Dependencies, input: ProbeSideInput): Promise<ProbeSideResult> {
  const { side } = input;
  return run<ProbeSideResult>(
    deps,
    side,
    async ({ secrets, signal, say }) => {
      const request = {
        job: input,
        secrets,
        signal,
        freshTokens: input.freshToken,
        opened: () => say(`looking at the ${side}`),
      };
      const withSide = side === 'source' ? withSource : withDestination;
      return withSide(deps, request, async (session) => ({ ok: true, facts: await look(side, session) }));
    },
    ({ problem }) => ({ ok: false, problem }),
  );
}

async function look(side: Side, session: ImapSession): Promise<ServerFacts> {
  await askedOf(side, session.noop());
  await askedOf(side, session.status(INBOX));
  return { capabilities: [...session.capabilities].toSorted(), delimiter: session.delimiter };
}
