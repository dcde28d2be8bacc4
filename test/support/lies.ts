/** What a lying server makes of a response: the vocabulary of the proxy in `lying-proxy.ts`, as plain data. */

/** One response as it came: lines without CRLF, as strings of bytes, and the literal that follows each but the last. */
export interface Heard {
  readonly lines: readonly string[];
  readonly literals: readonly Buffer[];
}

export type Lie =
  /** Only the first octets of the response arrive, then the connection ends. */
  | { readonly do: 'cut'; readonly after: number; readonly reset: boolean }
  /** Only the first octets of the response arrive, and nothing ever after. */
  | { readonly do: 'hang'; readonly after: number }
  /** Octets that nobody asked for. */
  | { readonly do: 'insert'; readonly text: string; readonly where: 'before' | 'after' }
  | { readonly do: 'bye'; readonly text: string; readonly leaves: boolean }
  | { readonly do: 'drop' }
  | { readonly do: 'repeat' }
  /** The response arrives after so many that were sent later. */
  | { readonly do: 'late'; readonly by: number }
  /** Another tag in front of a tagged response. */
  | { readonly do: 'retag'; readonly tag: string }
  /** Another word for OK, NO or BAD. */
  | { readonly do: 'status'; readonly status: string }
  /** The first literal is announced with another length. */
  | { readonly do: 'literal'; readonly more: number }
  /** One of the numbers outside of literals becomes another. */
  | { readonly do: 'number'; readonly which: number; readonly value: string }
  /** Octets outside of literals become others. */
  | { readonly do: 'octets'; readonly at: number; readonly remove: number; readonly insert: string }
  /** From here on everything arrives in pieces of so many octets. */
  | { readonly do: 'split'; readonly size: number };

/** What goes to the client instead, and what becomes of the connection. */
export interface Told {
  readonly octets: Buffer;
  readonly after: 'go on' | 'close' | 'reset' | 'hang';
  /** Held back until so many further responses have gone out. */
  readonly late?: number;
  /** The size of all further pieces. */
  readonly split?: number;
}

const CRLF = '\r\n';

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The octets of a response. */
export function written({ lines, literals }: Heard): Buffer {
  return Buffer.concat(lines.flatMap((line, at) => [bytes(line + CRLF), literals[at] ?? bytes('')]));
}

function telling(octets: Buffer, after: Told['after'] = 'go on'): Told {
  return { octets, after };
}

/** Changes the lines as if they were one text. */
function withText(heard: Heard, change: (text: string) => string): Buffer {
  const lines = change(heard.lines.join('\n')).split('\n');
  return written({ ...heard, lines });
}

function withNumber(text: string, which: number, value: string): string {
  const numbers = [...text.matchAll(/\d+/g)];
  const chosen = numbers[which % Math.max(1, numbers.length)];
  if (chosen === undefined) return text;
  return text.slice(0, chosen.index) + value + text.slice(chosen.index + chosen[0].length);
}

function withOctets(text: string, { at, remove, insert }: Extract<Lie, { do: 'octets' }>): string {
  const start = at % (text.length + 1);
  return text.slice(0, start) + insert.replaceAll('\n', ' ') + text.slice(start + remove);
}

function withLiteral(text: string, more: number): string {
  return text.replace(/\{(\d+)\}(?=\n|$)/, (_, digits: string) => `{${Math.max(0, Number(digits) + more)}}`);
}

/** What a server that tells this lie says instead of a response. */
export function tell(heard: Heard, lie: Lie): Told {
  const truth = written(heard);
  const tagged = (pattern: RegExp, word: string): Told =>
    telling(withText(heard, (text) => (text.startsWith('*') ? text : text.replace(pattern, word))));
  switch (lie.do) {
    case 'cut':
      return telling(truth.subarray(0, lie.after), lie.reset ? 'reset' : 'close');
    case 'hang':
      return telling(truth.subarray(0, lie.after), 'hang');
    case 'insert':
      return telling(Buffer.concat(lie.where === 'before' ? [bytes(lie.text), truth] : [truth, bytes(lie.text)]));
    case 'bye':
      return telling(bytes(`* BYE ${lie.text}${CRLF}`), lie.leaves ? 'close' : 'hang');
    case 'drop':
      return telling(bytes(''));
    case 'repeat':
      return telling(Buffer.concat([truth, truth]));
    case 'late':
      return { ...telling(truth), late: lie.by };
    case 'retag':
      return tagged(/^[^ +*]+(?= )/, lie.tag);
    case 'status':
      return tagged(/(?<=^[^ +*]+ )(?:OK|NO|BAD)/, lie.status);
    case 'literal':
      return telling(withText(heard, (text) => withLiteral(text, lie.more)));
    case 'number':
      return telling(withText(heard, (text) => withNumber(text, lie.which, lie.value)));
    case 'octets':
      return telling(withText(heard, (text) => withOctets(text, lie)));
    case 'split':
      return { ...telling(truth), split: lie.size };
    default:
      return lie satisfies never;
  }
}
