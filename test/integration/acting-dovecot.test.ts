/** Master users of a real Dovecot open the mailboxes of users; a Dovecot that knows but one mailbox is found out. */
import { afterEach, describe, expect, test } from 'vitest';
import type { EndpointAuth, MailboxSide } from '../../model/project.ts';
import { dovecotAvailable, startDovecot, type Dovecot, type DovecotOptions } from '../support/dovecot.ts';
import { seedMailbox } from '../support/imap-client.ts';
import { proberOf } from '../support/probing.ts';
import { inboxOf } from '../support/road-mail.ts';

const dovecot = dovecotAvailable();
const missing = dovecot.available ? '' : ` (not run: ${dovecot.reason}; ${dovecot.command})`;
const cannotRun = !dovecot.available && process.env['CI'] === undefined;

const ALBERTA = { name: 'alberta@example.org', password: 'her own' };
const BOBBY = { name: 'bobby@example.org', password: 'his own' };
const ADMIN = { name: 'admin', password: 'P@ssw0rd' };
const MESSAGES = 12;

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: Partial<DovecotOptions>): Promise<Dovecot> {
  const server = await startDovecot({ users: [ALBERTA, BOBBY], masterUsers: [ADMIN], format: 'mdbox', ...options });
  ends.push(() => server.stop());
  return server;
}

/** From one Dovecot to itself: what is looked at is the login. */
function prober(server: Dovecot, auth: EndpointAuth): (source: MailboxSide) => Promise<unknown> {
  const how = { host: server.host, port: server.port };
  const { probe, stop } = proberOf({ ...how, auth }, { ...how, auth }, ADMIN.password);
  ends.push(stop);
  return (side) => probe(side, side);
}

/** How administrators log in, and how a row then names its mailbox. */
const LOGINS: readonly (readonly [string, EndpointAuth, (user: string) => MailboxSide])[] = [
  ['SASL PLAIN', { kind: 'admin', form: 'sasl-plain', admin: 'admin', password: 'sealed' }, (user) => ({ user })],
  ['User*Admin', { kind: 'admin', form: 'dovecot', admin: 'admin', password: 'sealed' }, (user) => ({ user })],
  ['User*Admin in the list', { kind: 'password' }, (user) => ({ user: `${user}*admin`, password: 'sealed' })],
];

describe.skipIf(cannotRun).each(LOGINS)(`a master user by %s${missing}`, (_, auth, sideOf) => {
  test('opens users’ mailboxes without having one', async () => {
    const server = await start({});
    const probe = prober(server, auth);
    for (const { name } of [ALBERTA, BOBBY]) expect(await probe(sideOf(name))).toMatchObject({ ok: true });
    expect(await probe(sideOf('nobody@example.org'))).toMatchObject({
      ok: false,
      problem: { code: expect.stringMatching(/^access\./) },
    });
  });

  test('opens users’ mailboxes beside one of their own', async () => {
    const server = await start({ users: [ALBERTA, BOBBY, ADMIN] });
    for (const [seed, { name, password }] of [ALBERTA, ADMIN].entries()) {
      const access = { host: server.host, port: server.port, user: name, password };
      await seedMailbox(access, { folders: inboxOf(seed + 1, MESSAGES) });
    }
    const probe = prober(server, auth);
    for (const { name } of [ALBERTA, BOBBY]) expect(await probe(sideOf(name))).toMatchObject({ ok: true });
  });

  test('is told when every login opens one mailbox', async () => {
    const server = await start({ users: [ADMIN], everybodyIs: ADMIN });
    await seedMailbox(
      { host: server.host, port: server.port, user: 'admin', password: ADMIN.password },
      { folders: inboxOf(7, MESSAGES) },
    );
    expect(await prober(server, auth)(sideOf(ALBERTA.name))).toMatchObject({
      ok: false,
      problem: { code: 'access.own-mailbox' },
    });
  });
});
