/**
 * The check that an administrator's login has opened the user's mailbox and not the administrator's own: a server that passes
 * over whom a login acts for would have one mailbox copied for all users, or all users' mail put into one mailbox. Nothing is
 * written on either side.
 */
import { randomBytes } from 'node:crypto';
import type { FolderStatus } from '../imap/types.ts';
import { actingIn, isOwn, type Acting } from '../model/acting.ts';
import type { Problem } from '../model/mailbox.ts';
import type { MailboxJob, Side } from '../model/project.ts';
import { passesByItself, refusal } from '../model/refusals.ts';
import type { LoginAs } from './acting-login.ts';
import type { Dependencies } from './dependencies.ts';
import type { OwnMailbox } from './own-mailboxes.ts';
import { likenessOf, mayBeOne, portraitOf, type Portrait } from './portrait.ts';
import { askedOf, RefusedOn } from './problems.ts';
import { withSide, withSideAs, type SessionRequest } from './sessions.ts';

/** How old a look at an administrator's own mailbox may be to rule it out, and to be compared with message by message. */
const RULES_OUT_MS = 600_000;
const COMPARED_MS = 60_000;

interface Check {
  readonly deps: Dependencies;
  readonly request: SessionRequest;
  readonly side: Side;
  readonly acting: Acting;
}

/**
 * Looks at whose mailbox the login of a row has opened, where an administrator acts for the user; `inbox` is what that login
 * shows. Gives a note where the mailboxes cannot be told apart. Rejects with RefusedOn: `access.own-mailbox` when the
 * mailbox is the administrator's own, and whatever else keeps it from looking.
 */
export async function checkActing(
  deps: Dependencies,
  request: SessionRequest,
  side: Side,
  inbox: FolderStatus,
): Promise<string | undefined> {
  const { settings, row } = request.job;
  const acting = actingIn(settings[side], row[side]);
  if (acting === undefined || isOwn(acting)) return undefined;
  const check: Check = { deps, request, side, acting };
  const own = await ownMailbox(check, RULES_OUT_MS);
  if (own === 'none' || !mayBeOne(own.inbox, inbox)) return undefined;
  return compare(check);
}

/** Both mailboxes, one right after the other. */
async function compare(check: Check): Promise<string | undefined> {
  const own = await ownMailbox(check, COMPARED_MS);
  if (own === 'none') return undefined;
  const uids = [...own.samples.keys()];
  const { deps, request, side } = check;
  const users = await withSide(deps, request, side, (session) => askedOf(side, portraitOf(session, uids)));
  switch (likenessOf(own, users)) {
    case 'other':
      return undefined;
    case 'same':
      throw ownMailboxOpened(check, 'with the same messages');
    case 'alike':
      return askForNobody(check, own);
  }
}

/**
 * Whether the server looks at the user's name at all: asks for a user that cannot be there. Only where everything looks the same,
 * and once for all rows, since a login that fails counts with many servers.
 */
async function askForNobody(check: Check, own: Portrait): Promise<string | undefined> {
  const { deps, request, side, acting } = check;
  const key = `nobody ${keyOf(request.job, side, acting)}`;
  const found = await deps.ownMailboxes.see(key, 0, () =>
    lookAs(check, { kind: 'for-user', user: nobodyLike(acting.user) }),
  );
  if (found !== 'none' && likenessOf(own, found) !== 'other') {
    throw ownMailboxOpened(check, 'and opens it for users that do not exist as well');
  }
  return `${acting.user} at the ${check.side} looks like the mailbox of ${acting.admin}, both being all but empty; the server tells users apart by name, so it was taken for another one`;
}

/** A name of the same form that nobody has. */
function nobodyLike(user: string): string {
  const [, domain] = user.split('@');
  const name = `no-such-user-${randomBytes(6).toString('hex')}`;
  return domain === undefined ? name : `${name}@${domain}`;
}

function ownMailboxOpened({ acting, side, request }: Check, how: string): RefusedOn {
  const { host } = request.job.settings[side];
  const problem: Problem = {
    code: 'access.own-mailbox',
    text: `The login of ${acting.admin} for ${acting.user} opens the mailbox of ${acting.admin} at ${host}, ${how}`,
  };
  return new RefusedOn(side, problem, undefined);
}

function ownMailbox(check: Check, maxAge: number): Promise<OwnMailbox> {
  const { deps, request, side, acting } = check;
  return deps.ownMailboxes.see(keyOf(request.job, side, acting), maxAge, () =>
    lookAs(check, { kind: 'administrator' }),
  );
}

/** The secret is no part of it: who gets here has been let in with it. */
function keyOf({ settings }: MailboxJob, side: Side, { form, admin }: Acting): string {
  const { host, port } = settings[side];
  return JSON.stringify([settings.name, host, port, form, admin]);
}

/** `none` when the server refuses the login or has no mailbox for it; troubles of the moment reject. */
async function lookAs({ deps, request, side }: Check, as: LoginAs): Promise<OwnMailbox> {
  try {
    return await withSideAs(deps, request, side, as, (session) => askedOf(side, portraitOf(session)));
  } catch (error) {
    if (error instanceof RefusedOn && isNoMailbox(error.problem)) return 'none';
    throw error;
  }
}

function isNoMailbox({ code }: Problem): boolean {
  return refusal(code).scope === 'folder' || (code.startsWith('access.') && !passesByItself(code));
}
