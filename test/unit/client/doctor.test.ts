import { expect, test } from 'vitest';
import { diagnosisScreen, examinedSide, problemsOf, stepsOf } from '../../../client/screens/doctor.ts';
import { preflightScreen } from '../../../client/screens/preflight.ts';
import { plainTheme } from '../../../client/theme.ts';
import { diagnose, type CanaryEvidence, type TokenEvidence } from '../../../model/doctor.ts';
import type { DoctorFinding } from '../../../model/doctor-run.ts';
import type { ProjectSettings } from '../../../model/project.ts';
import { projectSettings } from '../../support/projects.ts';

const SCOPE = 'https://outlook.office365.com/.default';
const TOKEN: TokenEvidence = {
  ok: true,
  expiresAt: 3_600_000,
  audience: 'https://outlook.office365.com',
  roles: ['IMAP.AccessAsApp'],
};
const OLD = 9_000_000;

function settings(host = 'outlook.office365.com'): ProjectSettings {
  const plain = projectSettings('acme');
  return { ...plain, source: { ...plain.source, host } };
}

function refused(user: string, serverText: string): CanaryEvidence {
  return { id: user, user, problem: { code: 'access.refused', text: `${user} is refused`, serverText } };
}

function finding(canaries: readonly CanaryEvidence[], young: boolean, token: TokenEvidence = TOKEN): DoctorFinding {
  const diagnosis = diagnose([{ token, canaries }], { scope: SCOPE, young });
  return {
    key: 'source',
    side: 'source',
    auth: 'oauth2',
    application: { clientId: 'app', tenant: 'contoso.example' },
    mailboxes: 120,
    token,
    canaries,
    ...(diagnosis && { diagnosis }),
    ...(!young && { refusedSince: 0 }),
  };
}

function text(found: DoctorFinding, host?: string): string {
  const screen = diagnosisScreen(examinedSide(found, settings(host)), OLD);
  return screen.text(screen.data, plainTheme);
}

const NOBODY = [refused('anna', 'AUTHENTICATE failed.'), refused('bert', 'AUTHENTICATE failed.')];

test('the steps grow with what is found and stop where it fails', () => {
  const words = (token: TokenEvidence): readonly string[] =>
    stepsOf({ ...finding([], true), token }, SCOPE).map(({ good, text: said }) => `${good ? 'ok' : 'no'} ${said}`);
  expect(words({ ok: false, problem: { code: 'token.secret-expired', text: 'expired' } })).toEqual(['no access token']);
  expect(words({ ...TOKEN, audience: 'https://graph.microsoft.com' }).slice(1)).toEqual([
    'no audience https://graph.microsoft.com',
  ]);
  expect(words({ ...TOKEN, roles: [] }).slice(1)).toEqual([
    'ok audience https://outlook.office365.com',
    'no role IMAP.AccessAsApp',
  ]);
  expect(stepsOf(finding(NOBODY, true), SCOPE).map(({ good }) => good)).toEqual([true, true, true, false, false]);
});

test('a young refusal is waited for, an old one is a fault that lasts', () => {
  expect(text(finding(NOBODY, true))).toMatch(/^ {2}Wait: .*\n.*`mailferry start` waits for them by itself/);
  const old = text(finding(NOBODY, false));
  expect(old).toContain('The set-up of the source is at fault');
  expect(old).toContain('Refused for 2 h 30 min now.');
  expect(old).toContain('next: go through them with the commands below');
});

test('commands are for the mailboxes that are refused and for no others', () => {
  const found = finding(
    [refused('anna', 'User is authenticated but not connected.'), { id: 'bert', user: 'bert' }],
    true,
  );
  const said = text(found);
  expect(said).toContain("$mailboxes = @(\n  'anna'\n)");
  expect(said).not.toContain("'bert'");
  expect(said).not.toContain('New-ServicePrincipal -AppId');
});

test('commands know the national cloud of the server', () => {
  const said = text(finding(NOBODY, false), 'partner.outlook.cn');
  expect(said).toContain("-ExchangeEnvironmentName 'O365China'");
  expect(said).toContain("-Environment 'China'");
});

test('mailboxes with the same fault are told together, and not all of thousands', () => {
  const many = Array.from({ length: 300 }, (_, at) => refused(`user${at}`, 'User is authenticated but not connected.'));
  const found = finding([...many, { id: 'in', user: 'in' }], true);
  const told = text({ ...found, application: { clientId: 'app' } }).split('For the administrator')[0] ?? '';
  expect(told).toContain('300 mailboxes are refused; the tenant lets others in');
  expect(told.match(/! user/g)).toHaveLength(100);
  expect(told.match(/the application has no FullAccess/g)).toHaveLength(1);
  expect(told).toContain('… and 200 more mailboxes');
  expect(problemsOf(found.diagnosis)).toHaveLength(300);
});

test('a start shows once what keeps mailboxes from being looked at', () => {
  const screen = preflightScreen({
    project: 'acme',
    source: 'outlook.office365.com',
    destination: 'imap.example.com',
    rows: [],
    closed: [finding(NOBODY, true)],
  });
  const said = screen.text(screen.data, plainTheme);
  expect(said).toContain('Not looked at: 120 mailboxes');
  expect(said).toContain('server: AUTHENTICATE failed.');
  expect(said).toContain('1. the service principal is not registered in Exchange Online');
  expect(said.match(/no mailbox that was tried/g)).toHaveLength(1);
});
