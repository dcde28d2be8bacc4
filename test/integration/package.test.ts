import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const minutes = 60_000;
const root = join(import.meta.dirname, '..', '..');

/** What npm sets for its scripts would point an npm called by them at this checkout. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: 4 * minutes });
  return stdout;
}

describe('the package', () => {
  let directory: string;
  let mailferry: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mailferry-package-'));
    await run('npm', ['pack', '--pack-destination', directory], root);
    const tarball = (await readdir(directory)).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack made no tarball');
    const install = ['install', '--prefix', directory, '--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', [...install, join(directory, tarball)], directory);
    mailferry = join(directory, 'node_modules', '.bin', 'mailferry');
  }, 8 * minutes);

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('holds what was built and the documents, and no sources or tests', async () => {
    const installed = join(directory, 'node_modules', 'mailferry');
    const files = (await readdir(installed, { recursive: true })).filter((path) => !path.startsWith('node_modules'));
    for (const file of [
      'bin/mailferry.mjs',
      'dist/client/main.js',
      'dist/workflow-bundle.js',
      'README.md',
      'LICENSE',
    ]) {
      expect(files).toContain(file);
    }
    expect(files.filter((path) => /\.ts$|^(test|sandbox|scripts)\b/.test(path))).toEqual([]);
  });

  it('tells its version where it is installed', async () => {
    const version = (await run(mailferry, ['--version'], directory)).trim();
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ version });
  });

  it("prints the project file's schema where it is installed", async () => {
    const schema: unknown = JSON.parse(await run(mailferry, ['schema'], directory));
    expect(schema).toMatchObject({ type: 'object' });
  });
});
