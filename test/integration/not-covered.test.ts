/** What IMAP cannot show of a mailbox of Exchange is said before anything is copied. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, expect, it } from 'vitest';
import { createActivities, dependenciesOf } from '../../activities/index.ts';
import type { SurveyResult } from '../../model/activities.ts';
import { NOT_COVERED } from '../../model/exchange.ts';
import type { Endpoint, MailboxJob } from '../../model/project.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';
import { exchangeSettings } from '../../sandbox/tenant/exchange.ts';
import { projectSettings } from '../support/projects.ts';

const open: Sandbox[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function endpoint(options: SandboxOptions): Promise<Endpoint> {
  const server = await startSandbox({ ...options, users: [{ name: 'anna', password: 'pw' }] });
  open.push(server);
  return { host: server.host, port: server.port, tls: 'none', auth: { kind: 'password' } };
}

async function notesOf(source: SandboxOptions): Promise<readonly string[]> {
  const deps = dependenciesOf({
    env: {},
    openSecret: async () => 'pw',
    heartbeats: () => async () => 'going-on',
    stopping: new AbortController().signal,
  });
  const sides = { source: await endpoint(source), destination: await endpoint({}) };
  const own = { user: 'anna', password: 'sealed' };
  const job: MailboxJob = {
    settings: projectSettings('covered', sides),
    row: { id: 'anna', source: own, destination: own },
  };
  const result: SurveyResult = await new MockActivityEnvironment().run(() => createActivities(deps).surveyMailbox(job));
  if (!result.ok) throw new Error(result.problem.text);
  return result.notes;
}

it('says of a mailbox that leaves Exchange that archives and public folders are not covered, and of no other', async () => {
  expect(await notesOf({ ...exchangeSettings(), acceptsPasswords: true })).toContain(NOT_COVERED);
  expect(await notesOf({})).not.toContain(NOT_COVERED);
});
