import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { main } from '../../../client/main.ts';
import { explain } from '../../../model/explain.ts';
import { REFUSAL_CODES } from '../../../model/refusals.ts';
import { SEEN_TEXTS } from '../../../model/server-text-examples.ts';
import { REFUSALS_DOCUMENT, refusalsDocument } from '../../../scripts/refusals-document.ts';
import { memoryIo } from './memory-io.ts';

const codesOf = (text: string): readonly string[] => explain(text).map(({ code }) => code);

describe('mailferry explain', () => {
  it.each([
    ['a code', ['access.refused'], /access\.refused[\s\S]*means +The server refuses this login/],
    ['a code of Microsoft Entra', ['AADSTS7000215'], /token\.secret-wrong[\s\S]*AADSTS7000215/],
    ['its number alone', ['7000222'], /token\.secret-expired/],
    ['the token service’s words', ['invalid_client: AADSTS90002: Tenant x not found.'], /token\.tenant-unknown/],
    ['a wrong clock', ['AADSTS700024'], /token\.clock[\s\S]*next +Set the clock/],
    ['an application without its service principal', ['AADSTS7000229'], /enterprise application/],
    [
      'a server’s words',
      ['User', 'is', 'authenticated', 'but', 'not', 'connected.'],
      /access\.refused[\s\S]*FullAccess/,
    ],
    ['a line of a log', ['A7 NO [OVERQUOTA] Quota exceeded'], /destination\.quota/],
    ['a BYE', ['* BYE Session invalidated - AccessTokenExpired'], /server\.token-expired/],
    ['what Exchange says with other numbers', ['Suggested Backoff Time: 3001 milliseconds'], /server\.throttled/],
  ])('knows %s', async (_what, words, expected) => {
    const io = memoryIo();
    expect(await main(['explain', ...words], io)).toBe(0);
    expect(io.out()).toMatch(expected);
    expect(io.err()).toBe('');
  });

  it('says that it does not know a text, and what is nearest', async () => {
    const io = memoryIo();
    expect(await main(['explain', 'acess.refussed'], io)).toBe(2);
    expect(io.err()).toContain('command.unknown-refusal');
    expect(io.err()).toContain('access.refused');
  });

  it('does not know a code of Microsoft Entra that nobody has met, and says who does', async () => {
    const io = memoryIo();
    expect(await main(['explain', 'AADSTS1234567'], io)).toBe(2);
    expect(io.err()).toContain('https://login.microsoftonline.com/error?code=1234567');
  });

  it('lists all codes when none is given, also as JSON', async () => {
    const io = memoryIo();
    expect(await main(['-o', 'json', 'explain'], io)).toBe(0);
    const listed: readonly { readonly code: string }[] = JSON.parse(io.out());
    expect(listed.map(({ code }) => code)).toEqual(REFUSAL_CODES);
  });

  it.each(SEEN_TEXTS.map((seen) => [seen.text, seen.code] as const))('recognises “%s”', (text, code) => {
    expect(codesOf(text)).toContain(code);
    expect(codesOf(`* A1 NO ${text.toUpperCase()}`.slice(2))).toContain(code);
  });
});

describe('docs/refusals.md', () => {
  it('is what scripts/refusals-document.ts makes of the table', async () => {
    expect(await readFile(REFUSALS_DOCUMENT, 'utf8')).toBe(refusalsDocument());
  });
});
