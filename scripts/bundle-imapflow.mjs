/**
 * Puts imapflow into the one file that uses it, since loading its hundred files takes longer than logging in. What it needs for
 * mail itself, for logs and for SOCKS takes longest, and a login without a proxy calls none of it: that is put into a file
 * beside it, which is loaded when the first of it is called.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const USER = join('imap', 'connect.js');
const SELDOM_FILE = 'imapflow-seldom.cjs';

/** Packages that imapflow imports, with what it imports of each. */
const SELDOM = {
  '@zone-eu/mailsplit': ['Headers'],
  '@zone-eu/mailsplit/lib/flowed-decoder.js': ['default'],
  'encoding-japanese': ['default'],
  'iconv-lite': ['default'],
  libbase64: ['default'],
  libmime: ['default'],
  libqp: ['default'],
  pino: ['default'],
  socks: ['SocksClient'],
};

const IMAPFLOW = dirname(fileURLToPath(import.meta.resolve('imapflow/package.json')));

const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  logLevel: 'error',
};

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

/** In place of each export stands what loads it when it is called, constructed or asked for a member. */
const seldom = {
  name: 'seldom',
  setup: (builder) => {
    const names = Object.keys(SELDOM).map((name) => name.replaceAll(/[./]/g, String.raw`\$&`));
    builder.onResolve({ filter: new RegExp(`^(?:${names.join('|')})$`) }, ({ path, importer }) =>
      importer.startsWith(IMAPFLOW + sep) ? { path, namespace: 'seldom' } : undefined,
    );
    builder.onResolve({ filter: new RegExp(`${SELDOM_FILE}$`) }, ({ path }) => ({ path, external: true }));
    builder.onLoad({ filter: /./, namespace: 'seldom' }, ({ path }) => ({ contents: standIn(path) }));
  },
};

function standIn(name) {
  const exported = SELDOM[name].map((member) => {
    const value = member === 'default' ? 'load()' : `load().${member}`;
    return member === 'default'
      ? `export default called(() => ${value});`
      : `export const ${member} = called(() => ${value});`;
  });
  return `
    const load = () => require('./${SELDOM_FILE}')[${JSON.stringify(name)}];
    const called = (value) => new Proxy(function () {}, {
      get: (_, member) => value()[member],
      apply: (_, self, args) => Reflect.apply(value(), self, args),
      construct: (_, args) => Reflect.construct(value(), args),
    });
    ${exported.join('\n')}
  `;
}

/** `compiled`: the folder into which the rooms were compiled; packages are found from there. */
export async function bundleImapflow(compiled) {
  const outfile = join(compiled, USER);
  const inputs = await bundle({ entryPoints: [outfile], outfile, allowOverwrite: true, plugins: [ours, seldom] });
  writeFileSync(join(compiled, 'imap', 'LICENSES.txt'), licences(inputs));
}

/** One file with a program of ours and all that it imports. */
export async function bundleProgram(entry, outfile) {
  await bundle({ entryPoints: [entry], outfile, plugins: [seldom] });
}

/** Gives the files that went into it. */
async function bundle(options) {
  const main = await build({ ...COMMON, ...options, format: 'esm', banner: { js: REQUIRE } });
  const members = Object.keys(SELDOM).map((name) => `get ${JSON.stringify(name)}() { return require('${name}'); }`);
  const aside = await build({
    ...COMMON,
    stdin: { contents: `module.exports = { ${members.join(', ')} };`, resolveDir: IMAPFLOW },
    outfile: join(dirname(options.outfile), SELDOM_FILE),
    format: 'cjs',
  });
  return [...Object.keys(main.metafile.inputs), ...Object.keys(aside.metafile.inputs)];
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
