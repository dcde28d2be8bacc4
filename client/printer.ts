import { clean, cleanAll, safeJson } from './clean.ts';
import { failureScreen } from './screens/failure.ts';
import { themeFor, type Theme } from './theme.ts';
import type { Io } from './io.ts';
import type { FailureReport } from './exit.ts';

/** Data, and how a person reads it. The text is made from data that was cleaned: a screen needs not think of it. */
export interface Screen<T> {
  readonly data: T;
  readonly text: (data: T, theme: Theme) => string;
}

/** Where a command's words go. Data goes to stdout, everything else to stderr. */
export interface Printer {
  readonly format: 'text' | 'json';
  /** The command's result. */
  readonly show: <T>(screen: Screen<T>) => void;
  /** The same for a result that is printed again and again: with JSON, one object on each line. */
  readonly showLine: <T>(screen: Screen<T>) => void;
  /** What a screen looks like as text on stdout, for who redraws it in place. */
  readonly render: <T>(screen: Screen<T>) => string;
  /** What a person looks at before answering a question: as text on stderr, and with JSON nowhere. */
  readonly present: <T>(screen: Screen<T>) => void;
  /** A word to the person at the terminal: one line on stderr. */
  readonly say: (line: string) => void;
  readonly fail: (report: FailureReport) => void;
}

/** Prints for people. */
export function textPrinter(io: Io): Printer {
  const theme = themeFor(io.stdout, io.env);
  const words = themeFor(io.stderr, io.env);
  const render = <T>({ data, text }: Screen<T>): string => text(cleanAll(data), theme);
  const show = <T>(screen: Screen<T>): void => void io.stdout.write(`${render(screen)}\n`);
  return {
    format: 'text',
    show,
    showLine: show,
    render,
    present: ({ data, text }) => void io.stderr.write(`${text(cleanAll(data), words)}\n`),
    say: (line) => void io.stderr.write(`${clean(line)}\n`),
    fail: (report) => void io.stderr.write(`${failureScreen(cleanAll(report), words)}\n`),
  };
}

/** Prints for programs: the data on stdout; errors as one object on stderr, where words are lines of text as well. */
export function jsonPrinter(io: Io): Printer {
  return {
    format: 'json',
    show: ({ data }) => void io.stdout.write(`${safeJson(data, 2)}\n`),
    showLine: ({ data }) => void io.stdout.write(`${safeJson(data)}\n`),
    render: ({ data }) => safeJson(data),
    present: () => undefined,
    say: (line) => void io.stderr.write(`${clean(line)}\n`),
    fail: (report) => void io.stderr.write(`${safeJson({ error: report })}\n`),
  };
}
