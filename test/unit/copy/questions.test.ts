import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../copy/blame.ts';
import { Questions } from '../../../copy/questions.ts';
import { failureOf } from '../../../copy/source-failure.ts';

/** A folder whose source fails at some messages, and by chance now and then. */
interface Folder {
  readonly messages: number;
  readonly guilty: ReadonlySet<number>;
  readonly how: Failure;
  /** So many messages before it fails are lost with it. */
  readonly loses: number;
  /** Which questions, by number, meet a lost connection for no reason. */
  readonly drops: (question: number) => boolean;
  /** It hands out messages of other folders. */
  readonly isWell?: boolean;
}

interface Outcome {
  readonly came: ReadonlySet<number>;
  readonly condemned: readonly number[];
  readonly failures: number;
  readonly end: 'through' | 'server';
}

/** Of such folders none may have been handed out, and then it is asked for a message of another. */
const FEW = 3;

/** Asks as `transfer` does. */
function hunt({ messages, guilty, how, loses, drops, isWell = true }: Folder): Outcome {
  const questions = new Questions();
  const came = new Set<number>();
  const condemned: number[] = [];
  let failures = 0;
  let count = 0;
  const left = (): Uint32Array =>
    Uint32Array.from({ length: messages }, (_, at) => at + 1).filter(
      (uid) => !came.has(uid) && !condemned.includes(uid),
    );
  const ask = (asked: readonly number[]): 'answered' | 'failed' | 'server' => {
    count += 1;
    const isDropped = drops(count);
    const bad = asked.findIndex((uid) => guilty.has(uid));
    if (!isDropped && bad < 0) {
      for (const uid of asked) came.add(uid);
      questions.answered(asked, []);
      return 'answered';
    }
    failures += 1;
    const readable = isDropped ? 0 : Math.max(0, bad - loses);
    for (const uid of asked.slice(0, readable)) came.add(uid);
    const verdict = questions.failed(asked, asked.slice(readable), isDropped ? 'lost' : how);
    if (verdict === 'guilty') condemned.push(...asked);
    return verdict === 'server' ? 'server' : 'failed';
  };
  const pass = (uids: Uint32Array): 'answered' | 'failed' | 'server' => {
    for (let rest = uids; rest.length > 0;) {
      const { asked, later } = questions.next(rest, 1_000);
      rest = later;
      const outcome = ask(asked);
      if (outcome !== 'answered') return outcome;
    }
    return 'answered';
  };
  /** Asks for another message, to see whether there is any answer. */
  const hearOther = (): 'answered' | 'failed' | 'server' => {
    const isFew = came.size === 0 && messages <= FEW;
    const other = questions.other(came.size > 0 ? Uint32Array.from(came) : questions.first(left()));
    if (questions.unheard === 0 || (other === undefined && !isFew)) return 'answered';
    count += 1;
    const fails = isFew ? !isWell : other !== undefined && guilty.has(other);
    if (drops(count) || fails) return questions.failedElsewhere(drops(count) ? 'lost' : how) ?? 'failed';
    questions.answeredElsewhere();
    return 'answered';
  };
  for (;;) {
    const uids = left();
    if (uids.length === 0) return { came, condemned, failures, end: 'through' };
    const turn = questions.isTheirTurn ? questions.waiting(uids) : [];
    let outcome = hearOther();
    for (const uid of turn) if (outcome === 'answered') outcome = pass(Uint32Array.of(uid));
    if (outcome === 'answered') outcome = pass(questions.first(uids).filter((uid) => !turn.includes(uid)));
    for (const uid of questions.waiting(uids)) if (outcome === 'answered') outcome = pass(Uint32Array.of(uid));
    if (outcome === 'server') return { came, condemned, failures, end: 'server' };
  }
}

const NEVER = (): boolean => false;
const how = fc.constantFrom<Failure>('lost', 'silent', 'refused');

describe('the questions to a source', () => {
  it('find all messages at which it fails, and no others, wherever they are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }).chain((messages) =>
          fc.record({
            messages: fc.constant(messages),
            guilty: fc
              .uniqueArray(fc.integer({ min: 1, max: messages }), {
                maxLength: messages <= FEW ? messages : Math.min(40, Math.floor(messages / 3)),
              })
              .map((uids) => new Set(uids)),
            how,
            loses: fc.constantFrom(0, 0, 3, 50, 400),
          }),
        ),
        (folder) => {
          const { came, condemned, end } = hunt({ ...folder, drops: NEVER });
          expect(end).toBe('through');
          expect(condemned.toSorted((a, b) => a - b)).toEqual([...folder.guilty].toSorted((a, b) => a - b));
          expect(came.size).toBe(folder.messages - folder.guilty.size);
        },
      ),
    );
  });

  it('fail three times for one message where the source tells what comes before it', () => {
    for (const messages of [2, 70, 20_000]) {
      for (const uid of [1, messages >>> 1, messages]) {
        expect(hunt({ messages, guilty: new Set([uid]), how: 'silent', loses: 0, drops: NEVER }).failures).toBe(3);
      }
    }
  });

  it('fail few times where it loses what comes before, or refuses the whole command', () => {
    const one = { messages: 20_000, guilty: new Set([9_999]), drops: NEVER };
    expect(hunt({ ...one, how: 'lost', loses: 64 }).failures).toBeLessThanOrEqual(7);
    expect(hunt({ ...one, how: 'refused', loses: 20_000 }).failures).toBeLessThanOrEqual(24);
  });

  it('blame nobody for connections that are lost in a row, whenever and however many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        how,
        (messages, first, length, each) => {
          const folder = { messages, guilty: new Set<number>(), how: each, loses: 0 };
          const { condemned, came, end } = hunt({
            ...folder,
            drops: (n) => n === 1 || (n >= first && n < first + length),
          });
          expect(condemned).toEqual([]);
          if (end === 'through') expect(came.size).toBe(messages);
        },
      ),
    );
  });

  it('blame the server that answers for nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), how, (messages, each) => {
        const guilty = new Set(Array.from({ length: messages }, (_, at) => at + 1));
        const folder = { messages, guilty, how: each, loses: 0, drops: NEVER, isWell: false };
        const { condemned, end, failures } = hunt(folder);
        expect(condemned).toEqual([]);
        expect(end).toBe('server');
        expect(failures).toBeLessThanOrEqual(each === 'silent' ? 3 : 20);
      }),
    );
  });
});

describe('what a source says when it ends a connection', () => {
  it.each([
    ['server.connection-lost', undefined, 'lost'],
    ['server.connection-lost', 'Internal error occurred. Refer to server log for more information.', 'lost'],
    ['server.connection-lost', 'Server shutting down.', undefined],
    ['server.connection-lost', 'Disconnected for inactivity.', undefined],
    ['server.timeout', undefined, 'silent'],
    ['server.protocol', undefined, 'broken'],
    ['server.refused', 'NO [SERVERBUG] Internal error', 'refused'],
    ['server.throttled', 'Request is throttled', undefined],
    ['server.token-expired', 'AccessTokenExpired', undefined],
    ['access.unavailable', 'NO [UNAVAILABLE] Later', undefined],
    ['source.folder-gone', 'NO [NONEXISTENT] No such mailbox', undefined],
  ] as const)('%s (%s) may be about a message: %s', (code, serverText, expected) => {
    expect(failureOf({ code, text: '', ...(serverText !== undefined && { serverText }) })).toBe(expected);
  });
});
