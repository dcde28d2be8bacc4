import type { Client, WorkflowHandle } from '@temporalio/client';
import { mailboxWorkflowId, projectWorkflowId } from '../../model/ids.ts';
import type { MailboxView } from '../../model/mailbox.ts';
import type { MailboxRow, ProjectSettings } from '../../model/project.ts';
import { newProject, type ProjectResult, type ProjectView } from '../../model/saga.ts';
import { WORKFLOW, addMailboxes, mailboxView, status } from '../../workflows/messages.ts';
import type { projectWorkflow } from '../../workflows/project.ts';
import { until } from './until.ts';

export type ProjectHandle = WorkflowHandle<typeof projectWorkflow>;

/** The hands and eyes of an administrator: what the command line does, without its words. */
export class Administrator {
  readonly client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.client = client;
    this.#taskQueue = taskQueue;
  }

  async start(settings: ProjectSettings, rows: readonly MailboxRow[]): Promise<ProjectHandle> {
    const handle = await this.client.workflow.start<typeof projectWorkflow>(WORKFLOW.project, {
      workflowId: projectWorkflowId(settings.name),
      taskQueue: this.#taskQueue,
      args: [newProject(settings, rows.length)],
    });
    await handle.executeUpdate(addMailboxes, { args: [{ key: 'start-0', rows }] });
    return handle;
  }

  /** Resolves with the project's view once it is as wanted. */
  projectIs(name: string, wanted: (view: ProjectView) => boolean, timeoutMs?: number): Promise<ProjectView> {
    return until(() => this.client.workflow.getHandle(projectWorkflowId(name)).query(status), wanted, timeoutMs);
  }

  mailboxIs(
    project: string,
    id: string,
    wanted: (view: MailboxView) => boolean,
    timeoutMs?: number,
  ): Promise<MailboxView> {
    const handle = this.client.workflow.getHandle(mailboxWorkflowId(project, id));
    return until(() => handle.query(mailboxView), wanted, timeoutMs);
  }

  result(name: string): Promise<ProjectResult> {
    return this.client.workflow.getHandle<typeof projectWorkflow>(projectWorkflowId(name)).result();
  }
}
