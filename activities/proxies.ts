import { BlockList, isIP } from 'node:net';
import { ProxyFailed, type ProxyFor } from '../entra/proxies.ts';

/** The proxies that the environment names. */
export interface Proxies {
  readonly forTokenService: ProxyFor;
  /** For IMAP, of `host` and `port`. Throws a ProxyFailed for one that cannot be used. */
  readonly forMailServer: (host: string, port: number) => URL | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** In the order in which they are looked for, in lower case before upper case, as curl does ("curl.1", Environment). */
const TOKEN_SERVICE = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];
/** Not HTTPS_PROXY: proxies for the web rarely connect to the ports of mail, and mail servers are often near. */
const MAIL_SERVER = ['IMAPS_PROXY', 'IMAP_PROXY', 'ALL_PROXY'];
const HTTP = ['http:', 'https:'];
const HTTP_AND_SOCKS = [...HTTP, 'socks:', 'socks4:', 'socks4a:', 'socks5:'];

/** What is behind NO_PROXY (names with what is below them, addresses, networks, `*`) and this machine are reached directly. */
export function createProxies(env: Environment): Proxies {
  const isDirect = exceptions(valueOf(env, 'NO_PROXY') ?? '');
  const proxyFor = (variables: readonly string[], schemes: readonly string[], host: string, port: number) =>
    isLoopback(host) || isDirect(host, port) ? undefined : proxyOf(env, variables, schemes);
  return {
    forTokenService: ({ hostname, port }) => proxyFor(TOKEN_SERVICE, HTTP, bare(hostname), Number(port || 443)),
    forMailServer: (host, port) => proxyFor(MAIL_SERVER, HTTP_AND_SOCKS, bare(host), port),
  };
}

function valueOf(env: Environment, variable: string): string | undefined {
  return [env[variable.toLowerCase()], env[variable]].find((value) => value !== undefined && value !== '');
}

/** The values hold passwords, so no message repeats one. */
function proxyOf(env: Environment, variables: readonly string[], schemes: readonly string[]): URL | undefined {
  const variable = variables.find((name) => valueOf(env, name) !== undefined);
  const value = variable === undefined ? undefined : valueOf(env, variable);
  if (variable === undefined || value === undefined) return undefined;
  const url = URL.parse(value.includes('://') ? value : `http://${value}`);
  if (url === null || url.hostname === '') throw new ProxyFailed(`${variable} does not hold the address of a proxy`);
  if (schemes.includes(url.protocol)) return url;
  const known = schemes.map((scheme) => `${scheme}//`).join(', ');
  throw new ProxyFailed(`${variable} names a proxy of another kind (${url.protocol}//) than ${known}`);
}

function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d+){3}$/.test(name);
}

/** An IPv6 address without its brackets. */
function bare(host: string): string {
  return host.replaceAll(/^\[|\]$/g, '').toLowerCase();
}

function exceptions(list: string): (host: string, port: number) => boolean {
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  const tests = entries.map((entry) => exception(entry.toLowerCase()));
  return (host, port) => tests.some((test) => test(host, port));
}

function exception(entry: string): (host: string, port: number) => boolean {
  if (entry === '*') return () => true;
  const network = /^(?<address>.+)\/(?<bits>\d{1,3})$/.exec(entry)?.groups;
  if (network !== undefined) return inNetwork(bare(network['address'] ?? ''), Number(network['bits']));
  const [, name = '', only] = isIP(entry) > 0 ? [entry, entry] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
  const suffix = bare(name).replace(/^\*?\./, '');
  return (host, port) =>
    (host === suffix || host.endsWith(`.${suffix}`)) && (only === undefined || Number(only) === port);
}

function inNetwork(address: string, bits: number): (host: string) => boolean {
  const kind = isIP(address);
  if (kind === 0 || bits > (kind === 4 ? 32 : 128)) return () => false;
  const networks = new BlockList();
  networks.addSubnet(address, bits, kind === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) === kind && networks.check(host, kind === 4 ? 'ipv4' : 'ipv6');
}
