import { parseArgs } from 'node:util';
import { CASE_NAMES, type CaseName } from './cases.ts';
import { TOOLS } from './tools/all.ts';
import type { Tool } from './tools/tool.ts';

export const BENCHES = ['copy', 'memory', 'codec', 'lists', 'workflow', 'exchange'] as const;
export type BenchName = (typeof BENCHES)[number];

export interface BenchOptions {
  readonly bench: BenchName;
  readonly cases: readonly CaseName[];
  readonly tools: readonly Tool[];
  readonly runs: number;
  readonly scale: number;
  readonly connections: number;
  readonly json: boolean;
  readonly save: boolean;
  readonly installPeers: boolean;
  readonly help: boolean;
}

/** The arguments make no sense; the message says which and what would. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

export const USAGE = `npm run bench -- [copy | memory | codec | lists | workflow | exchange] [options]

  copy       mailferry beside other tools, from one Dovecot to another (the default)
  memory     what copies of 500,000 messages and of one message of 150 MB hold at most
  codec      how long and how large ledgers of 500,000 messages are
  lists      how long lists of 50,000 mailboxes take to read
  workflow   a mailbox copied by its workflow beside the engine alone
  exchange   copies to a far Exchange beside a plain loop, and mailboxes beside one that is throttled

  --case a,b        only these of ${CASE_NAMES.join(', ')}
  --tool a,b        only these of ${TOOLS.map(({ name }) => name).join(', ')}
  --runs N          of each tool; the median counts (3)
  --scale X         a part of each corpus, such as 0.1 (1)
  --connections N   of mailferry and limit to each side (2, as in projects)
  --json            results on standard output as JSON
  --save            results into bench/RESULTS.md
  --install-peers   first installs what is missing of Dovecot, isync and interimap with apt-get
`;

/** Throws BadArguments. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const [bench = 'copy', ...more] = positionals;
  if (more.length > 0) throw new BadArguments(`one bench at a time, not also ${more.join(' ')}`);
  return {
    bench: oneOf(bench, BENCHES, 'bench'),
    cases: listed(values.case, CASE_NAMES, 'case'),
    tools: toolsOf(values.tool),
    runs: whole(values.runs, 'runs'),
    scale: part(values.scale),
    connections: whole(values.connections, 'connections'),
    json: values.json,
    save: values.save,
    installPeers: values['install-peers'],
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        case: { type: 'string' },
        tool: { type: 'string' },
        runs: { type: 'string', default: '3' },
        scale: { type: 'string', default: '1' },
        connections: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
        save: { type: 'boolean', default: false },
        'install-peers': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function toolsOf(text: string | undefined): readonly Tool[] {
  const names = listed(
    text,
    TOOLS.map(({ name }) => name),
    'tool',
  );
  return TOOLS.filter(({ name }) => names.includes(name));
}

/** All when none are named. */
function listed<Name extends string>(text: string | undefined, known: readonly Name[], what: string): readonly Name[] {
  if (text === undefined) return known;
  const named = new Set(text.split(',').map((name) => oneOf(name.trim(), known, what)));
  return known.filter((name) => named.has(name));
}

function oneOf<Name extends string>(name: string, known: readonly Name[], what: string): Name {
  const found = known.find((each) => each === name);
  if (found === undefined) throw new BadArguments(`there is no ${what} ${name}; there are ${known.join(', ')}`);
  return found;
}

function whole(text: string, what: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new BadArguments(`--${what} takes a whole number from 1 to 999, not ${text}`);
  return Number(text);
}

function part(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new BadArguments(`--scale takes a number above 0 and up to 1, not ${text}`);
  return value;
}
