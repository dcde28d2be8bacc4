import { describe, expect, it } from 'vitest';
import { childSeconds, measure, ProgramFailed } from '../../../bench/measure.ts';
import { peakRssIn } from '../../../bench/process-tree.ts';
import { groupIsAlive } from '../../support/process-group.ts';

function node(script: string): { readonly command: string; readonly args: readonly string[] } {
  return { command: process.execPath, args: ['-e', script] };
}

describe('a measured program', () => {
  it('is given its input, and its output comes back with what it used', async () => {
    const script = `
      const held = Buffer.alloc(150e6, 1);
      const until = performance.now() + 300;
      process.stdin.on('data', (text) => {
        while (performance.now() < until);
        console.log(text.toString().toUpperCase(), held.length > 0);
      });`;
    const run = await measure({ ...node(script), stdin: 'hello' }, 20_000);
    expect(run.stdout).toBe('HELLO true\n');
    expect(run.seconds).toBeGreaterThan(0.2);
    expect(run.cpuSeconds).toBeGreaterThan(0.05);
    expect(run.peakRssBytes).toBeGreaterThan(150e6);
    expect(run.peakRssBytes).toBeLessThan(400e6);
  });

  it('that fails is told of with its code and its last words', async () => {
    const failing = measure(node(`console.error('the disk is full'); process.exit(3)`), 20_000);
    await expect(failing).rejects.toThrow(ProgramFailed);
    await expect(failing).rejects.toThrow(/ended with 3 after .*: the disk is full/);
  });

  it('that takes too long is ended, with what it has started', async () => {
    const hanging = measure({ command: 'sh', args: ['-c', 'echo $$ >&2; sleep 600 & wait'] }, 300);
    const error: unknown = await hanging.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProgramFailed);
    expect(String(error)).toContain('SIGKILL');
    const [, pid = ''] = /: (\d+)$/.exec(String(error)) ?? [];
    expect(Number(pid)).toBeGreaterThan(0);
    await expect.poll(() => groupIsAlive(Number(pid))).toBe(false);
  });

  it('that does not exist fails too', async () => {
    await expect(measure({ command: '/nowhere/mail-copier', args: [] }, 5_000)).rejects.toThrow(/ended with 127/);
  });
});

describe('what the system tells', () => {
  it('is read from the second line of times', () => {
    expect(childSeconds('0m0.010s 0m0.000s\n1m2.500s 0m0.250s\n')).toBe(62.75);
    expect(() => childSeconds('')).toThrow(/cannot be read/);
  });

  it('is the high water mark of memory, and nothing of a process that is gone', () => {
    expect(peakRssIn('Name:\tnode\nVmPeak:\t  900 kB\nVmHWM:\t    250 kB\nVmRSS:\t  100 kB\n')).toBe(256_000);
    expect(peakRssIn('')).toBe(0);
  });
});
