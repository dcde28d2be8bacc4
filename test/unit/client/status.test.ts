import { describe, expect, it } from 'vitest';
import { composeStatus, type StatusSources } from '../../../client/remote/status.ts';
import type { GateView } from '../../../model/gate-view.ts';
import { refusal } from '../../../model/refusals.ts';
import { statusLine, statusScreen } from '../../../client/screens/status.ts';
import { jsonPrinter, textPrinter } from '../../../client/printer.ts';
import { memoryIo } from './memory-io.ts';
import { projectView, statusReport } from './reports.ts';

function sources(change: Partial<StatusSources> = {}): StatusSources {
  return {
    project: 'acme',
    description: { status: 'RUNNING', startTime: 500 },
    memo: projectView({ now: 'what it told last' }),
    answer: projectView(),
    glance: { phases: { prestage: 3 }, troubles: [], troubled: 0 },
    pollers: { count: 1, lastHeardMs: 100 },
    page: undefined,
    now: Date.UTC(2026, 2, 2),
    ...change,
  };
}

function shown(report: Parameters<typeof statusScreen>[0]): string {
  return textPrinter(memoryIo()).render(statusScreen(report));
}

describe('the status of a project', () => {
  it('is the worker’s own answer where there is one', () => {
    expect(composeStatus(sources())).toMatchObject({
      worker: 'answers',
      phase: 'prestage',
      now: 'pre-stage: 1 of 3 mailboxes ready',
      phases: { prestage: 2, ready: 1 },
    });
  });

  it('is what was told last, with visibility’s counts, where no worker runs', () => {
    const status = composeStatus(sources({ answer: undefined, pollers: { count: 0, lastHeardMs: undefined } }));
    expect(status).toMatchObject({ worker: 'none', now: 'what it told last', phases: { prestage: 3 } });
  });

  it('tells a worker that does not answer from one that is not there', () => {
    expect(composeStatus(sources({ answer: undefined })).worker).toBe('silent');
  });

  it('says that a worker is waited for before any has taken the project up', () => {
    const status = composeStatus(
      sources({ answer: undefined, memo: undefined, glance: undefined, pollers: { count: 0, lastHeardMs: undefined } }),
    );
    expect(status).toMatchObject({ phase: undefined, now: 'waits for a worker', startedAt: 500, phases: {} });
  });

  it('does not believe the last words of a workflow that was terminated by hand', () => {
    const status = composeStatus(sources({ description: { status: 'TERMINATED', startTime: 500 } }));
    expect(status).toMatchObject({ workflow: 'terminated', phases: { prestage: 3 } });
    expect(status.now).toContain('mailferry cancel');
  });
});

describe('the status screen', () => {
  it('warns of a client secret that ends before the project does', () => {
    const credential = { side: 'source', clientId: 'app', kind: 'secret', expiresAt: Date.UTC(2026, 2, 12) } as const;
    const report = composeStatus(sources({ answer: projectView({ credentials: [credential] }) }));
    const text = shown(report);
    expect(text).toContain('! The client secret of application app (source) expires on 2026-03-12, in 10 days');
    expect(text).toContain('mailferry apply');
    expect(composeStatus(sources()).credentials).toEqual([]);
  });

  it('tells phase, mailboxes and messages', () => {
    const text = shown(statusReport());
    expect(text).toContain('acme  pre-stage');
    expect(text).toContain('3: 2 prestage, 1 ready');
    expect(text).toContain('1,200 of 3,000 are at the destination, 1,200 copied (4.5 MB)');
  });

  it('says that nothing moves without a worker, and how to start one', () => {
    expect(shown(statusReport({ worker: 'none' }))).toMatch(/No worker is running.*mailferry up.*mailferry worker/);
  });

  it('names a mailbox in trouble with code, reason and next step', () => {
    const text = shown(
      statusReport({
        troubled: 30,
        troubles: [
          {
            id: 'anna@example.com',
            phase: 'attention',
            now: '',
            problem: { code: 'destination.quota', text: 'the mailbox is full', serverText: 'NO [OVERQUOTA]' },
          },
        ],
      }),
    );
    expect(text).toContain('anna@example.com  destination.quota');
    expect(text).toContain('server: NO [OVERQUOTA]');
    expect(text).toContain('next: Raise its quota at the destination');
    expect(text).toContain('and 29 more');
  });

  it('says that there are mailboxes in trouble also where Temporal did not name them in time', () => {
    const totals = { ...projectView().totals, phases: { ready: 1, attention: 1, refused: 1 } };
    const text = shown(composeStatus(sources({ answer: projectView({ totals }), glance: undefined })));
    expect(text).toContain('2 mailboxes with a problem');
    expect(text).toContain('`mailferry status acme` asks again');
  });

  it('shows the cutover as the next step once the project is ready', () => {
    expect(shown(statusReport({ phase: 'ready' }))).toContain('mailferry cutover acme --confirm acme');
  });

  it('cannot be made to send a terminal’s commands by a server', () => {
    const problem = {
      code: 'access.refused',
      text: 'refused\u001b[2J',
      serverText: 'NO \u001b]0;x\u0007\nerror',
    } as const;
    const text = shown(
      statusReport({ troubled: 1, troubles: [{ id: 'a\u009b', phase: 'refused', now: '\u0007', problem }] }),
    );
    // oxlint-disable-next-line no-control-regex
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it('does not send anybody after causes while permissions are young', () => {
    const gate: GateView = {
      side: 'source',
      application: { clientId: 'app' },
      mailboxes: 12,
      tries: 2,
      fault: 'propagation',
      code: 'access.tenant',
      causes: ['fullAccess'],
    };
    const problem = { code: 'access.tenant', text: 'nobody is let in' } as const;
    const young = shown(statusReport({ problem, gates: [gate] }));
    expect(young).toContain('Permissions given less than an hour ago look like this');
    expect(young).toContain('next: nothing yet; it is tried again by itself');
    expect(young).not.toContain(refusal('access.tenant').next);
    const old = shown(statusReport({ problem, gates: [{ ...gate, fault: 'tenant' }] }));
    expect(old).toContain(`next: ${refusal('access.tenant').next}`);
  });

  it('has colours on a terminal only, and none with NO_COLOR', () => {
    const paused = statusScreen(statusReport({ paused: true }));
    expect(textPrinter(memoryIo({ tty: true })).render(paused)).toContain('\u001b[');
    expect(textPrinter(memoryIo({ tty: true, env: { NO_COLOR: '1' } })).render(paused)).not.toContain('\u001b[');
    expect(textPrinter(memoryIo()).render(paused)).not.toContain('\u001b[');
  });

  it('is the report itself as JSON', () => {
    const io = memoryIo();
    jsonPrinter(io).show(statusScreen(statusReport()));
    expect(JSON.parse(io.out())).toMatchObject({
      project: 'acme',
      phase: 'prestage',
      phases: { prestage: 2, ready: 1 },
    });
  });

  it('fits on one line for a watch without a terminal', () => {
    expect(textPrinter(memoryIo()).render(statusLine(statusReport()))).toBe('acme: pre-stage: 3: 2 prestage, 1 ready');
  });
});
