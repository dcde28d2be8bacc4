import { describe, expect, test } from 'vitest';
import { CAUSES } from '../../../model/access-causes.ts';
import {
  diagnose,
  diagnoseLogins,
  diagnoseToken,
  type CanaryEvidence,
  type TokenEvidence,
} from '../../../model/doctor.ts';
import type { Problem } from '../../../model/mailbox.ts';

const SCOPE = 'https://outlook.office365.com/.default';
type Token = Extract<TokenEvidence, { readonly ok: true }>;

const GOOD: Token = {
  ok: true,
  expiresAt: 3_600_000,
  audience: 'https://outlook.office365.com',
  roles: ['IMAP.AccessAsApp'],
};

function refused(user: string, serverText = 'AUTHENTICATE failed.'): CanaryEvidence {
  return { id: user, user, problem: { code: 'access.refused', text: `${user} is refused`, serverText } };
}

function into(user: string): CanaryEvidence {
  return { id: user, user };
}

function troubled(user: string, code: Problem['code'] = 'server.unreachable'): CanaryEvidence {
  return { id: user, user, problem: { code, text: 'scripted' } };
}

function token(change: Partial<Token>): TokenEvidence {
  return { ...GOOD, ...change };
}

describe('a token', () => {
  test('with audience and role is worth trying', () => {
    expect(diagnoseToken(GOOD, SCOPE)).toBeUndefined();
  });

  test.each(['00000002-0000-0ff1-ce00-000000000000', 'https://outlook.office.com', 'https://outlook.office365.com/'])(
    'for Exchange Online under its name %s is worth trying',
    (audience) => expect(diagnoseToken(token({ audience }), SCOPE)).toBeUndefined(),
  );

  test('without any role lacks admin consent', () => {
    expect(diagnoseToken(token({ roles: [] }), SCOPE)).toMatchObject({
      kind: 'tenant',
      problem: { code: 'access.role', text: expect.stringContaining('no role at all') },
      causes: ['consent', 'delegated'],
    });
  });

  test('with another role only is told what it has', () => {
    expect(diagnoseToken(token({ roles: ['POP.AccessAsApp'] }), SCOPE)).toMatchObject({
      problem: { text: expect.stringContaining('only POP.AccessAsApp') },
    });
  });

  test('with a delegated permission is named as such', () => {
    expect(diagnoseToken(token({ roles: [], delegated: ['IMAP.AccessAsUser.All'] }), SCOPE)).toMatchObject({
      kind: 'tenant',
      problem: { code: 'access.role', text: expect.stringContaining('IMAP.AccessAsUser.All') },
      causes: ['delegated', 'consent'],
    });
  });

  test('for another resource has the wrong scope', () => {
    expect(diagnoseToken(token({ audience: 'https://graph.microsoft.com' }), SCOPE)).toMatchObject({
      kind: 'tenant',
      problem: { code: 'access.audience' },
      causes: ['scope'],
    });
  });

  test('that says nothing of itself, or is for another server than Exchange, is left to the server', () => {
    expect(diagnoseToken(token({ audience: '', roles: [] }), SCOPE)).toBeUndefined();
    const own = token({ audience: 'https://mail.example.com', roles: [] });
    expect(diagnoseToken(own, 'https://mail.example.com/.default')).toBeUndefined();
  });

  test('that the token service refuses is the fault of the tenant; a service that is away is nobody’s', () => {
    const problem: Problem = { code: 'access.token', text: 'AADSTS7000222: the client secret has expired' };
    expect(diagnoseToken({ ok: false, problem }, SCOPE)).toEqual({ kind: 'tenant', problem, causes: [] });
    const away: Problem = { code: 'server.unreachable', text: 'away' };
    expect(diagnoseToken({ ok: false, problem: away }, SCOPE)).toEqual({ kind: 'unclear', problem: away });
  });
});

