/** Exchange Online on either side of a whole project, with the troubles that it makes on the way. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, type TestContext } from 'vitest';
import type { MailboxRow, Side } from '../../model/project.ts';
import type { ProjectView } from '../../model/saga.ts';
import type { Mailbox } from '../../sandbox/tenant/mailbox.ts';
import type { Registration } from '../../sandbox/tenant/registration.ts';
import { startTenant, type Tenant } from '../../sandbox/tenant/tenant.ts';
import { loadKeyFile } from '../../seal/key-file.ts';
import { applicationEndpoint } from '../support/application-endpoint.ts';
import {
  compareMailboxes,
  type FoundMessage,
  readMailbox,
  type ReadMailbox,
  type SeedFolder,
} from '../support/imap-client.ts';
import { startProxy, type Proxy } from '../support/proxy.ts';
import { ANNA, inboxOf } from '../support/road-mail.ts';
import { until } from '../support/until.ts';
import { openRoad, type Road } from '../support/whole-road.ts';
import { tokenOf } from '../unit/sandbox/tenant/harness.ts';

const MESSAGES = 200;
/** So slow that a copy of these messages outlives a token. */
const PACE = 120_000;
const TOKEN_LIFE_MS = 4_000;

const FOLDERS_OF_MAIL: ReadonlySet<string> = new Set(['INBOX', 'Gesendete Elemente', 'Projekte/Köln']);

let tenant: Tenant;
let app: Registration;

beforeEach(async () => {
  tenant = await startTenant({ domains: ['example.org'], tokenLifeMs: TOKEN_LIFE_MS });
  app = tenant.registerApp();
});
afterEach(() => tenant.close());

interface Journey {
  readonly road: Road;
  /** What the project writes to, slowly. */
  readonly writing: Proxy;
}

/** A road on which one of the sides is the tenant instead of its Dovecot; the project is started. */
async function travel(
  { onTestFinished }: TestContext,
  side: Side,
  source: readonly SeedFolder[] = [],
): Promise<Journey> {
  const road = await openRoad({ mailboxes: [{ user: ANNA, source }] });
  onTestFinished(road.close);
  const wire = await startProxy(`${tenant.imap.host}:${tenant.imap.port}`);
  onTestFinished(wire.close);
  const writing = side === 'source' ? road.destination.wire : wire;
  writing.throttle(PACE);
  const [key] = await loadKeyFile(join(road.stateDir, 'seal.key'));
  const server = { host: wire.host, port: wire.port, tls: 'implicit', caPem: tenant.caPem } as const;
  const endpoint = applicationEndpoint({ tenant, app }, { project: road.name, key, server });
  const row: MailboxRow = { ...road.row(ANNA), [side]: { user: ANNA } };
  await road.work();
  await road.start([row], { ...road.settings, [side]: endpoint });
  return { road, writing };
}

async function ready({ road, writing }: Journey): Promise<ProjectView> {
  writing.throttle(undefined);
  return road.admin.projectIs(road.name, ({ phase }) => phase === 'ready');
}

/** What is in the tenant's mailbox, as another client sees it. */
async function readTenant(): Promise<ReadMailbox> {
  const { host, port } = tenant.imap;
  return readMailbox({ host, port, tls: 'tls', user: ANNA, password: '', accessToken: await tokenOf(tenant, app) });
}

function fill(mailbox: Mailbox, folder: string, messages: SeedFolder['messages']): void {
  for (const { raw, date, flags } of messages) {
    mailbox.store.addMessage(folder, { body: raw, internalDate: date, flags });
  }
}

/** Lets one token expire amid the copy; those that follow live on. */
async function expireOnce(): Promise<void> {
  await until(async () => tenant.tokenService.issued() > 1, Boolean);
  tenant.tokenLifeMs = 3_600_000;
}

/** Keeps the mailbox throttled until somebody was told so, and a second longer. */
async function throttleOnce(): Promise<void> {
  await until(async () => {
    tenant.throttling.throttle(1_000, ANNA);
    return tenant.throttling.refused.length > 0;
  }, Boolean);
}

/** What a server without keywords can keep. */
function systemFlags({ message }: FoundMessage): readonly string[] {
  return message.flags.filter((flag) => flag.startsWith('\\'));
}

test('leaving it: throttled, its tokens expiring, with folders that hold no mail and messages it cannot read', async (context) => {
  const mailbox = tenant.addMailbox(ANNA, { language: 'de', itemsThatAreNoMail: 3 });
  const messages = inboxOf(1, MESSAGES).flatMap((folder) => folder.messages);
  fill(mailbox, 'INBOX', messages.slice(0, 150));
  fill(mailbox, 'Gesendete Elemente', messages.slice(150, 190));
  fill(mailbox, 'Projekte/Köln', messages.slice(190));
  mailbox.setUnreadable('INBOX', 10, 'placeholder');
  mailbox.setUnreadable('INBOX', 20, 'no-body');
  const journey = await travel(context, 'source');
  await throttleOnce();
  await expireOnce();
  const view = await ready(journey);
  expect(view.totals.counts).toMatchObject({ copied: MESSAGES - 2, aside: 2 });
  for (const uid of [10, 20]) mailbox.setUnreadable('INBOX', uid, undefined);
  const mail = (await readTenant()).folders.filter(({ path }) => FOLDERS_OF_MAIL.has(path));
  const found = await journey.road.destination.read(ANNA);
  const { missing, doubled, different, extra } = compareMailboxes({ folders: mail }, found);
  expect(missing.map(({ message }) => message.uid)).toEqual([10, 20]);
  expect({ doubled, different, extra }).toEqual({ doubled: [], different: [], extra: [] });
  expect(found.folders.map(({ path }) => path)).not.toContain('Kalender');
});

test('coming to it: bytes are rewritten, flags set again, keywords lost, and what it refuses is put aside', async (context) => {
  const mailbox = tenant.addMailbox(ANNA, { itemsThatAreNoMail: 0 });
  const journey = await travel(context, 'destination', inboxOf(2, MESSAGES));
  await throttleOnce();
  await expireOnce();
  const { copied, aside } = (await ready(journey)).totals.counts;
  const arrived = await readTenant();
  const { doubled, missing, different } = compareMailboxes(await journey.road.source.read(ANNA), arrived);
  const recognisable = missing.filter(({ message }) => message.messageId !== undefined);
  expect({ doubled, recognisable: recognisable.length }).toEqual({ doubled: [], recognisable: aside });
  expect(copied + aside).toBe(MESSAGES);
  expect(mailbox.store.folder('INBOX').messages.length).toBe(copied);
  for (const { first, second, differs } of different) {
    expect(differs).not.toContain('internalDate');
    expect(systemFlags(second)).toEqual(systemFlags(first));
  }
});
