import { onTestFinished } from 'vitest';
import type { Activities } from '../../model/activities.ts';
import type { ProjectSettings } from '../../model/project.ts';
import { mailboxRow, projectSettings, UNHURRIED } from './projects.ts';
import type { ProjectHandle } from './administrator.ts';
import { startSagaBench, type SagaBench } from './saga.ts';
import { scriptedActivities } from './scripted-activities.ts';

/** A project whose activities do what a test says. */
export interface ScriptedSaga {
  readonly bench: SagaBench;
  readonly name: string;
  readonly handle: ProjectHandle;
  /** What activities were asked for, in order. */
  readonly calls: readonly string[];
}

let numbered = 0;

/** Starts it on a worker of its own, which is stopped when the test is over. */
export async function startScripted(
  script: Partial<Activities>,
  users: readonly string[],
  settings: Partial<ProjectSettings> = {},
): Promise<ScriptedSaga> {
  const activities = scriptedActivities(script);
  numbered += 1;
  const name = `scripted-${process.pid}-${numbered}`;
  const bench = await startSagaBench(activities, name);
  onTestFinished(bench.stop);
  const all = projectSettings(name, { timing: UNHURRIED, ...settings });
  const handle = await bench.start(all, users.map(mailboxRow));
  return { bench, name, handle, calls: activities.calls };
}
