import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../model/activities.ts';
import { mailboxWorkflowId, projectWorkflowId } from '../../model/ids.ts';
import type { MailboxView } from '../../model/mailbox.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import { newProject, type ProjectResult, type ProjectView } from '../../model/saga.ts';
import { WORKFLOW, addMailboxes, mailboxView, status } from '../../workflows/messages.ts';
import type { projectWorkflow } from '../../workflows/project.ts';
import { temporalAddress, workflowBundlePath } from './context.ts';

/** A worker with chosen activities on a task queue of its own, and the hands of an administrator. */
export interface SagaBench {
  readonly client: Client;
  start(settings: ProjectSettings, rows: readonly MailboxRow[]): Promise<WorkflowHandle<typeof projectWorkflow>>;
  /** Resolves when the project's view is as wanted. */
  projectIs(name: string, wanted: (view: ProjectView) => boolean): Promise<ProjectView>;
  mailboxIs(project: string, id: string, wanted: (view: MailboxView) => boolean): Promise<MailboxView>;
  result(name: string): Promise<ProjectResult>;
  stop(): Promise<void>;
}

const ASK_AGAIN = 100;

/** Tests read what workflows do, not what they log. */
Runtime.install({ logger: new DefaultLogger('ERROR') });

export async function startSagaBench(activities: Activities, taskQueue: string): Promise<SagaBench> {
  const address = temporalAddress();
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: { codePath: workflowBundlePath() },
    activities: { ...activities },
    maxHeartbeatThrottleInterval: '1s',
  });
  const running = worker.run();
  return {
    client,
    start: async (settings, rows) => {
      const handle = await client.workflow.start<typeof projectWorkflow>(WORKFLOW.project, {
        workflowId: projectWorkflowId(settings.name),
        taskQueue,
        args: [newProject(settings, rows.length)],
      });
      await handle.executeUpdate(addMailboxes, { args: [{ key: 'start-0', rows }] });
      return handle;
    },
    projectIs: (name, wanted) => poll(() => client.workflow.getHandle(projectWorkflowId(name)).query(status), wanted),
    mailboxIs: (project, id, wanted) =>
      poll(() => client.workflow.getHandle(mailboxWorkflowId(project, id)).query(mailboxView), wanted),
    result: (name) => client.workflow.getHandle<typeof projectWorkflow>(projectWorkflowId(name)).result(),
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
      await native.close();
    },
  };
}

/** A workflow can only be asked; between two questions the event loop is given back for a moment. */
async function poll<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 60_000;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const answer = await ask();
      if (wanted(answer)) return answer;
      last = answer;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
  }
  throw new Error(`not seen within a minute; last answer: ${JSON.stringify(last)}`);
}
