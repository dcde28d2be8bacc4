import { describe, expect, it } from 'vitest';
import { judge, median, medianRun, speedUp, type BenchResult } from '../../../bench/results.ts';
import { copyReport, markdownTable } from '../../../bench/table.ts';

function result(tool: string, seconds: number): BenchResult {
  return { case: 'small', tool, seconds, messages: 60_000, bytes: 288e6, cpuSeconds: 1, peakRssBytes: 100e6 };
}

describe('the median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('of an even number is the mean of the two in the middle', () => {
    expect(median([8, 1, 2, 4])).toBe(3);
  });

  it('of nothing does not exist', () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it('is taken of each quantity by itself', () => {
    const runs = [
      { seconds: 1, cpuSeconds: 30, peakRssBytes: 2 },
      { seconds: 2, cpuSeconds: 10, peakRssBytes: 3 },
      { seconds: 3, cpuSeconds: 20, peakRssBytes: 1 },
    ];
    expect(medianRun(runs)).toEqual({ seconds: 2, cpuSeconds: 20, peakRssBytes: 2 });
  });
});

describe('what is required', () => {
  it('compares the seconds of the same case', () => {
    expect(speedUp([result('mailferry', 2), result('interimap', 5)], 'small', 'interimap')).toBe(2.5);
  });

  it('is not judged where one of the tools did not run', () => {
    expect(judge([result('mailferry', 2), result('dsync', 5)])).toEqual([]);
  });

  it('is met at the very ratio, and not below', () => {
    expect(judge([result('mailferry', 2), result('interimap', 3)])).toMatchObject([{ met: true }]);
    expect(judge([result('mailferry', 2), result('interimap', 2.9)])).toMatchObject([{ met: false }]);
  });

  it('lets the engine take 1.4 times as long as the limit', () => {
    expect(judge([result('mailferry', 1.39), result('limit', 1)])).toMatchObject([{ met: true }]);
    expect(judge([result('mailferry', 1.41), result('limit', 1)])).toMatchObject([{ met: false }]);
  });
});

describe('the report', () => {
  it('tells speed, processor time, memory and how mailferry compares', () => {
    const report = copyReport([result('mailferry', 2), result('interimap', 5)]);
    expect(report).toContain('### small: 60,000 messages, 288 MB');
    expect(report).toMatch(/\| interimap +\| +12,000 \| +58 \| +5\.00 \| +1\.00 \| +100 \| +2\.50 × \|/);
    expect(report).toMatch(/small, mailferry to interimap \| 1\.50 × \(aim 2\.00 ×\) \| +2\.50 × \| +met \|/);
  });

  it('is a table in Markdown', () => {
    expect(markdownTable(['a', 'number'], [['long word', '1']])).toBe(
      '| a         | number |\n| --------- | -----: |\n| long word |      1 |',
    );
  });
});
