import { setTimeout as delay } from 'node:timers/promises';
import { relative } from 'node:path';
import { processIo } from '../../client/io.ts';
import { CANARIES } from '../../model/gates.ts';
import { EXIT } from '../../model/refusals.ts';
import { readUpState } from '../../client/up/state.ts';
import type { Commands } from './commands.ts';
import { compareAll, type Verdict } from './comparison.ts';
import { deliverOldMail, flagAtSource, receiveAtSource, workAtDestination, type OwnMail } from './mail.ts';
import type { Person } from './people.ts';
import { PROJECT, writeProject } from './project-file.ts';
import type { Screen } from './screen.ts';
import type { MailServers } from './servers.ts';
import { watchProject, type Standing, type Watch } from './watch.ts';

/** What the story is told with. */
export interface Stage {
  readonly screen: Screen;
  readonly commands: Commands;
  readonly everybody: readonly Person[];
  readonly servers: MailServers;
  /** The state directory; the project file lies in it. */
  readonly home: string;
  /** Aborted when the demonstration is interrupted. */
  readonly signal: AbortSignal;
}

/** A moment before the cutover, where nobody is there to ask for it. */
const BEFORE_CUTOVER_MS = 1_500;
/** A moment in which a person reads what is at fault. */
const WHILE_READING_MS = 1_500;
/** How long the old side asks to be left alone about one mailbox. */
const THROTTLED_MS = 3_000;
const NEW_MESSAGES = 5;
/** After the cutover mail comes to so many mailboxes, so many messages each. */
const LATE_MAILBOXES = 4;
const LATE_MESSAGES = 3;

/** Moves all mailboxes from the first command to the last delta, and compares both sides. */
export async function moveEverybody(stage: Stage, mailboxes: readonly OwnMail[]): Promise<Verdict> {
  const { screen, commands, home, signal, servers, everybody } = stage;
  const file = relative(process.cwd(), await writeProject(home, servers, everybody));
  screen.tell(`The project file is ${file}; its CSV names the ${everybody.length} mailboxes`);
  screen.tell(
    'The tenant’s administrator has just given all permissions; Microsoft takes up to an hour to know of them',
  );
  await commands.run(['doctor', file], EXIT.access);
  screen.tell('The project is started all the same, and waits for them');
  await commands.run(['start', file, '--yes', '--no-preflight']);
  const up = await readUpState(home);
  if (up === undefined) throw new Error('mailferry up has ended');
  const watch = await watchProject(up.address, PROJECT, screen, signal);
  try {
    await waitForPermissions(stage, watch);
    await Promise.all([obeyThrottling(stage, watch), mendTheFault(stage, watch)]);
    await watch.until((standings) => all(standings, 'ready', mailboxes));
    screen.clear();
    tellOfTokens(stage);
    await commands.run(['wait', PROJECT, '--for', 'ready', '--timeout', '1m']);
    await lifeGoesOn(stage, mailboxes);
    await askForCutover(stage);
    await commands.run(['cutover', PROJECT, '--confirm', PROJECT]);
    await tail(stage, watch, mailboxes);
    await commands.run(['wait', PROJECT, '--timeout', '1m']);
  } finally {
    screen.clear();
    await watch.close();
  }
  screen.tell('Comparing both sides, message by message, with a client that shares no code with mailferry …');
  return compareAll(mailboxes, signal);
}

/** Puts the mail where it is at first. */
export async function setTheScene(
  stage: Pick<Stage, 'everybody' | 'servers' | 'screen' | 'signal'>,
): Promise<readonly OwnMail[]> {
  const { everybody, servers, screen, signal } = stage;
  const mailboxes = await deliverOldMail(everybody, servers, new Date(), signal);
  const messages = mailboxes.reduce((sum, { atSource }) => sum + atSource.messages, 0);
  screen.tell(`${mailboxes.length} mailboxes with ${messages.toLocaleString('en-US')} messages are on the old side`);
  return mailboxes;
}

/** A few mailboxes try, and are refused, until the permissions are known everywhere. */
async function waitForPermissions({ screen, servers, commands }: Stage, watch: Watch): Promise<void> {
  const { tenant } = servers.source;
  await watch.until((_standings, project) => project?.gates?.some(({ tries }) => tries > 0) === true);
  screen.clear();
  screen.tell(`${CANARIES} mailboxes have tried and were refused; the others do not even knock`);
  await commands.run(['status', PROJECT]);
  tenant.settle();
  screen.tell('The permissions have reached the old side’s servers');
}

