/**
 * When the secrets and certificates of a project's applications end. None can be renewed from here: whoever administers the tenant
 * has to be told while there is time.
 */
import type { Application, MailboxRow, OAuth2Credential, ProjectSettings, Side } from './project.ts';

/** A credential whose end is known. Nothing secret. */
export interface CredentialEnd {
  readonly side: Side;
  readonly clientId: string;
  readonly kind: OAuth2Credential['kind'];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** The mailbox that it is for, where it is a row's own. */
  readonly mailbox?: string;
}

/** What of a project's course decides how long its credentials are needed, in epoch milliseconds. */
export interface Course {
  readonly now: number;
  readonly cutoverAt?: number | undefined;
  /** When everything is forecast to have been copied, where somebody can tell. */
  readonly endsAt?: number | undefined;
}

export interface CredentialWarning extends CredentialEnd {
  readonly expired: boolean;
  /** One sentence. */
  readonly text: string;
}

const DAY_MS = 86_400_000;
/**
 * The end is a month away at least, and so it is from the cutover on: the tail takes days, and a new secret takes an
 * administrator some more.
 */
const AHEAD_MS = 30 * DAY_MS;

const SIDES = ['source', 'destination'] as const;

/** The ends of a project's credentials that are known: those of its sides, and those that single rows bring. */
export function credentialEnds(settings: ProjectSettings, rows: readonly MailboxRow[] = []): readonly CredentialEnd[] {
  const ofSides = SIDES.flatMap((side) => endOf(side, applicationOf(settings, side)));
  const ofRows = rows.flatMap((row) => SIDES.flatMap((side) => endOf(side, row[side].app, row.id)));
  return [...ofSides, ...ofRows];
}

/** The same of one mailbox. */
export function mailboxCredentialEnds(settings: ProjectSettings, row: MailboxRow): readonly CredentialEnd[] {
  return SIDES.flatMap((side) => endOf(side, row[side].app ?? applicationOf(settings, side)));
}

/** Those that end before the project does, the earliest first. */
export function credentialWarnings(ends: readonly CredentialEnd[], course: Course): readonly CredentialWarning[] {
  const { now, cutoverAt = now } = course;
  const neededUntil = Math.max(course.endsAt ?? 0, Math.max(now, cutoverAt) + AHEAD_MS);
  return ends
    .filter(({ expiresAt }) => expiresAt < neededUntil)
    .toSorted((a, b) => a.expiresAt - b.expiresAt)
    .flatMap((end) => [{ ...end, expired: end.expiresAt <= now, text: sentence(end, course) }]);
}

function applicationOf(settings: ProjectSettings, side: Side): Application | undefined {
  const { auth } = settings[side];
  return auth.kind === 'oauth2' ? auth.app : undefined;
}

function endOf(side: Side, app: Application | undefined, mailbox?: string): readonly CredentialEnd[] {
  if (app === undefined) return [];
  const { clientId, credential } = app;
  const { kind, expiresAt } = credential;
  return expiresAt === undefined
    ? []
    : [{ side, clientId, kind, expiresAt, ...(mailbox !== undefined && { mailbox }) }];
}

function sentence({ side, clientId, kind, expiresAt, mailbox }: CredentialEnd, { now, endsAt }: Course): string {
  const what = `The ${kind === 'secret' ? 'client secret' : 'certificate'} of application ${clientId} (${side}${mailbox === undefined ? '' : `, ${mailbox}`})`;
  const on = day(expiresAt);
  if (expiresAt <= now) return `${what} expired on ${on}: no mailbox opens with it`;
  const days = Math.floor((expiresAt - now) / DAY_MS);
  const left = days === 0 ? 'in less than a day' : days === 1 ? 'in a day' : `in ${days} days`;
  const end =
    endsAt === undefined || expiresAt >= endsAt ? '' : `, before the forecast end of the project on ${day(endsAt)}`;
  return `${what} expires on ${on}, ${left}${end}`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** What to do about it. */
export const RENEW_CREDENTIALS =
  'Add a new secret or certificate to the app registration, put it where the project file says, and run `mailferry apply`.';
