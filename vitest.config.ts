import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongWaitsFirst } from './test/support/long-waits-first.ts';

/** Where `npm test` and CI want a report that a program can read, beside what people see. */
const reports = process.env['MAILFERRY_TEST_REPORTS'];

/**
 * Three kinds of tests: `unit` needs nothing but Node; `sweeps` interrupt copies at every point of failure, which takes a
 * minute; `integration` runs on one real Temporal server per run and on real IMAP servers. Integration files wait more
 * than they compute, so two of them share the cores.
 */
export default defineConfig({
  test: {
    passWithNoTests: true,
    sequence: { sequencer: LongWaitsFirst },
    reporters: reports === undefined ? ['default'] : ['default', 'json'],
    ...(reports !== undefined && { outputFile: { json: join(reports, `${process.pid}.json`) } }),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          pool: 'threads',
          // Modules are loaded once per thread, not once per file, which takes half the time: no module of ours keeps state.
          isolate: false,
          // No unit test asserts time, and a machine may be busy.
          testTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'sweeps',
          include: ['test/sweeps/**/*.test.ts'],
          pool: 'threads',
          testTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          pool: 'forks',
          maxWorkers: 2,
          // What a test waits for has limits of its own, which say what was not seen; a busy machine reaches several of them.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // A second, as usual, is what a busy machine takes for one answer.
          expect: { poll: { timeout: 60_000 } },
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
