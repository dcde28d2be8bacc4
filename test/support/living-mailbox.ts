/**
 * A mailbox in use: its user delivers, moves, deletes, flags and renames on both sides, before, between and in the middle of
 * passes, while workers die. Keeps what a stranger who watched both users could tell of each message.
 */
import { copyFolder } from '../../copy/copy-folder.ts';
import { decodeLedger } from '../../copy/ledger-codec.ts';
import { pairMoves } from '../../copy/pair-moves.ts';
import type { CopyContext } from '../../copy/types.ts';
import type { CopyHeartbeat, SurveyedFolder } from '../../model/activities.ts';
import type { FolderState } from '../../model/saga.ts';
import { mergeFolders } from '../../workflows/mailbox/folders.ts';
import { foldersToPair } from '../../workflows/mailbox/pairable.ts';
import { Crash, knownGrowth, type Beat } from './copy-harness.ts';
import { MOVING } from './mailbox-harness.ts';
import { mail, MemoryMailbox } from './memory-server.ts';
import { MemorySession, type MemorySessionOptions } from './memory-session.ts';

const DAY_MS = 86_400_000;
const LIMITS = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 10,
  messagesPerShare: 20_000,
  millisecondsPerShare: 600_000,
  memoryBytes: 1 << 25,
};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export type Side = 'source' | 'destination';

/** Folders and messages are named by numbers, which count those that there are. */
export type Action =
  | { readonly do: 'deliver'; readonly folder: number; readonly twin: boolean }
  | { readonly do: 'move'; readonly side: Side; readonly folder: number; readonly message: number; readonly to: number }
  | { readonly do: 'delete'; readonly side: Side; readonly folder: number; readonly message: number }
  | {
      readonly do: 'flag';
      readonly side: Side;
      readonly folder: number;
      readonly message: number;
      readonly flag: string;
    }
  | { readonly do: 'rename'; readonly folder: number }
  | { readonly do: 'new-folder' }
  | { readonly do: 'renumber'; readonly side: Side; readonly folder: number }
  | { readonly do: 'copy'; readonly folder: number; readonly message: number; readonly to: number };

/** Something that happens at a step of a pass, counted over all its activities. */
export interface Incident {
  readonly at: number;
  /** The worker dies, and so many of its last heartbeats were not acknowledged. */
  readonly crash?: number;
  /** Both connections are lost, and the pass is over. */
  readonly outage?: true;
  readonly actions: readonly Action[];
}

export interface Servers {
  readonly source?: MemorySessionOptions;
  readonly destination?: MemorySessionOptions;
}

/** What became of messages with one subject. */
export interface Story {
  /** How many there ever were on the source. */
  born: number;
  /** How many the destination's user deleted. */
  deletedThere: number;
  movedThere: boolean;
  flaggedThere: boolean;
}

function dateOf(now: number): string {
  const date = new Date(now);
  const day = String(date.getUTCDate()).padStart(2, '0');
  return `${day}-${MONTHS[date.getUTCMonth()] ?? ''}-${date.getUTCFullYear()} 10:00:00 +0000`;
}

export function subjectOf(body: Buffer | string): string {
  return /^Subject: (.*)\r$/m.exec(body.toString())?.[1] ?? '';
}

export class LivingMailbox {
  readonly source = new MemoryMailbox('Work', 'Other');
  readonly destination = new MemoryMailbox();
  readonly stories = new Map<string, Story>();
  /** What was sent, by subject. */
  readonly appended = new Map<string, number>();
  readonly renumbered = new Set<Side>();
  folders: readonly FolderState[] = [];
  readonly log: string[] = [];
  readonly servers: Servers;
  #growth: string | undefined;
  #growthOf: readonly string[] = [];
  #now = Date.UTC(2025, 0, 1);
  #named = 0;
  #surveyedAt = 0;
  #sessions: readonly MemorySession[] = [];
  /** The last pass did not come to its end: what was on its way is in doubt. */
  #isCutShort = false;

  constructor(servers: Servers = {}) {
    this.servers = servers;
  }

