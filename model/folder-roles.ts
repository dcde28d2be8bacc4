/** Which folder plays a role (RFC 6154) on a side, so that no second Sent or Trash in another language appears. */
import type { FolderRole } from './folders.ts';
import { foldName, isInboxName } from './folder-names.ts';
import { MATCHED_ROLES, ROLE_NAMES, type MatchedRole } from './role-names.ts';

/** A folder that may play a role: its path below the namespace prefix, and the role that its server marks. */
export interface RoleCandidate {
  readonly path: readonly string[];
  readonly role?: FolderRole | undefined;
}

interface NamedRole {
  readonly role: MatchedRole;
  readonly rank: number;
}

const BY_NAME: ReadonlyMap<string, NamedRole> = new Map(
  MATCHED_ROLES.flatMap((role) => ROLE_NAMES[role].map((name, rank) => [foldName(name), { role, rank }] as const)),
);

/** Levels in which servers without a namespace prefix keep the folders of every user. */
export function isGmailLevel(level: string): boolean {
  return level === '[Gmail]' || level === '[Google Mail]';
}

/** A folder deeper down that is called Sent is the user's own, and not the one where programs put what was sent. */
function namedRole(path: readonly string[]): NamedRole | undefined {
  const [first, second] = path;
  if (first === undefined) return undefined;
  const isBelowRoot = path.length === 2 && (isInboxName(first) || isGmailLevel(first));
  const name = path.length === 1 ? first : isBelowRoot ? second : undefined;
  return name === undefined ? undefined : BY_NAME.get(foldName(name));
}

function rankOf(candidate: RoleCandidate): number {
  return namedRole(candidate.path)?.rank ?? Number.MAX_SAFE_INTEGER;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareCandidates(a: RoleCandidate, b: RoleCandidate): number {
  return (
    rankOf(a) - rankOf(b) || a.path.length - b.path.length || compareText(a.path.join('\u0000'), b.path.join('\u0000'))
  );
}

/** The folders that may play `role`, the likeliest first: those that the server marks or, where it marks none, by name. */
export function roleCandidates<Candidate extends RoleCandidate>(
  role: MatchedRole,
  folders: readonly Candidate[],
): readonly Candidate[] {
  const marked = folders.filter((folder) => folder.role === role);
  const found =
    marked.length > 0
      ? marked
      : folders.filter((folder) => folder.role === undefined && namedRole(folder.path)?.role === role);
  return found.toSorted(compareCandidates);
}
