import { describe, expect, test } from 'vitest';
import { tokenFor } from '../../../activities/application-token.ts';
import { loginFor } from '../../../activities/credentials.ts';
import type { Openers } from '../../../activities/openers.ts';
import { Secrets } from '../../../activities/secrets.ts';
import type { TokenRequest } from '../../../entra/tokens.ts';
import type { AdminForm, Application, EndpointAuth, MailboxJob } from '../../../model/project.ts';
import { applicationBinding, credentialBinding, passwordBinding } from '../../../model/seal-binding.ts';
import { SealError } from '../../../seal/errors.ts';
import { SealKey } from '../../../seal/key.ts';
import { open, seal } from '../../../seal/seal.ts';
import { mailboxRow, projectSettings } from '../../support/projects.ts';

const KEY = SealKey.create();
const USER = 'anna@example.org';
const PASSWORD = 'canary-password';

const OAUTH2: Extract<EndpointAuth, { readonly kind: 'oauth2' }> = {
  kind: 'oauth2',
  tenant: 'contoso.onmicrosoft.com',
  authority: 'https://login.example',
  scope: 'https://outlook.office365.com/.default',
};

function application(secret: string): Application {
  return { clientId: 'app', credential: { kind: 'secret', secret } };
}

/** OAuth2 where nothing names the tenant. */
function nowhere(sealed: (text: string) => string): EndpointAuth {
  const { authority, scope } = OAUTH2;
  return { kind: 'oauth2', authority, scope, app: application(sealed('client-secret')) };
}

function openers(): Openers & { readonly asked: TokenRequest[] } {
  const asked: TokenRequest[] = [];
  return {
    asked,
    openSecret: async (binding, envelope) => open([KEY], binding, envelope).reveal(),
    tokens: {
      token: async (request) => {
        asked.push(request);
        return { text: 'canary-token', expiresAt: 0, audience: '', roles: [] };
      },
    },
    tenants: { tenantOf: async ({ authority }, domain) => `the tenant of ${domain} at ${authority}` },
    secrets: new Secrets(),
  };
}

/** A job whose source is logged in to like this, with its secrets sealed as the client seals them. */
function job(authOf: (sealed: (text: string) => string) => EndpointAuth, host = 'old.example.org'): MailboxJob {
  const plain = projectSettings('move');
  const placeless = { ...plain.source, host, auth: authOf(() => '') };
  const sealed = (text: string): string => {
    const binding = credentialBinding('move', placeless) ?? passwordBinding('move', placeless, USER);
    return seal(KEY, binding, text);
  };
  const row = mailboxRow(USER);
  return {
    settings: { ...plain, source: { ...placeless, auth: authOf(sealed) } },
    row: { ...row, source: { user: USER, password: sealed(PASSWORD) } },
  };
}

const admin =
  (form: AdminForm, name: string) =>
  (sealed: (text: string) => string): EndpointAuth => ({
    kind: 'admin',
    form,
    admin: name,
    password: sealed(PASSWORD),
  });