  act(action: Action): void {
    this.#now += DAY_MS;
    const side = 'side' in action ? action.side : 'source';
    const mailbox = this[side];
    const names = [...mailbox.folders.keys()];
    const nameOf = (index: number): string => names[index % names.length] ?? 'INBOX';
    this.log.push(JSON.stringify(action));
    if (action.do === 'new-folder') return this.#newFolder();
    const name = nameOf(action.folder);
    if (action.do === 'deliver') return this.#deliver(name, action.twin);
    if (action.do === 'rename') return this.#rename(name);
    if (action.do === 'renumber') {
      this.renumbered.add(side);
      return mailbox.renumber(name, (messages) => messages.toReversed());
    }
    const { messages } = mailbox.folder(name);
    const message = messages[action.message % Math.max(1, messages.length)];
    if (message === undefined) return;
    const story = this.#storyOf(subjectOf(message.body));
    this.log.push(`  = ${side} ${name} ${message.uid} ${subjectOf(message.body)}`);
    switch (action.do) {
      case 'move':
        mailbox.move(name, message.uid, nameOf(action.to));
        if (side === 'destination') story.movedThere = true;
        return;
      case 'copy':
        this.source.add(nameOf(action.to), message);
        story.born += 1;
        return;
      case 'delete':
        mailbox.expunge(name, message.uid);
        if (side === 'destination') story.deletedThere += 1;
        return;
      case 'flag': {
        const has = message.flags.includes(action.flag);
        const flags = has ? message.flags.filter((flag) => flag !== action.flag) : [...message.flags, action.flag];
        mailbox.flag(name, message.uid, flags);
        if (side === 'destination') story.flaggedThere = true;
        return;
      }
    }
  }

  /** A whole pass, each activity until it is through. */
  async pass(incidents: readonly Incident[] = []): Promise<void> {
    this.#now += DAY_MS;
    const left = [...incidents].toSorted((a, b) => a.at - b.at);
    let steps = 0;
    let afterOutage: readonly Action[] | undefined;
    let dead: { readonly crash: Crash; readonly stale: number; readonly after: readonly Action[] } | undefined;
    const onStep = (step: string): void => {
      if (dead !== undefined) throw dead.crash;
      steps += 1;
      const [next] = left;
      if (next === undefined || steps < next.at) return;
      left.shift();
      this.#isCutShort ||= next.outage === true || next.crash !== undefined;
      this.log.push(`at ${step}${next.crash === undefined ? '' : `: crash, ${next.crash} stale`}`);
      if (next.outage === true) {
        afterOutage = next.actions;
        const lost = this.#lose(step);
        if (lost !== undefined) throw lost;
        return;
      }
      if (next.crash === undefined) for (const action of next.actions) this.act(action);
      else {
        dead = { crash: new Crash(step), stale: next.crash, after: next.actions };
        throw dead.crash;
      }
    };
    const tried = async (
      attempt: (beats: Beat[]) => Promise<boolean>,
      keep: (growth: string) => void,
    ): Promise<void> => {
      for (let tries = 0; tries < 30; tries++) {
        const beats: Beat[] = [];
        try {
          if (await attempt(beats)) return;
        } catch (error) {
          if (!(error instanceof Crash) || dead === undefined) throw error;
          const growth = knownGrowth(beats, dead.stale);
          if (growth !== undefined) keep(growth);
          const { after } = dead;
          dead = undefined;
          for (const action of after) this.act(action);
        }
      }
      throw new Error('an activity comes to no end');
    };
    this.log.push('pass');
    await this.#survey();
    await tried(
      (beats) => this.#pair(onStep, beats),
      (growth) => (this.#growth = growth),
    );
    for (const { source, gone } of this.folders) {
      if (gone || afterOutage !== undefined) continue;
      await tried(
        (beats) => this.#copy(source, onStep, beats),
        (growth) => this.#patch(source, { growth }),
      );
    }
    if (afterOutage === undefined) this.#isCutShort = false;
    for (const action of afterOutage ?? []) this.act(action);
  }

  /** What the session whose step it is meets. */
  #lose(step: string): Error | undefined {
    const [source, destination] = this.#sessions.map((session) => session.lost());
    if (step.startsWith('source ')) return source;
    return step.startsWith('destination ') ? destination : undefined;
  }

