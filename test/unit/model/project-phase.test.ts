import { expect, test } from 'vitest';
import { NO_COUNTS, type MailboxPhase, type MailboxReport } from '../../../model/mailbox.ts';
import { gatesWith, type Gate } from '../../../model/gates.ts';
import { projectPhase, projectSentence } from '../../../model/project-phase.ts';
import type { EndpointAuth } from '../../../model/project.ts';
import { FIRST_DIRECTIVE, newProject, totalsOf, type ProjectState, type Stage } from '../../../model/saga.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';

function project(stage: Stage, change: Partial<ProjectState> = {}): ProjectState {
  return { ...newProject(projectSettings('p'), 2), directive: { ...FIRST_DIRECTIVE, stage }, ...change };
}

function reports(phases: readonly MailboxPhase[], ended = false): readonly MailboxReport[] {
  return phases.map((phase, index) => ({ id: String(index), phase, counts: NO_COUNTS, ended }));
}

test.each<[Stage, readonly MailboxPhase[], string]>([
  ['prestage', ['ready', 'prestage'], 'prestage'],
  ['prestage', ['ready', 'refused'], 'prestage'],
  ['prestage', ['ready', 'attention'], 'ready'],
  ['cutover', ['final', 'ready'], 'final'],
  ['cutover', ['tail', 'attention'], 'tail'],
  ['cutover', ['verify', 'done'], 'tail'],
])('at stage %s with mailboxes %s the project is at %s', (stage, phases, expected) => {
  expect(projectPhase(project(stage), totalsOf(reports(phases)))).toBe(expected);
});

test('a project is finished when every mailbox has ended, not when every mailbox is done', () => {
  expect(projectPhase(project('cutover'), totalsOf(reports(['done', 'done'])))).toBe('tail');
  expect(projectPhase(project('cutover'), totalsOf(reports(['done', 'done'], true)))).toBe('finished');
});

test('while a project is on hold its phase is the one that was set', () => {
  expect(projectPhase(project('hold', { phase: 'prepare' }), totalsOf([]))).toBe('prepare');
});

test('the sentence names how many mailboxes need attention', () => {
  const totals = totalsOf(reports(['ready', 'attention']));
  expect(projectSentence(project('prestage', { phase: 'ready' }), totals)).toBe(
    'waits for the cutover; deltas go on; 1 of 2 mailboxes need attention',
  );
});

test('the sentence tells what closed gates wait for, before any mailbox has begun and afterwards', () => {
  const auth: EndpointAuth = {
    kind: 'oauth2',
    tenant: 'contoso.example',
    app: { clientId: 'app', credential: { kind: 'secret', secret: 'sealed' } },
    authority: 'https://127.0.0.1',
    scope: 'scope',
  };
  const plain = projectSettings('p');
  const settings = { ...plain, source: { ...plain.source, auth } };
  const [gate] = gatesWith([], settings, [mailboxRow('anna'), mailboxRow('bert')]);
  if (gate === undefined) throw new Error('no gate');
  const totals = totalsOf(reports(['queued', 'queued']));
  const prepare = project('hold', { phase: 'prepare', gates: [gate] });
  expect(projectSentence(prepare, totals)).toBe('source: the first mailboxes try');
  const problem = { code: 'access.tenant', text: 'nobody' } as const;
  const refused: Gate = {
    ...gate,
    rounds: 4,
    refusedSince: 0,
    lastAt: 23 * 60_000,
    nextAt: 50_700_000,
    diagnosis: { kind: 'propagation', problem, causes: [] },
  };
  const waits = 'refused 4 times in 23 minutes, permissions young, next try 14:05:00 UTC';
  expect(projectSentence({ ...prepare, gates: [refused] }, totals)).toBe(`source: ${waits}`);
  expect(projectSentence(project('prestage', { phase: 'prestage', gates: [refused] }), totals)).toBe(
    `pre-stage: 0 of 2 mailboxes ready; 2 mailboxes wait for the source: ${waits}`,
  );
});

test('an exception is a problem, or a message that was put aside, is missing or doubled', () => {
  const [plain] = reports(['done'], true);
  if (plain === undefined) throw new Error('no report');
  const problem = { code: 'destination.quota', text: 'full' } as const;
  const several = [
    plain,
    { ...plain, problem },
    { ...plain, counts: { ...NO_COUNTS, aside: 1 } },
    { ...plain, counts: { ...NO_COUNTS, doubled: 1 } },
  ];
  expect(totalsOf(several)).toMatchObject({ mailboxes: 4, exceptions: 3 });
});
