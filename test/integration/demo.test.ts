import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporalCliPath } from '../support/context.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));
/** Below a minute on two quiet cores; other tests run beside it. */
const PATIENCE_MS = 600_000;

/** Of what it printed, where it failed. */
const TOLD_CHARACTERS = 2_000;

/** What the road out of Microsoft 365 has to show, beside the mail. */
const STORY = [
  /^ {2}no {2}anna\.schmidt@old\.example: access\.refused$/m,
  /source: refused .*, permissions young, next try /,
  /Permissions given less than an hour ago look like this/,
  /next: nothing yet; it is tried again by itself/,
  /The old side throttles hiroshi\.tanaka@old\.example/,
  /^ines\.silva@old\.example → ines\.silva@new\.example {2}refused$/m,
  /server: BAD User is authenticated but not connected\./,
  /; (?:[2-9]|\d\d+) were asked for, and no session/,
] as const;

/** Everything that the demonstration makes lies here, and each server that it starts has this path among its arguments. */
let scratch: string;
let demo: ChildProcess | undefined;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'mailferry-demo-'));
  // Dovecot's processes run as other users.
  await chmod(scratch, 0o755);
});

afterEach(async () => {
  if (demo?.exitCode === null && demo.signalCode === null) {
    const gone = once(demo, 'close');
    demo.kill('SIGTERM');
    await gone;
  }
  await rm(scratch, { recursive: true, force: true });
});

interface Run {
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves when this has been printed. */
  readonly says: (words: string) => Promise<void>;
  readonly ended: Promise<number | null>;
  readonly interrupt: () => void;
}

function runDemo(): Run {
  const child = spawn(process.execPath, [SCRIPT, '--home', join(scratch, 'home')], {
    env: { ...process.env, TEMPORAL_CLI_PATH: temporalCliPath(), TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demo = child;
  let text = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    output: () => text,
    errors: () => errors,
    says: async (words) => {
      while (!text.includes(words)) {
        const more = once(child.stdout, 'data').then(() => true);
        const goesOn = await Promise.race([more, ended.then(() => false)]);
        if (!goesOn) throw new Error(`the demonstration ended without having said "${words}": ${errors}`);
      }
    },
    ended,
    interrupt: () => void child.kill('SIGINT'),
  };
}

function processesLeft(): readonly string[] {
  const all = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(scratch));
}

/** Dovecot's mail and state. */
async function mailFoldersLeft(): Promise<readonly string[]> {
  return (await readdir(scratch)).filter((name) => name.startsWith('mailferry-dovecot-'));
}

test(
  'the demonstration moves every message once, says so in its last line, and leaves nothing running',
  async () => {
    const run = runDemo();
    const exit = await run.ended;
    expect(exit, `${run.errors()}\n${run.output().slice(-TOLD_CHARACTERS)}`).toBe(0);
    const lines = run.output().trimEnd().split('\n');
    const [, messages, identical] =
      /^demo: (\d+) messages, (\d+) identical, 0 missing, 0 doubled$/.exec(lines.at(-1) ?? '') ?? [];
    expect(Number(messages)).toBeGreaterThan(3_000);
    expect(identical).toBe(messages);
    for (const words of STORY) expect(run.output()).toMatch(words);
    expect(processesLeft()).toEqual([]);
    expect(await mailFoldersLeft()).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  'the demonstration stops at Ctrl-C in the middle of a pass, and leaves nothing running',
  async () => {
    const run = runDemo();
    await run.says('pre-stage (');
    run.interrupt();
    expect(await run.ended).toBe(130);
    expect(run.output()).not.toContain('demo: ');
    expect(processesLeft()).toEqual([]);
    expect(await mailFoldersLeft()).toEqual([]);
  },
  PATIENCE_MS,
);