describe('canaries', () => {
  const young = { scope: SCOPE, young: true };
  const old = { scope: SCOPE, young: false };

  test('that are all in clear the tenant and blame nobody', () => {
    const round = { token: GOOD, canaries: [into('anna'), into('bert')] };
    expect(diagnose([round], young)).toEqual({ kind: 'open', refused: [] });
  });

  test('that are all refused may be a matter of time as long as refusals are young', () => {
    const round = { token: GOOD, canaries: [refused('anna'), refused('bert')] };
    expect(diagnose([round], young)).toMatchObject({
      kind: 'propagation',
      problem: {
        code: 'access.tenant',
        serverText: 'AUTHENTICATE failed.',
        text: expect.stringContaining('anna, bert'),
      },
    });
    expect(diagnose([round], old)).toMatchObject({ kind: 'tenant', problem: { code: 'access.tenant' } });
  });

  test('that are refused before they are known point at the principal, its Object ID, then Conditional Access', () => {
    const round = { token: GOOD, canaries: [refused('anna')] };
    expect(diagnose([round], old)).toMatchObject({
      causes: ['principal', 'objectId', 'conditionalAccess', 'imapDisabled', 'fullAccess'],
    });
  });

  test('that are known and not let in point at FullAccess first', () => {
    const round = { token: GOOD, canaries: [refused('anna', 'User is authenticated but not connected.')] };
    const found = diagnose([round], old);
    expect(found).toMatchObject({ causes: ['fullAccess', 'objectId', 'imapDisabled', 'conditionalAccess'] });
  });

  test('that are refused while others are in are at fault themselves, each with its own causes', () => {
    const rounds = [
      { token: GOOD, canaries: [refused('anna'), refused('bert', 'User is authenticated but not connected.')] },
      { token: GOOD, canaries: [into('carl')] },
    ];
    expect(diagnose(rounds, old)).toMatchObject({
      kind: 'open',
      refused: [
        { user: 'anna', causes: ['imapDisabled', 'noMailbox', 'fullAccess'] },
        { user: 'bert', causes: ['fullAccess', 'imapDisabled', 'noMailbox'] },
      ],
    });
  });

  test('that meet a server which is away tell nothing, and one refusal among them does', () => {
    const away = { token: GOOD, canaries: [troubled('anna'), troubled('bert')] };
    expect(diagnose([away], old)).toMatchObject({ kind: 'unclear', problem: { code: 'server.unreachable' } });
    const mixed = { token: GOOD, canaries: [troubled('anna'), refused('bert')] };
    expect(diagnose([mixed], old)).toMatchObject({ kind: 'tenant', problem: { code: 'access.tenant' } });
  });

  test('whose login went through clear the tenant, whatever their folders are', () => {
    const round = { token: GOOD, canaries: [troubled('anna', 'source.folder-refused')] };
    expect(diagnose([round], old)).toEqual({ kind: 'open', refused: [] });
  });
});

describe('logins without an application', () => {
  const wrong: CanaryEvidence = { id: 'bert', user: 'bert', problem: { code: 'access.password', text: 'wrong' } };

  test('with passwords of their own are each at fault alone', () => {
    expect(diagnoseLogins([wrong], false)).toMatchObject({ kind: 'open', refused: [{ user: 'bert', causes: [] }] });
    expect(diagnoseLogins([into('anna'), wrong], false)).toMatchObject({ kind: 'open', refused: [{ user: 'bert' }] });
  });

  test('of an administrator who opens none are the administrator’s, and of one who opens some are not', () => {
    expect(diagnoseLogins([wrong], true)).toMatchObject({ kind: 'tenant', problem: { code: 'access.password' } });
    expect(diagnoseLogins([into('anna'), wrong], true)).toMatchObject({ kind: 'open', refused: [{ user: 'bert' }] });
  });

  test('to a server that is away tell nothing', () => {
    expect(diagnoseLogins([troubled('anna')], false)).toMatchObject({ kind: 'unclear' });
  });
});

test('every cause says what to look at', () => {
  for (const { name, check } of Object.values(CAUSES)) expect(`${name} ${check}`).toMatch(/\S.* \S.*\.$/);
});
