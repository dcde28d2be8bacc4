import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that wait for minutes, whatever the machine: begun last, they would run alone at the end. */
const LONG_WAITS = ['temporal-outage.test.ts', 'one-writer.test.ts'];

/** The usual order, but for files that mostly wait: the others run beside them. */
export class LongWaitsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's method, not an array's
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONG_WAITS.findIndex((name) => moduleId.endsWith(name));
  return at === -1 ? LONG_WAITS.length : at;
}
