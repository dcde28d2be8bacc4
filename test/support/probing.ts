import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities, dependenciesOf } from '../../activities/index.ts';
import type { ProbeResult } from '../../model/activities.ts';
import type { Endpoint, EndpointAuth, MailboxJob, MailboxSide } from '../../model/project.ts';
import { projectSettings } from './projects.ts';

export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface Prober {
  /** Looks at both sides of a mailbox as a worker does, with a password that opens everything. */
  readonly probe: (source: MailboxSide, destination: MailboxSide) => Promise<ProbeResult>;
  readonly stop: () => void;
}

/** One worker's activities between two servers. */
export function proberOf(
  source: Server & { readonly auth: EndpointAuth },
  destination: Server & { readonly auth: EndpointAuth },
  password: string,
): Prober {
  const stopping = new AbortController();
  const activities = createActivities(
    dependenciesOf({
      openSecret: async () => password,
      heartbeats: () => async () => 'going-on',
      stopping: stopping.signal,
      env: {},
    }),
  );
  const settings = projectSettings('probing', { source: endpointOf(source), destination: endpointOf(destination) });
  return {
    probe: (from, to) => {
      const job: MailboxJob = { settings, row: { id: to.user, source: from, destination: to } };
      return new MockActivityEnvironment().run(() => activities.probeAccess({ ...job, freshToken: false }));
    },
    stop: () => stopping.abort(),
  };
}

function endpointOf({ host, port, auth }: Server & { readonly auth: EndpointAuth }): Endpoint {
  return { host, port, tls: 'none', auth };
}
