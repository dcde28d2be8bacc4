/**
 * Which destination folder each source folder's messages go to. Pure and deterministic: with the same source and rules
 * the answer stays the same after the folders that it names have been created, so that every pass finds the same pairs.
 */
import type { FolderPair, ListedFolder, MappedFolder } from './folders.ts';
import { fitLevel, foldName, isInboxName, prefixLevels, shownPath } from './folder-names.ts';
import { FolderPlaces, type Base, type Place } from './folder-places.ts';
import { roleCandidates } from './folder-roles.ts';
import { sourceFolders, type LeftOut, type SourceFolder, type SourceView } from './folder-sources.ts';
import { besideNonMail } from './non-mail-folders.ts';
import type { FolderRules } from './project.ts';
import { MATCHED_ROLES, type MatchedRole } from './role-names.ts';

export type { LeftOut } from './folder-sources.ts';

/** The destination as its server lists it. */
export interface FolderSide {
  readonly folders: readonly ListedFolder[];
  readonly delimiter: string | null;
  /** Prefix of the personal namespace as the server names it (RFC 2342), e.g. `INBOX.`; often empty. */
  readonly namespacePrefix: string;
  /** The row's `folderPrefix`, `/` between levels: everything goes below it. */
  readonly rowPrefix?: string | undefined;
  /** The server is Exchange, which keeps something else than mail under some names. */
  readonly exchange?: boolean;
}

export interface FolderMapInput {
  readonly source: SourceView;
  readonly destination: FolderSide;
  readonly rules: FolderRules;
}

export interface FolderMap {
  /**
   * INBOX first, then by source name, and last what shows messages of others once more. Two pairs share a destination only
   * where a rename rule says so.
   */
  readonly pairs: readonly MappedFolder[];
  readonly leftOut: readonly LeftOut[];
  /** What is not called as it was, and why, in sentences. */
  readonly notes: readonly string[];
}

/** A level of the tree that the destination is to have; `sources` go into it, children below it. */
interface TreeNode {
  readonly path: readonly string[];
  readonly level: string;
  readonly parent: TreeNode | undefined;
  readonly sources: SourceFolder[];
  place: Place | undefined;
  base: Base | undefined;
  /** The role that its source folder plays. */
  plays?: MatchedRole;
  /** The role by which it was matched with a folder of the destination. */
  role?: MatchedRole;
}

const SEPARATOR = '\u0000';

function keyOf(path: readonly string[]): string {
  return path.map((level) => foldName(level)).join(SEPARATOR);
}