describe('the login of a mailbox', () => {
  test('is its own user and password', async () => {
    const login = await loginFor(
      openers(),
      job(() => ({ kind: 'password' })),
      'source',
      false,
    );
    expect(login).toMatchObject({ kind: 'password', user: USER });
    expect(login.secret()).toBe(PASSWORD);
  });

  test.each([
    ['dovecot', 'master', 'anna@example.org*master'],
    ['exchange', 'CONTOSO/admin', 'CONTOSO/admin/anna@example.org'],
    ['mirapoint', 'admin', '#anna@example.org#admin#'],
  ] as const)('of an administrator in the form of %s names both', async (form, name, user) => {
    const login = await loginFor(openers(), job(admin(form, name)), 'source', false);
    expect(login).toMatchObject({ kind: 'password', user });
    expect(login.secret()).toBe(PASSWORD);
  });

  test('of an administrator by SASL PLAIN keeps the two apart', async () => {
    const login = await loginFor(openers(), job(admin('sasl-plain', 'master')), 'source', false);
    expect(login).toMatchObject({ kind: 'acting', user: 'master', actsFor: USER });
  });

  test('with OAuth2 is a token for the mailbox’s user', async () => {
    const given = openers();
    const oauth2 = job((sealed) => ({ ...OAUTH2, app: application(sealed('client-secret')) }));
    const login = await loginFor(given, oauth2, 'source', false);
    expect(login).toMatchObject({ kind: 'xoauth2', user: USER });
    expect(login.secret()).toBe('canary-token');
    expect(given.asked[0]?.credential).toEqual({ kind: 'secret', secret: 'client-secret' });
  });

  describe('with OAuth2 where nothing names the tenant', () => {
    test('asks in the one that its domain belongs to', async () => {
      const given = openers();
      await loginFor(given, job(nowhere), 'source', false);
      expect(given.asked[0]?.tenant).toBe('the tenant of example.org at https://login.example');
    });

    test('is refused where its user name has no domain', async () => {
      const { settings, row } = job(nowhere);
      const nameless = { settings, row: { ...row, source: { user: 'anna' } } };
      await expect(loginFor(openers(), nameless, 'source', false)).rejects.toMatchObject({
        problem: { code: 'token.tenant-needed', text: expect.stringContaining('anna') },
      });
    });
  });

  describe('with an application of its own', () => {
    const ROW_APP = { tenant: 'fabrikam.example', ...application('') };

    /** A row with an application, its secret sealed for another mailbox where one is named. */
    function ownJob(sealedFor = USER): MailboxJob {
      const { settings, row } = job(() => OAUTH2);
      const binding = applicationBinding('move', settings.source, sealedFor, ROW_APP);
      if (binding === undefined) throw new Error('the job has no OAuth2');
      const app = { ...ROW_APP, ...application(seal(KEY, binding, 'row-secret')) };
      return { settings, row: { ...row, source: { user: USER, app } } };
    }

    test('is a token of that application and its tenant', async () => {
      const given = openers();
      await loginFor(given, ownJob(), 'source', false);
      expect(given.asked).toEqual([
        expect.objectContaining({
          tenant: 'fabrikam.example',
          clientId: 'app',
          authority: 'https://login.example',
          credential: { kind: 'secret', secret: 'row-secret' },
        }),
      ]);
    });

    test('is refused where its secret was sealed for another mailbox', async () => {
      await expect(loginFor(openers(), ownJob('ben@example.org'), 'source', false)).rejects.toThrow(SealError);
    });
  });

  test('shows no secret when it is printed', async () => {
    const login = await loginFor(openers(), job(admin('dovecot', 'master')), 'source', false);
    expect(JSON.stringify(login)).not.toContain(PASSWORD);
  });

  test('is refused where a secret was sealed for another server', async () => {
    const { settings, row } = job(() => ({ kind: 'password' }));
    const moved = { settings: { ...settings, source: { ...settings.source, host: 'evil.example' } }, row };
    await expect(loginFor(openers(), moved, 'source', false)).rejects.toThrow(SealError);
  });

  test('is refused where a client secret was sealed for another token service', async () => {
    const { settings } = job((sealed) => ({ ...OAUTH2, app: application(sealed('client-secret')) }));
    const { auth } = settings.source;
    if (auth.kind !== 'oauth2') throw new Error('the job has no OAuth2');
    const elsewhere = { ...settings.source, auth: { ...auth, authority: 'https://evil.example' } };
    const asked = tokenFor(openers(), { settings: { ...settings, source: elsewhere } }, 'source');
    await expect(asked).rejects.toThrow(SealError);
  });
});

describe('what an activity says', () => {
  test('holds none of the secrets that it opened, in no form in which they go over the wire', async () => {
    const given = openers();
    await loginFor(
      given,
      job(() => ({ kind: 'password' })),
      'source',
      false,
    );
    const sasl = ['a', 'ab', 'abc'].map((user) => Buffer.from(`\0${user}\0${PASSWORD}`).toString('base64'));
    const said = given.secrets.scrub(`LOGIN ${USER} ${PASSWORD}; AUTHENTICATE PLAIN ${sasl.join(' or ')}`);
    expect(said).not.toContain(PASSWORD);
    for (const response of sasl) expect(said).not.toContain(response);
    expect(said).toContain(USER);
  });
});
