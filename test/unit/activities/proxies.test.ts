import { describe, expect, test } from 'vitest';
import { createProxies, type Environment } from '../../../activities/proxies.ts';
import { ProxyFailed } from '../../../entra/proxies.ts';

const TOKENS = new URL('https://login.microsoftonline.com/contoso/oauth2/v2.0/token');

function forTokens(env: Environment, target = TOKENS): string | undefined {
  return createProxies(env).forTokenService(target)?.host;
}

function forMail(env: Environment, host = 'imap.example.org', port = 993): string | undefined {
  return createProxies(env).forMailServer(host, port)?.host;
}

describe('the proxy of the token service', () => {
  test.each<[string, Environment, string | undefined]>([
    ['nothing', {}, undefined],
    ['an empty variable', { HTTPS_PROXY: '' }, undefined],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://web:3128' }, 'web:3128'],
    ['HTTPS_PROXY without a scheme', { HTTPS_PROXY: 'web:3128' }, 'web:3128'],
    ['the lower case first', { https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1' }, 'lower:1'],
    [
      'HTTPS_PROXY before the others',
      { HTTP_PROXY: 'http://b:1', HTTPS_PROXY: 'http://a:1', ALL_PROXY: 'http://c:1' },
      'a:1',
    ],
    ['HTTP_PROXY', { HTTP_PROXY: 'http://b:1', ALL_PROXY: 'http://c:1' }, 'b:1'],
    ['ALL_PROXY', { ALL_PROXY: 'http://c:1' }, 'c:1'],
    ['not IMAPS_PROXY', { IMAPS_PROXY: 'http://mail:1' }, undefined],
  ])('is told by %s', (_, env, host) => {
    expect(forTokens(env)).toBe(host);
  });

  test.each([
    ['*', undefined],
    ['login.microsoftonline.com', undefined],
    ['.microsoftonline.com', undefined],
    ['*.microsoftonline.com', undefined],
    ['example.org, MICROSOFTONLINE.com', undefined],
    ['login.microsoftonline.com:443', undefined],
    ['login.microsoftonline.com:8443', 'web:1'],
    ['crosoftonline.com', 'web:1'],
    ['10.0.0.0/8', 'web:1'],
    ['', 'web:1'],
  ])('with NO_PROXY %j is %s', (list, host) => {
    expect(forTokens({ HTTPS_PROXY: 'http://web:1', NO_PROXY: list })).toBe(host);
  });

  test.each([
    ['10.1.2.3', '10.0.0.0/8', undefined],
    ['10.1.2.3', '10.1.2.3', undefined],
    ['11.1.2.3', '10.0.0.0/8', 'web:1'],
    ['[fd00::7]', 'fd00::/8', undefined],
    ['[fd00::7]', 'fd00::7', undefined],
    ['127.0.0.1', '', undefined],
    ['localhost', '', undefined],
    ['[::1]', '', undefined],
  ])('for the address %s with NO_PROXY %j is %s', (address, list, host) => {
    const env = { HTTPS_PROXY: 'http://web:1', NO_PROXY: list };
    expect(forTokens(env, new URL(`https://${address}/`))).toBe(host);
  });

  test.each([
    ['another kind', 'socks5://ferry:canary@web:1080'],
    ['no address', 'http://ferry:canary@'],
  ])('of %s is refused without its password', (_, value) => {
    const ask = (): unknown => forTokens({ HTTPS_PROXY: value });
    expect(ask).toThrow(ProxyFailed);
    expect(ask).toThrow(/^HTTPS_PROXY (?!.*canary)/);
  });
});

describe('the proxy of a mail server', () => {
  test.each<[string, Environment, string | undefined]>([
    ['not HTTPS_PROXY', { HTTPS_PROXY: 'http://web:3128' }, undefined],
    ['IMAPS_PROXY', { IMAPS_PROXY: 'http://mail:1', ALL_PROXY: 'socks5://all:1' }, 'mail:1'],
    ['IMAP_PROXY', { imap_proxy: 'http://mail:1' }, 'mail:1'],
    ['ALL_PROXY, of any kind', { ALL_PROXY: 'socks5://all:1080' }, 'all:1080'],
    ['NO_PROXY', { ALL_PROXY: 'http://all:1', NO_PROXY: 'example.org:993' }, undefined],
  ])('is told by %s', (_, env, host) => {
    expect(forMail(env)).toBe(host);
  });
});
