import { describe, expect, it } from 'vitest';
import { failureOf, reportOf } from '../../../client/exit.ts';
import { Failure } from '../../../client/failure.ts';

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name }, more);
}

function grpc(code: number): Error {
  return named('ServiceError', 'call failed', { cause: named('Error', 'grpc', { code, metadata: {} }) });
}

describe('the switch from errors to exit codes', () => {
  it.each([
    ['TemporalUnreachable', 'temporal.unreachable', 5],
    ['TemporalRefused', 'temporal.refused', 4],
    ['TemporalConfigInvalid', 'temporal.config', 2],
    ['TemporalCliNotFound', 'temporal.binary', 5],
    ['SearchAttributesMissing', 'temporal.search-attributes', 5],
    ['DevServerFailed', 'temporal.server', 5],
    ['NamespaceNotFoundError', 'temporal.namespace', 2],
    ['WorkflowExecutionAlreadyStartedError', 'project.exists', 2],
    ['CommanderError', 'command.usage', 2],
  ])('takes %s for %s', (name, code, exit) => {
    expect(reportOf(named(name, 'text'), false)).toMatchObject({ code, exit, what: 'text' });
  });

  it('takes what it does not know for a bug, with the stack only where it is asked for', () => {
    const report = reportOf(new TypeError('x is not a function'), false);
    expect(report).toMatchObject({ code: 'us.bug', exit: 1, what: 'x is not a function' });
    expect(report).not.toHaveProperty('stack');
    expect(reportOf(new TypeError('x is not a function'), true).stack?.length).toBeGreaterThan(1);
  });

  it('takes the code that a workflow refused an update with', () => {
    const cause = named('ApplicationFailure', '2 of 3 mailboxes are ready', { type: 'project.not-ready' });
    const error = named('WorkflowUpdateFailedError', 'Workflow Update failed', { cause });
    expect(reportOf(error, false)).toMatchObject({
      code: 'project.not-ready',
      exit: 2,
      what: '2 of 3 mailboxes are ready',
      why: [],
    });
  });

  it('takes a refusal with a code of no table for a bug', () => {
    const cause = named('ApplicationFailure', 'text', { type: 'made.up' });
    expect(failureOf(named('WorkflowUpdateFailedError', 'failed', { cause })).code).toBe('us.bug');
  });

  it('tells a busy Temporal from one that refuses', () => {
    expect(failureOf(grpc(14)).code).toBe('temporal.unreachable');
    expect(failureOf(grpc(7)).code).toBe('temporal.refused');
    expect(failureOf(grpc(3)).code).toBe('us.bug');
  });

  it('names every line of a project file that is wrong', () => {
    const error = named('ProjectRefusal', 'p.yaml:1:1 schema: missing\np.yaml:4:3 port: 0', { code: 'project.file' });
    expect(reportOf(error, false)).toMatchObject({
      exit: 2,
      what: 'The project file is not valid.',
      why: ['p.yaml:1:1 schema: missing', 'p.yaml:4:3 port: 0'],
    });
  });

  it('keeps the next step that an error of the seal brings', () => {
    const error = named('SealError', 'no key', { code: 'seal.key-missing', next: 'copy it' });
    expect(reportOf(error, false)).toMatchObject({ code: 'seal.key-missing', exit: 2, next: 'copy it' });
  });

  it('says which file stands in the way', () => {
    const error = named('Error', "EACCES: permission denied, open '/x'", {
      syscall: 'open',
      path: '/x',
      code: 'EACCES',
    });
    expect(reportOf(error, false)).toMatchObject({ code: 'command.file', exit: 2 });
  });

  it('gives each reason once', () => {
    const failure = new Failure('temporal.unreachable', 'A: B', { cause: new Error('B', { cause: new Error('C') }) });
    expect(reportOf(failure, false).why).toEqual(['C']);
  });
});
