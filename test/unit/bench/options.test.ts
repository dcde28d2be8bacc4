import { describe, expect, it } from 'vitest';
import { BadArguments, parseOptions } from '../../../bench/options.ts';

describe('the arguments of the bench', () => {
  it('without any ask for everything, three times', () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ bench: 'copy', runs: 3, scale: 1, json: false, save: false });
    expect(options.cases).toEqual(['small', 'mixed', 'wan', 'wan-pipelined']);
    expect(options.tools.map(({ name }) => name)).toEqual([
      'mailferry',
      'limit',
      'interimap',
      'dsync',
      'mbsync',
      'imapflow-loop',
    ]);
  });

  it('choose cases and tools, in the order of the table', () => {
    const options = parseOptions(['copy', '--case', 'wan, small', '--tool', 'limit,mailferry', '--json']);
    expect(options.cases).toEqual(['small', 'wan']);
    expect(options.tools.map(({ name }) => name)).toEqual(['mailferry', 'limit']);
    expect(options.json).toBe(true);
  });

  it.each([
    [['--case', 'large'], 'there is no case large; there are small, mixed, wan, wan-pipelined'],
    [['--tool', 'rsync'], 'there is no tool rsync'],
    [['copy', 'memory'], 'one bench at a time'],
    [['speed'], 'there is no bench speed'],
    [['--runs', '0'], '--runs takes a whole number'],
    [['--runs', '2.5'], '--runs takes a whole number'],
    [['--scale', '2'], '--scale takes a number above 0 and up to 1'],
    [['--scale', 'much'], '--scale takes a number'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j are refused with what would do', (args, why) => {
    expect(() => parseOptions(args)).toThrow(BadArguments);
    expect(() => parseOptions(args)).toThrow(why);
  });
});
