/**
 * Puts imapflow and what it needs into the one compiled file that uses it. Loading its hundred files takes longer than logging
 * in, and most of them (decoders, MIME) are never called. The licences of what was put in are kept beside it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { build } from 'esbuild';

const USER = join('imap', 'connect.js');

/** CommonJS packages among them ask for Node's own modules at run time. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Everything of ours stays where it is. */
const ours = {
  name: 'ours',
  setup: (builder) => {
    builder.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) =>
      importer.includes(`${sep}node_modules${sep}`) ? undefined : { path, external: true },
    );
  },
};

/** `compiled`: the folder into which the rooms were compiled; packages are found from there. */
export async function bundleImapflow(compiled) {
  const outfile = join(compiled, USER);
  const { metafile } = await build({
    entryPoints: [outfile],
    outfile,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: REQUIRE },
    plugins: [ours],
    metafile: true,
    logLevel: 'error',
  });
  writeFileSync(join(compiled, 'imap', 'LICENSES.txt'), licences(Object.keys(metafile.inputs)));
}

function licences(inputs) {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []));
  return [...folders]
    .toSorted((a, b) => a.localeCompare(b))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const files = readdirSync(folder).filter((entry) => /^licen[cs]e/i.test(entry));
      const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
      return [`${name} ${version}`, `Licence: ${license}`, ...texts].join('\n\n').concat('\n');
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