  /** Source messages that wait for a person, by subject. */
  aside(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { source, ledger, gone } of this.folders) {
      if (gone || ledger === undefined || !this.source.folders.has(source)) continue;
      const known = new Set(decodeLedger(ledger).aside.map(({ uid }) => uid));
      for (const { uid, body } of this.source.folder(source).messages) {
        if (known.has(uid)) counts.set(subjectOf(body), (counts.get(subjectOf(body)) ?? 0) + 1);
      }
    }
    return counts;
  }

  #storyOf(subject: string): Story {
    const story = this.stories.get(subject) ?? { born: 0, deletedThere: 0, movedThere: false, flaggedThere: false };
    this.stories.set(subject, story);
    return story;
  }

  #newFolder(): void {
    this.#named += 1;
    this.source.create(`New ${this.#named}`);
  }

  #deliver(name: string, twin: boolean): void {
    this.#named += 1;
    const subject = twin ? 'twin' : `mail ${this.#named}`;
    this.source.add(name, {
      body: mail(subject),
      internalDate: dateOf(this.#now),
      flags: this.#named % 3 === 0 ? ['\\Seen'] : [],
    });
    this.#storyOf(subject).born += 1;
    this.log.push(`  = ${subject} into ${name}`);
  }

  /** A folder that is renamed while it is unknown what of it was sent is copied as if nothing of that had been. */
  #rename(name: string): void {
    if (name === 'INBOX' || this.#isCutShort) return;
    this.#named += 1;
    this.source.rename(name, `Renamed ${this.#named}`);
  }

  #patch(source: string, change: Partial<FolderState>): void {
    this.folders = this.folders.map((each) => (each.source === source ? { ...each, ...change } : each));
  }

  async #survey(): Promise<void> {
    this.#surveyedAt = this.#now;
    const found = [...this.source.folders].map(([name, { messages, uidNext, uidValidity }]): SurveyedFolder => {
      const names = { source: name, sourcePath: name, destination: name, destinationPath: name };
      return Object.assign(names, { messages: messages.length, uidNext, uidValidity });
    });
    const merged = mergeFolders(this.folders, found);
    for (const { created, gone, destination } of merged) {
      if (!created && !gone && !this.destination.folders.has(destination)) this.destination.create(destination);
    }
    this.folders = merged.map((folder) => Object.assign({}, folder, { created: true }));
  }

  #context(onStep: (step: string) => void, beats: Beat[]): CopyContext {
    let beat: (() => CopyHeartbeat) | undefined;
    const send = (awaited: boolean): void => {
      if (beat !== undefined) beats.push({ growth: beat().growth, awaited });
    };
    const append = this.servers.destination?.onAppend;
    const sessions = {
      source: new MemorySession(this.source, { ...this.servers.source, onStep: (step) => onStep(`source ${step}`) }),
      destination: new MemorySession(this.destination, {
        capabilities: MOVING,
        ...this.servers.destination,
        onAppend: (message, body) => {
          const subject = subjectOf(body);
          this.appended.set(subject, (this.appended.get(subject) ?? 0) + 1);
          return append?.(message, body) ?? body;
        },
        onStep: (step) => {
          send(false);
          onStep(`destination ${step}`);
        },
      }),
    };
    this.#sessions = Object.values(sessions);
    return {
      ...sessions,
      lease: {
        check: () => undefined,
        carry: (next) => (beat = next),
        acknowledged: async () => {
          onStep('before acknowledged');
          send(true);
          onStep('after acknowledged');
        },
      },
      interrupt: new AbortController().signal,
      now: () => this.#now,
    };
  }

  async #pair(onStep: (step: string) => void, beats: Beat[]): Promise<boolean> {
    const { folders } = foldersToPair(this.folders, this.#growthOf);
    if (folders.length === 0) return true;
    this.#growthOf = folders.map(({ source }) => source);
    const previous = this.#growth === undefined ? {} : { previousGrowth: this.#growth };
    const result = await pairMoves({ folders, limits: LIMITS, ...previous }, this.#context(onStep, beats));
    for (const { source, ledger, handled, aside } of result.folders) {
      const known = this.folders.find((folder) => folder.source === source)?.aside ?? [];
      this.#patch(source, { ledger, handled, aside: [...known, ...aside], growth: undefined });
    }
    this.#growth = result.growth;
    if (result.growth === undefined) this.#growthOf = [];
    this.log.push(
      `paired: ${JSON.stringify(result.outcome)} moved ${result.counts.moved} ${JSON.stringify(result.notes)}`,
    );
    return result.outcome.kind !== 'share-ended';
  }

  async #copy(source: string, onStep: (step: string) => void, beats: Beat[]): Promise<boolean> {
    const folder = this.folders.find((each) => each.source === source);
    if (folder === undefined) return true;
    const { messages, uidNext, uidValidity, ledger, growth } = folder;
    const result = await copyFolder(
      {
        pass: 'final',
        folder,
        retryAside: false,
        limits: LIMITS,
        surveyed: { uidNext, uidValidity, at: this.#surveyedAt },
        ...(ledger !== undefined && { ledger }),
        ...(growth !== undefined && { previousGrowth: growth }),
      },
      this.#context(onStep, beats),
    );
    const isComplete = result.outcome.kind === 'complete';
    this.log.push(
      `copied ${source}: ${JSON.stringify(result.outcome)} ${JSON.stringify(result.counts)} ${JSON.stringify(result.notes)}`,
    );
    this.#patch(source, {
      ledger: result.ledger,
      handled: result.handled,
      aside: [...folder.aside, ...result.aside],
      growth: undefined,
      ...(isComplete && {
        completeAt: { messages, uidNext, uidValidity },
        seenUpTo: { uidNext, uidValidity },
        goneFromSource: result.counts.goneFromSource,
      }),
    });
    // A folder that is gone, or was made anew, is met by the next pass.
    return result.outcome.kind !== 'share-ended';
  }
}
