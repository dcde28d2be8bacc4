import type { Side } from '../model/project.ts';
import type { CorpusPlan } from './corpus.ts';

/** One situation in which tools are compared. */
export interface BenchCase {
  readonly name: CaseName;
  /** For people. */
  readonly about: string;
  readonly corpus: CorpusPlan;
  /** The sides that are reached through a wire with a delay. */
  readonly delayed: readonly Side[];
  /** What the destination keeps to itself; it still understands it, so clients have to go by what is announced. */
  readonly unannounced: readonly string[];
}

export const CASE_NAMES = ['small', 'mixed', 'wan', 'wan-pipelined'] as const;
export type CaseName = (typeof CASE_NAMES)[number];

/** Of the delayed wire, each way; half a round trip. */
export const DELAY_MS = 20;

const SMALL: CorpusPlan = {
  seed: 1,
  messages: 60_000,
  bytes: 60_000 * 4_800,
  spread: 0.15,
  folders: [{ path: 'INBOX', share: 1 }],
};

const MIXED: CorpusPlan = {
  seed: 2,
  messages: 13_500,
  bytes: 830_000_000,
  spread: 1.6,
  folders: [
    { path: 'INBOX', share: 0.5 },
    { path: 'Sent', share: 0.3 },
    { path: 'Projects', share: 0.2 },
  ],
};

const WAN: CorpusPlan = {
  seed: 3,
  messages: 2_000,
  bytes: 143_000_000,
  spread: 1.6,
  folders: [{ path: 'INBOX', share: 1 }],
};

const CASES: Readonly<Record<CaseName, Omit<BenchCase, 'name'>>> = {
  small: { about: 'messages of 4.8 kB in one folder', corpus: SMALL, delayed: [], unannounced: [] },
  mixed: { about: 'log-normal sizes in three folders', corpus: MIXED, delayed: [], unannounced: [] },
  wan: { about: 'a destination 40 ms away', corpus: WAN, delayed: ['destination'], unannounced: [] },
  'wan-pipelined': {
    about: 'a destination 40 ms away without MULTIAPPEND',
    corpus: WAN,
    delayed: ['destination'],
    unannounced: ['MULTIAPPEND'],
  },
};

/** A case with its corpus reduced to a part, for trying things out; 1 is the whole. */
export function benchCase(name: CaseName, scale: number): BenchCase {
  const { corpus, ...rest } = CASES[name];
  const part = (number: number): number => Math.max(1, Math.round(number * scale));
  return { name, ...rest, corpus: { ...corpus, messages: part(corpus.messages), bytes: part(corpus.bytes) } };
}
