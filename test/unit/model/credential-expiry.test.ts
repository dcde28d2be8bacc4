import { describe, expect, it } from 'vitest';
import {
  credentialEnds,
  credentialWarnings,
  mailboxCredentialEnds,
  type CredentialEnd,
} from '../../../model/credential-expiry.ts';
import type { OAuth2Credential, ProjectSettings } from '../../../model/project.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;

function end(days: number, change: Partial<CredentialEnd> = {}): CredentialEnd {
  return { side: 'source', clientId: 'app', kind: 'secret', expiresAt: NOW + days * DAY, ...change };
}

function settings(credential: OAuth2Credential): ProjectSettings {
  const plain = projectSettings('move');
  const auth = {
    kind: 'oauth2',
    app: { clientId: 'app', credential },
    authority: 'https://login.example',
    scope: 's',
  } as const;
  return { ...plain, source: { ...plain.source, auth } };
}

describe('the ends of credentials', () => {
  it('are those of the sides and of the rows, where they are known', () => {
    const row = mailboxRow('anna');
    const app = { clientId: 'own', credential: { kind: 'certificate', pem: '', expiresAt: 7 } } as const;
    const own = { ...row, source: { ...row.source, app } };
    const known = settings({ kind: 'secret', secret: '', expiresAt: 5 });
    expect(credentialEnds(known, [row, own])).toEqual([
      { side: 'source', clientId: 'app', kind: 'secret', expiresAt: 5 },
      { side: 'source', clientId: 'own', kind: 'certificate', expiresAt: 7, mailbox: 'anna' },
    ]);
    expect(mailboxCredentialEnds(known, own)).toEqual([
      { side: 'source', clientId: 'own', kind: 'certificate', expiresAt: 7 },
    ]);
    expect(credentialEnds(settings({ kind: 'secret', secret: '' }), [row])).toEqual([]);
  });
});

describe('a credential is warned of', () => {
  it.each([
    ['a month before it ends', 29, {}, 'expires on 2026-06-30, in 29 days'],
    ['on its last day', 0.5, {}, 'expires on 2026-06-01, in less than a day'],
    ['once it has ended', -1, {}, 'expired on 2026-05-31: no mailbox opens with it'],
    ['when it ends within a month of the cutover', 60, { cutoverAt: NOW + 40 * DAY }, 'in 60 days'],
    [
      'when it ends before the forecast end',
      60,
      { endsAt: NOW + 61 * DAY },
      'before the forecast end of the project on 2026-08-01',
    ],
  ])('%s', (_, days, course, text) => {
    const [warning] = credentialWarnings([end(days)], { now: NOW, ...course });
    expect(warning).toMatchObject({ expired: days < 0, text: expect.stringContaining(text) });
    expect(warning?.text).toContain('The client secret of application app (source)');
  });

  it.each([
    ['later than a month from now', 31, {}],
    ['after the forecast end and a month from now', 31, { endsAt: NOW + 9 * DAY }],
    ['after a cutover of long ago and a month', 31, { cutoverAt: NOW - 90 * DAY }],
  ])('but not %s', (_, days, course) => {
    expect(credentialWarnings([end(days)], { now: NOW, ...course })).toEqual([]);
  });

  it('within a month also after the forecast end: the cutover and the tail are still to come', () => {
    const [near] = credentialWarnings([end(20)], { now: NOW, endsAt: NOW + 10 * DAY });
    expect(near?.text).toContain('in 20 days');
    expect(near?.text).not.toContain('forecast');
  });

  it('the earliest first, with the mailbox whose own it is', () => {
    const warnings = credentialWarnings([end(20), end(3, { kind: 'certificate', mailbox: 'anna' })], { now: NOW });
    expect(warnings.map(({ text }) => text)).toEqual([
      'The certificate of application app (source, anna) expires on 2026-06-04, in 3 days',
      'The client secret of application app (source) expires on 2026-06-21, in 20 days',
    ]);
  });
});
