import { condition } from '@temporalio/workflow';
import type { Problem } from '../../model/mailbox.ts';
import type { Side } from '../../model/project.ts';
import { ask } from '../ask.ts';
import { refresh, updateProject, type Project } from './context.ts';

/**
 * Gets a token for each side that wants one, so that a wrong secret is one problem of the project and not one of every
 * mailbox. Waits with back-off as long as it takes; `retry` and `apply` end a wait early. False: cancelled meanwhile.
 */
export async function acquireTokens(project: Project): Promise<boolean> {
  for (const side of ['source', 'destination'] as const) {
    const { auth } = project.state.settings[side];
    // Without both, it takes a row to know whom to ask for a token and where.
    if (auth.kind !== 'oauth2' || auth.app === undefined || auth.tenant === undefined) continue;
    if (!(await acquireToken(project, side))) return false;
  }
  return true;
}

async function acquireToken(project: Project, side: Side): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    await condition(() => !project.state.directive.paused || isCancelled(project));
    if (isCancelled(project)) return false;
    const { settings } = project.state;
    const summary = `Get an access token for the ${side}`;
    const result = await ask(settings.timing, summary).acquireToken({ settings, side, fresh: tries > 1 });
    if (result.ok) {
      const { expiresAt, audience, roles } = result;
      updateProject(project, {
        tokens: { ...project.state.tokens, [side]: { expiresAt, audience, roles } },
        problem: undefined,
      });
      refresh(project);
      return true;
    }
    await waitAfter(project, result.problem, tries);
  }
}

async function waitAfter(project: Project, problem: Problem, tries: number): Promise<void> {
  updateProject(project, { problem });
  refresh(project);
  const { accessBackoff } = project.state.settings.timing;
  const wait = problem.waitMs ?? accessBackoff[Math.min(tries, accessBackoff.length) - 1] ?? 60_000;
  const woken = project.wokenAt;
  await condition(() => project.wokenAt !== woken || isCancelled(project), wait, {
    summary: `no access token yet (try ${tries}); the next try follows`,
  });
}

function isCancelled(project: Project): boolean {
  return project.state.directive.stage === 'cancel';
}