function compareNodes(a: TreeNode, b: TreeNode): number {
  const one = a.path.join(SEPARATOR);
  const other = b.path.join(SEPARATOR);
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Levels at the destination before they are made to fit: the row's prefix in front, one level where it has no levels. */
function targetPath(target: readonly string[], side: FolderSide): readonly string[] {
  const namespace = prefixLevels(side.namespacePrefix, side.delimiter);
  const written = (side.rowPrefix ?? '')
    .split('/')
    .map((level) => level.trim())
    .filter((level) => level !== '');
  const repeats =
    namespace.length > 0 && namespace.every((level, depth) => foldName(level) === foldName(written[depth] ?? ''));
  const path = [...(repeats ? written.slice(namespace.length) : written), ...target];
  return side.delimiter === null && path.length > 1 ? [path.join('/')] : path;
}

/** The tree of all target paths. Sources of equal path share a node only where a rename rule brought them together. */
function growTree(moved: readonly SourceFolder[], side: FolderSide): readonly TreeNode[] {
  const nodes = new Map<string, TreeNode>();
  const doubles: TreeNode[] = [];
  const nodeAt = (path: readonly string[]): TreeNode => {
    const key = path.join(SEPARATOR);
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const parent = path.length > 1 ? nodeAt(path.slice(0, -1)) : undefined;
    const node: TreeNode = {
      path,
      level: path.at(-1) ?? '',
      parent,
      sources: [],
      place: undefined,
      base: undefined,
    };
    nodes.set(key, node);
    return node;
  };
  for (const source of moved) {
    const node = nodeAt(targetPath(source.target, side));
    const mayShare = source.renamed || node.sources.every((other) => other.renamed);
    if (mayShare) node.sources.push(source);
    else doubles.push({ ...node, sources: [source] });
  }
  return [...nodes.values(), ...doubles].toSorted(compareNodes);
}

/** Places nodes level by level, so that children follow their parents wherever these go. */
class TreePlacer {
  readonly #places: FolderPlaces;
  readonly #side: FolderSide;
  readonly #root: Base;
  readonly #notes: string[] = [];

  constructor(side: FolderSide) {
    this.#side = side;
    this.#places = new FolderPlaces(side.folders, side.delimiter);
    this.#root = { path: prefixLevels(side.namespacePrefix, side.delimiter), prefix: side.namespacePrefix };
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  place(tree: readonly TreeNode[], rules: FolderRules): void {
    this.#placeInbox(tree);
    if (rules.roles && (this.#side.rowPrefix ?? '') === '') this.#placeRoles(tree);
    const depths = Math.max(0, ...tree.map((node) => node.path.length));
    for (let depth = 1; depth <= depths; depth++) {
      this.#placeDepth(tree.filter((node) => node.path.length === depth));
    }
  }

  #give(node: TreeNode, place: Place): void {
    node.place = place;
    node.base ??= this.#places.below(place);
  }

  #baseOf(node: TreeNode): Base {
    return node.parent?.base ?? this.#root;
  }

  /** The first level INBOX is nobody else's, with or without a namespace prefix. */
  #placeInbox(tree: readonly TreeNode[]): void {
    const place: Place = { path: ['INBOX'], name: 'INBOX' };
    this.#places.reserve(['INBOX']);
    this.#places.reserve([...this.#root.path, 'INBOX']);
    const node = tree.find((candidate) => candidate.path.length === 1 && candidate.path[0] === 'INBOX');
    if (node === undefined) return;
    // Where all folders are below INBOX anyway, those of the source's INBOX do not go one level deeper.
    if (this.#isBelowInbox()) node.base = this.#root;
    this.#give(node, place);
  }

  /** Where the node would go by its name alone, for comparing; INBOX's children as `#placeInbox` has them. */
  #naturalKey(node: TreeNode): string {
    const [first, ...rest] = node.path;
    const isFlattened = first === 'INBOX' && rest.length > 0 && this.#isBelowInbox();
    const levels = isFlattened ? rest : node.path;
    const fitted = levels.map((level, depth) => fitLevel(level, this.#side.delimiter, depth === 0).level);
    return keyOf([...this.#root.path, ...fitted]);
  }

  #isBelowInbox(): boolean {
    return this.#root.path.length === 1 && this.#root.path.every(isInboxName);
  }

  #isOwn(folder: ListedFolder): boolean {
    const root = keyOf(this.#root.path);
    return this.#root.path.length === 0 || keyOf(folder.path.slice(0, this.#root.path.length)) === root;
  }

  #placeRoles(tree: readonly TreeNode[]): void {
    const open = tree.filter((node) => node.place === undefined && node.sources.length > 0);
    const candidates = open.map((node) => ({
      node,
      path: node.path,
      role: node.sources.find((source) => !source.renamed)?.folder.role,
    }));
    const rootLength = this.#root.path.length;
    const there = this.#side.folders
      .filter((folder) => folder.selectable && folder.path.length > rootLength && this.#isOwn(folder))
      .map((folder) => ({ folder, path: folder.path.slice(rootLength), role: folder.role }));
    for (const role of MATCHED_ROLES) {
      const player = roleCandidates(role, candidates).find(({ node }) => node.place === undefined)?.node;
      const chosen = player ?? (role === 'archive' ? this.#allMail(open) : undefined);
      if (player !== undefined) player.plays = role;
      if (chosen === undefined) continue;
      // A folder that is the counterpart of another by its very name stays with it, in the first pass and in all later ones.
      // What stands in for a role gives way also to a folder that is only made for those below it.
      const rivals = (player === undefined ? tree : open).filter((node) => node !== chosen);
      const others = new Set(rivals.map((node) => this.#naturalKey(node)));
      const free = roleCandidates(role, there).filter(({ folder }) => !others.has(keyOf(folder.path)));
      const same = free.find(({ folder }) => keyOf(folder.path) === this.#naturalKey(chosen));
      const counterpart = (same ?? free[0])?.folder;
      const place = counterpart === undefined ? undefined : this.#places.takeListed(counterpart.path);
      if (place === undefined) continue;
      chosen.role = role;
      this.#give(chosen, place);
    }
  }

  /**
   * Of a folder with all messages those are carried over that are nowhere else, which is what an archive is for; unless the
   * destination has such a folder of the same name.
   */
  #allMail(open: readonly TreeNode[]): TreeNode | undefined {
    const node = open.find(({ sources }) => sources.some(({ folder, renamed }) => folder.role === 'all' && !renamed));
    if (node === undefined || node.place !== undefined) return undefined;
    const natural = this.#naturalKey(node);
    const has = this.#side.folders.some((folder) => folder.role === 'all' && keyOf(folder.path) === natural);
    return has ? undefined : node;
  }

  /** Names that need no change are given first, then those made to fit, and last those that must step aside. */
  #placeDepth(nodes: readonly TreeNode[]): void {
    const isTop = (node: TreeNode): boolean => this.#baseOf(node).path.length <= this.#root.path.length;
    const waiting = nodes.map((node) => {
      const fitted = fitLevel(node.level, this.#side.delimiter, isTop(node));
      const beside = this.#side.exchange === true && isTop(node) ? besideNonMail(fitted) : undefined;
      return { node, fitted: beside ?? fitted, isFree: beside === undefined };
    });
    const attempts: readonly ((turn: (typeof waiting)[number]) => Place | undefined)[] = [
      ({ node, isFree }) => (isFree ? this.#places.takeListed([...this.#baseOf(node).path, node.level]) : undefined),
      ({ node, fitted }) =>
        fitted.reason === undefined ? this.#places.take(this.#baseOf(node), fitted.level) : undefined,
      ({ node, fitted }) => this.#places.take(this.#baseOf(node), fitted.level),
      ({ node, fitted }) => this.#takeNumbered(this.#baseOf(node), fitted.level),
    ];
    for (const [stage, attempt] of attempts.entries()) {
      for (const turn of waiting) {
        if (turn.node.place !== undefined) continue;
        const place = attempt(turn);
        if (place === undefined) continue;
        this.#give(turn.node, place);
        if (place.path.at(-1) !== turn.node.level) this.#noteName(turn.node, place, stage, turn.fitted.reason);
      }
    }
  }

  #takeNumbered(base: Base, level: string): Place {
    for (let number = 2; ; number++) {
      const place = this.#places.take(base, `${level} (${number})`);
      if (place !== undefined) return place;
    }
  }

  #noteName(node: TreeNode, place: Place, stage: number, reason: string | undefined): void {
    const was = `“${shownPath(node.path)}” becomes “${shownPath(place.path)}”`;
    const reasons = [
      ...(reason === undefined ? [] : [reason]),
      ...(stage === 3 ? ['another folder has that name already, or one that differs only in case'] : []),
      ...(stage < 3 && reason === undefined ? ['it is there already, written this way'] : []),
    ];
    this.#notes.push(`${was}: ${reasons.join('; ')}.`);
  }
}

function placedPair(source: SourceFolder, place: Place, plays: MatchedRole | undefined): MappedFolder {
  const role = source.folder.role ?? plays;
  return {
    source: source.folder.name,
    sourcePath: source.shown,
    destination: place.name,
    destinationPath: shownPath(place.path),
    ...(source.exceptIn !== undefined && { exceptIn: source.exceptIn }),
    ...(role !== undefined && { role }),
  };
}

function comparePairs(a: FolderPair, b: FolderPair): number {
  const inbox = Number(isInboxName(b.destination)) - Number(isInboxName(a.destination));
  const repeating = Number(a.exceptIn !== undefined) - Number(b.exceptIn !== undefined);
  return repeating || inbox || (a.source < b.source ? -1 : a.source > b.source ? 1 : 0);
}

function notesOf(node: TreeNode, place: Place): readonly string[] {
  const shown = node.sources.map((source) => `“${source.shown}”`);
  const to = `“${shownPath(place.path)}”`;
  const notes: string[] = [];
  if (node.sources.length > 1) notes.push(`${shown.join(' and ')} go to one folder, ${to}, by a rename rule.`);
  if (node.sources.some((source) => source.exceptIn !== undefined)) {
    notes.push(`Of ${shown.join(' and ')} only what is in no other folder goes to ${to}.`);
  } else if (node.role !== undefined && node.level !== place.path.at(-1)) {
    notes.push(`${shown.join(' and ')} and ${to} are both the folder for ${node.role}: they are matched.`);
  }
  return notes;
}

/**
 * Maps every selectable source folder to a destination folder, existing or to be created, or says why it is left out.
 * - INBOX goes to INBOX; prefixes and delimiters of both sides are taken off and put on.
 * - The rules' renames come first, then roles (RFC 6154, marked or by well-known names), then names.
 * - A folder that is at the destination already is used under its exact name, in whatever case it is written there.
 * - What a name cannot have there is replaced visibly; whoever would share a name with another gets ` (2)` and so on.
 */
export function mapFolders(input: FolderMapInput): FolderMap {
  const { moved, leftOut } = sourceFolders(input.source, input.rules);
  const tree = growTree(moved, input.destination);
  const placer = new TreePlacer(input.destination);
  placer.place(tree, input.rules);
  const placed = tree.flatMap((node) => (node.place === undefined ? [] : [{ node, place: node.place }]));
  return {
    pairs: placed
      .flatMap(({ node, place }) => node.sources.map((source) => placedPair(source, place, node.plays)))
      .toSorted(comparePairs),
    leftOut,
    notes: [...placer.notes, ...placed.flatMap(({ node, place }) => notesOf(node, place))],
  };
}
