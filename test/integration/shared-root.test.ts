/** Virtual shared folders: an administrator sees users' mailboxes below a root of another namespace (`UserRoot`). */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities, dependenciesOf } from '../../activities/index.ts';
import type { SurveyResult } from '../../model/activities.ts';
import type { Endpoint, MailboxJob } from '../../model/project.ts';
import { readProjectFile } from '../../project/read.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import { projectSettings } from '../support/projects.ts';

let source: Sandbox;
let destination: Sandbox;
beforeAll(async () => {
  source = await startSandbox({ users: [{ name: 'admin', password: 'pw' }], delimiter: '.' });
  destination = await startSandbox({ users: [{ name: 'anna', password: 'pw' }] });
  const admin = source.store.user('admin');
  for (const name of ['#shared.anna', '#shared.anna.Sent', '#shared.annabel.Sent', 'Own']) {
    admin.addMessage(name, { body: Buffer.from(`Subject: ${name}\r\n\r\n`) });
  }
});
afterAll(() => Promise.all([source.close(), destination.close()]));

function endpointOf({ host, port }: Sandbox): Endpoint {
  return { host, port, tls: 'none', auth: { kind: 'password' } };
}

function survey(root: string): Promise<SurveyResult> {
  const deps = dependenciesOf({
    env: {},
    openSecret: async () => 'pw',
    heartbeats: () => async () => 'going-on',
    stopping: new AbortController().signal,
  });
  const job: MailboxJob = {
    settings: projectSettings('roots', { source: endpointOf(source), destination: endpointOf(destination) }),
    row: {
      id: 'anna',
      source: { user: 'admin', password: 'sealed', root },
      destination: { user: 'anna', password: 'sealed' },
    },
  };
  const activities = createActivities(deps);
  return new MockActivityEnvironment().run(() => activities.surveyMailbox(job));
}

describe('a mailbox below a shared root', () => {
  it('is what is at and below it, and nobody else’s', async () => {
    const result = await survey('#shared.anna');
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    expect(result.folders.map((folder) => [folder.source, folder.destination, folder.messages])).toEqual([
      ['#shared.anna', 'INBOX', 1],
      ['#shared.anna.Sent', 'Sent', 1],
    ]);
    expect(result.leftOut.map(({ sourcePath }) => sourcePath)).toEqual(['INBOX', '#shared/annabel/Sent', 'Own']);
  });

  it('is what UserRoot names in Microsoft’s migration CSV', async () => {
    const project = `schema: mailferry/project/v1
name: roots
source: { host: 127.0.0.1, port: ${source.port}, tls: none, authentication: { kind: password } }
destination: { host: 127.0.0.1, tls: none, authentication: { kind: administrator, form: dovecot, user: a, secretEnv: A } }
mailboxes: { csv: users.csv }
`;
    const list = 'EmailAddress,UserName,Password,UserRoot\r\nanna@contoso.com,admin,pw,/#shared/anna\r\n';
    const { rows } = await readProjectFile('project.yaml', {
      readFile: async (path) => Buffer.from(path === 'project.yaml' ? project : list),
    });
    expect(rows).toMatchObject([{ source: { user: 'admin' }, destination: { user: 'anna@contoso.com' } }]);
    const result = await survey(rows[0]?.source.root ?? '');
    expect(result).toMatchObject({ ok: true, folders: [{ source: '#shared.anna', destination: 'INBOX' }, {}] });
  });

  it('that is not there, or not shown, is no empty mailbox', async () => {
    expect(await survey('#shared.berta')).toMatchObject({
      ok: false,
      side: 'source',
      problem: { code: 'source.root-unknown' },
    });
  });
});
