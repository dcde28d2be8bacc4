import { readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';

/** Environment variables, as in `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Where pip would look for packages on this machine. */
export interface PythonIndexes {
  /** Base URLs of simple indexes (PEP 503), in the order to ask; they may carry credentials. Empty with `no-index`. */
  readonly indexes: readonly URL[];
  /** `--find-links`: directories, or URLs of pages with links. */
  readonly findLinks: readonly string[];
  /** pip's certificate bundle, where one is configured. */
  readonly cert: string | undefined;
}

const publicIndex = 'https://pypi.org/simple/';

/** Sections whose values apply to a download, later ones first to last. */
const sections = ['global', 'install', 'download'];

type Settings = Map<string, string>;

/**
 * Reads what pip is configured with: its files (global, user, `PIP_CONFIG_FILE`), then its environment variables,
 * later ones winning, as pip's documentation ("Configuration", Precedence) has it. With nothing configured, the public
 * index that pip itself would use.
 */
export async function readPythonIndexes(env: Env, home: string, platform: NodeJS.Platform): Promise<PythonIndexes> {
  const settings: Settings = new Map();
  for (const file of configFiles(env, home, platform)) {
    const text = await readIfThere(file);
    if (text !== undefined) for (const [key, value] of parsePipConfig(text)) settings.set(key, value);
  }
  for (const key of ['index-url', 'extra-index-url', 'find-links', 'no-index', 'cert']) {
    const value = env[`PIP_${key.replaceAll('-', '_').toUpperCase()}`];
    if (value !== undefined) settings.set(key, value);
  }
  const noIndex = /^(1|true|yes|on|y|t)$/i.test(settings.get('no-index') ?? '');
  const indexes = noIndex ? [] : [settings.get('index-url') ?? publicIndex, ...words(settings.get('extra-index-url'))];
  return {
    indexes: indexes.map(asDirectory),
    findLinks: words(settings.get('find-links')),
    cert: settings.get('cert'),
  };
}

/** The settings of pip's INI file that apply to a download; a value may continue on indented lines. */
export function parsePipConfig(text: string): Settings {
  const bySection = new Map<string, Settings>();
  let section: Settings = new Map();
  let key: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    const setting = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    if (header?.[1] !== undefined) {
      section = bySection.get(header[1].trim()) ?? new Map<string, string>();
      bySection.set(header[1].trim(), section);
      key = undefined;
    } else if (/^\s/.test(line)) {
      if (key !== undefined) section.set(key, `${section.get(key) ?? ''}\n${line.trim()}`.trim());
    } else if (setting?.[1] !== undefined) {
      key = setting[1].toLowerCase().replaceAll('_', '-');
      section.set(key, (setting[2] ?? '').trim());
    }
  }
  return new Map(sections.flatMap((name) => Array.from(bySection.get(name) ?? [])));
}

function configFiles(env: Env, home: string, platform: NodeJS.Platform): readonly string[] {
  const explicit = env['PIP_CONFIG_FILE'];
  if (explicit === devNull) return [];
  return [...standardFiles(env, home, platform), ...(explicit === undefined ? [] : [explicit])];
}

function standardFiles(env: Env, home: string, platform: NodeJS.Platform): readonly string[] {
  if (platform === 'win32') {
    const roots = [env['ProgramData'], env['APPDATA']].filter((root) => root !== undefined);
    return [...roots.map((root) => join(root, 'pip', 'pip.ini')), join(home, 'pip', 'pip.ini')];
  }
  const shared =
    platform === 'darwin' ? ['/Library/Application Support'] : (env['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(':');
  const user = [env['XDG_CONFIG_HOME'] ?? join(home, '.config')];
  if (platform === 'darwin') user.push(join(home, 'Library', 'Application Support'));
  return [
    ...shared.map((root) => join(root, 'pip', 'pip.conf')),
    '/etc/pip.conf',
    join(home, '.pip', 'pip.conf'),
    ...user.map((root) => join(root, 'pip', 'pip.conf')),
    ...(env['VIRTUAL_ENV'] === undefined ? [] : [join(env['VIRTUAL_ENV'], 'pip.conf')]),
  ];
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // pip, too, passes over files that it cannot read.
    if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'ENOTDIR'].includes(String(error.code)))
      return undefined;
    throw error;
  }
}

function words(value: string | undefined): readonly string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}

function asDirectory(address: string): URL {
  if (!URL.canParse(address)) throw new Error(`pip is configured with an index that is not a URL: ${address}`);
  return new URL(address.endsWith('/') ? address : `${address}/`);
}