/** One mailbox has asked for too much; it waits as long as it is told to, and the others go on. */
async function obeyThrottling({ screen, servers, everybody }: Stage, watch: Watch): Promise<void> {
  const throttled = everybody.find(({ isThrottled }) => isThrottled);
  if (throttled === undefined) return;
  const { tenant } = servers.source;
  // A login stays on record, however soon the mailbox is through; a phase that is asked for may have passed.
  await watch.until(() =>
    tenant.logins.some(({ address, outcome }) => address === throttled.sourceUser && outcome === 'opened'),
  );
  tenant.throttling.throttle(THROTTLED_MS, throttled.sourceUser);
  screen.tell(`The old side throttles ${throttled.sourceUser}: it asks to wait for ${THROTTLED_MS / 1_000} seconds`);
}

/** One mailbox is refused while the others are in: its own fault, which has a name and a remedy. */
async function mendTheFault({ screen, servers, everybody, commands, signal }: Stage, watch: Watch): Promise<void> {
  const faulty = everybody.find(({ imapIsOff }) => imapIsOff);
  if (faulty === undefined) return;
  await watch.until((standings) => isIn(standings, faulty, 'refused'));
  screen.clear();
  screen.tell(`${faulty.sourceUser} is refused while the others are in`);
  await commands.run(['show', PROJECT, faulty.destinationUser]);
  await delay(WHILE_READING_MS, undefined, { signal });
  servers.source.tenant.directory.mailbox(faulty.sourceUser).setImapEnabled(true, 'at-once');
  screen.tell('The administrator switches IMAP on for this mailbox');
  await commands.run(['retry', PROJECT]);
}

function isIn(standings: readonly Standing[], { destinationUser }: Person, phase: Standing['phase']): boolean {
  return standings.some((standing) => standing.id === destinationUser && standing.phase === phase);
}

/** Tokens that ended in the meantime were replaced without anybody's doing. */
function tellOfTokens({ screen, servers }: Stage): void {
  const { tokenService } = servers.source.tenant;
  screen.tell(
    `Access tokens lasted for a few seconds; ${tokenService.issued()} were asked for, and no session’s end lost anything`,
  );
}

/** What people do between pre-stage and cutover, on both sides. */
async function lifeGoesOn({ screen, signal }: Stage, mailboxes: readonly OwnMail[]): Promise<void> {
  const now = new Date();
  let received = 0;
  for (const own of mailboxes) {
    signal.throwIfAborted();
    received += receiveAtSource(own, 1, NEW_MESSAGES, now);
    await flagAtSource(own, now);
  }
  screen.tell(`${received} new messages have come to the old side, and everybody has flagged an old one there`);
  const [early] = mailboxes;
  if (early === undefined) return;
  await workAtDestination(early, now);
  screen.tell(`${early.person.destinationUser} has moved, deleted and labelled a message on the new side`);
}

async function askForCutover({ screen, signal }: Stage): Promise<void> {
  const { interactive, ask } = processIo();
  if (!interactive) {
    screen.tell('The MX record moves to the new side …');
    await delay(BEFORE_CUTOVER_MS, undefined, { signal });
    return;
  }
  await ask(
    screen.theme.bold('Press Enter when the MX record has moved to the new side (it has, for this demonstration): '),
    { signal },
  );
  signal.throwIfAborted();
}

/**
 * Somebody still sends to the old side: the first mailboxes whose final delta is through get mail while they wait for
 * their next pass, which has to find it.
 */
async function tail({ screen }: Stage, watch: Watch, mailboxes: readonly OwnMail[]): Promise<void> {
  const received = new Set<string>();
  await watch.until(
    (standings) => all(standings, 'done', mailboxes),
    (standings) => {
      for (const { id, phase, nextAt } of standings) {
        if (received.size === LATE_MAILBOXES) return;
        const own = mailboxes.find(({ person }) => person.destinationUser === id);
        // No pass begins before its time, and between this look at the clock and the mail's arrival there is nothing.
        const inTime = phase === 'tail' && nextAt !== undefined && nextAt > Date.now();
        if (own === undefined || !inTime || received.has(id)) continue;
        receiveAtSource(own, 2, LATE_MESSAGES, new Date());
        received.add(id);
        if (received.size < LATE_MAILBOXES) continue;
        screen.tell(`${LATE_MAILBOXES * LATE_MESSAGES} messages more have come to the old side after the cutover`);
      }
    },
  );
}

function all(standings: readonly Standing[], phase: Standing['phase'], mailboxes: readonly OwnMail[]): boolean {
  return standings.length === mailboxes.length && standings.every((standing) => standing.phase === phase);
}
