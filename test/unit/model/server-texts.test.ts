import { describe, expect, it } from 'vitest';
import { REFUSAL_CODES, REFUSALS, SCOPE_WORDS, REACTION_WORDS, refusal } from '../../../model/refusals.ts';
import { AADSTS, aadstsCode, aadstsRow } from '../../../model/aadsts.ts';
import { SEEN_TEXTS } from '../../../model/server-text-examples.ts';
import { classify } from '../../../model/server-texts.ts';

describe('a text as servers were seen to say it', () => {
  it.each(SEEN_TEXTS.map((seen) => [`${seen.servers}: ${seen.text}`, seen] as const))('%s', (_name, seen) => {
    const { asked, text, responseCode, login = 'password', code, waitMs } = seen;
    const side = code.startsWith('destination.') ? 'destination' : 'source';
    const said = { asked, text, responseCode, login, side } as const;
    expect(classify(said)).toEqual({ code, ...(waitMs !== undefined && { waitMs }) });
  });

  it('is waited for an hour at most, whatever the server asks for', () => {
    const text = 'Suggested Backoff Time: 123456789012345678901234567890 milliseconds';
    expect(classify({ asked: 'noop', text, login: 'xoauth2', side: 'source' }).waitMs).toBe(3_600_000);
  });
});

describe('the table of refusals', () => {
  it('has a meaning and a next step for every code, in whole sentences', () => {
    for (const code of REFUSAL_CODES) {
      const { meaning, next } = refusal(code);
      expect(meaning, code).toMatch(/^[A-Z`].*[.?]$/s);
      expect(next, code).toMatch(/^[A-Z`].*[.?]$/s);
    }
  });

  it('says in words how far each reaches and what happens by itself', () => {
    for (const { scope, reaction } of Object.values(REFUSALS)) {
      expect(SCOPE_WORDS[scope]).toBeTruthy();
      expect(REACTION_WORDS[reaction]).toBeTruthy();
    }
  });
});

describe('a code of Microsoft Entra', () => {
  it('is a row of the table, the tenant’s fault, waited for by itself only where it passes', () => {
    for (const [code, row] of Object.entries(AADSTS)) {
      expect(aadstsRow(code)).toBe(row);
      expect(refusal(row.refusal).scope).toBe('tenant');
    }
    expect(refusal(AADSTS[90055].refusal).reaction).toBe('wait');
    expect(refusal(AADSTS[7000222].refusal).reaction).toBe('wait-for-access');
  });

  it('is found in the token service’s words', () => {
    expect(aadstsCode('invalid_client: AADSTS7000222: The provided client secret keys are expired.')).toBe('7000222');
    expect(aadstsRow('4711')).toBeUndefined();
  });
});
