import { describe, expect, it } from 'vitest';
import { LeaseLost } from '../../../copy/lease-lost.ts';
import { refuse } from '../../../imap/refusal.ts';
import type { Limits } from '../../../model/project.ts';
import { CopyHarness, Crash, knownGrowth, type World } from '../../support/copy-harness.ts';
import { mail, MemoryMailbox } from '../../support/memory-server.ts';

function messages(size: number): CopyHarness {
  const harness = new CopyHarness();
  for (let number = 1; number <= size; number++) harness.source.add('INBOX', { body: mail(`number ${number}`) });
  return harness;
}

const LIMITS: Limits = {
  connectionsPerMailbox: 1,
  connectionsPerEndpoint: 1,
  messagesPerShare: 5,
  millisecondsPerShare: 60_000,
  memoryBytes: 1 << 20,
};

/** Refuses messages whose subject holds a word, as a server would. */
function refusing(word: string, ...[code, text, details]: Parameters<typeof refuse>): World {
  return {
    destination: {
      onAppend: (_, body) => {
        if (body.includes(word)) throw refuse(code, text, details);
        return body;
      },
    },
  };
}

/** An attempt that dies when it has said where doubt begins; the growth that it leaves. */
async function dieBeforeWriting(harness: CopyHarness): Promise<string> {
  const before = await harness.attempt(
    {},
    {
      onStep: (step) => {
        if (step === 'destination before append INBOX') throw new Crash(step);
      },
    },
  );
  const growth = knownGrowth(before.beats, 0);
  if (growth === undefined) throw new Error('the attempt did not say where doubt begins');
  return growth;
}

function nothingIsOnItsWay(): Promise<void> {
  return Promise.reject(new Error('nothing is on its way'));
}

function lost(): void {
  throw new LeaseLost('too old');
}

const NO = { status: 'NO', stored: 'refused' } as const;

describe('a share', () => {
  it('ends after so many messages, and the next goes on', async () => {
    const harness = messages(12);
    const first = await harness.copy({ limits: LIMITS });
    expect(first).toMatchObject({ outcome: { kind: 'share-ended' }, handled: 5, counts: { copied: 5, listed: 0 } });
    const second = await harness.copy({ limits: LIMITS, ledger: first.ledger });
    const third = await harness.copy({ limits: LIMITS, ledger: second.ledger });
    expect(third).toMatchObject({ outcome: { kind: 'complete' }, handled: 12, counts: { copied: 2, listed: 12 } });
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('ends after so many milliseconds', async () => {
    const harness = messages(12);
    let time = 0;
    const { outcome, handled } = await harness.copy({ limits: LIMITS }, { now: () => (time += 20_000) });
    expect(outcome).toEqual({ kind: 'share-ended' });
    expect(handled).toBeLessThan(5);
  });

  it('ends after the message in hand when it is interrupted, with everything in the ledger', async () => {
    const harness = messages(12);
    const interrupting = new AbortController();
    const onStep = (step: string): void => {
      if (step === 'destination before append INBOX' && harness.destination.bodies('INBOX').length === 2)
        interrupting.abort();
    };
    const { outcome, ledger } = await harness.copy({}, { interrupt: interrupting.signal, onStep });
    expect(outcome).toEqual({ kind: 'interrupted' });
    expect(harness.destination.bodies('INBOX')).toHaveLength(3);
    await harness.copy({ ledger });
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('tells in its heartbeats where it is', async () => {
    const harness = messages(3);
    await harness.copy();
    expect(harness.texts).toContain('INBOX: comparing with the destination');
    expect(harness.texts.at(-1)).toBe('INBOX: 3 of 3');
  });
});

describe('one writer', () => {
  it('writes nothing before a heartbeat was acknowledged', async () => {
    const harness = messages(2);
    const steps: string[] = [];
    await harness.copy({}, { onStep: (step) => steps.push(step) });
    const firstWrite = steps.findIndex((step) => /append|store|create/.test(step));
    expect(steps.indexOf('after acknowledged')).toBeGreaterThan(0);
    expect(steps.indexOf('after acknowledged')).toBeLessThan(firstWrite);
  });

  it('looks at the destination once where nobody has begun to write', async () => {
    const { destination } = await messages(2).attempt();
    const looks = destination.asked.filter((asked) => /^(?:select|append)/.test(asked));
    expect(looks).toEqual(['select INBOX', 'append INBOX', 'append INBOX', 'select INBOX']);
  });

  it('looks once more after the acknowledgement where an attempt before it had begun: it may have had mail on the wire', async () => {
    const harness = messages(2);
    const previousGrowth = await dieBeforeWriting(harness);
    const arrives = (step: string): void => {
      if (step === 'after acknowledged') harness.destination.add('INBOX', { body: mail('number 1') });
    };
    await harness.copy({ previousGrowth }, { onStep: arrives });
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('looks until nothing arrives any more, however long a slow line takes to bring it', async () => {
    const harness = messages(3);
    const previousGrowth = await dieBeforeWriting(harness);
    let ebbs = 0;
    const ebb = async (): Promise<void> => {
      ebbs += 1;
      if (ebbs <= 2) harness.destination.add('INBOX', { body: mail(`number ${ebbs}`) });
    };
    await harness.copy({ previousGrowth }, { ebb });
    expect(ebbs).toBe(3);
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('looks so too when its own connection was lost amid writing', async () => {
    const harness = messages(3);
    let ebbs = 0;
    const ebb = async (): Promise<void> => {
      ebbs += 1;
      if (ebbs === 1) harness.destination.add('INBOX', { body: mail('number 1') });
    };
    let isLost = false;
    const onStep: World['onStep'] = (step, { destination }) => {
      if (isLost || step !== 'destination before append INBOX') return;
      isLost = true;
      throw destination.lost();
    };
    const { outcome } = await harness.copy({}, { ebb, onStep, reopens: true });
    expect(outcome).toEqual({ kind: 'complete' });
    expect(ebbs).toBe(2);
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('waits for nothing where nobody has begun to write', async () => {
    const ebb = nothingIsOnItsWay;
    expect((await messages(2).copy({}, { ebb })).outcome).toEqual({ kind: 'complete' });
    const harness = messages(12);
    const first = await harness.copy({ limits: LIMITS }, { ebb });
    expect((await harness.copy({ limits: LIMITS, ledger: first.ledger }, { ebb })).outcome).toEqual({
      kind: 'share-ended',
    });
  });

  it('ends in a folder into which mail keeps coming, and while it waits', async () => {
    const harness = messages(1);
    const previousGrowth = await dieBeforeWriting(harness);
    const comes = async (): Promise<void> => {
      harness.destination.add('INBOX', { body: mail('from somebody else') });
    };
    expect((await harness.copy({ previousGrowth }, { ebb: comes })).outcome).toEqual({ kind: 'complete' });
    const interrupting = new AbortController();
    const ebb = async (): Promise<void> => interrupting.abort();
    const asked = await harness.copy({ previousGrowth }, { ebb, interrupt: interrupting.signal });
    expect(asked.outcome).toEqual({ kind: 'interrupted' });
  });

  it('stops with the lease: what was not committed is not at the destination, and nothing is reported', async () => {
    const harness = messages(4);
    const check = (): void => {
      if (harness.destination.bodies('INBOX').length === 2) throw new LeaseLost('too old');
    };
    const { error } = await harness.attempt({}, { check });
    expect(error).toBeInstanceOf(LeaseLost);
    expect(harness.destination.bodies('INBOX')).toHaveLength(2);
  });

  it('does not store flags without it either', async () => {
    const harness = messages(1);
    const { ledger } = await harness.copy();
    harness.source.flag('INBOX', 1, ['\\Seen']);
    const { error } = await harness.attempt({ ledger }, { check: lost });
    expect(error).toBeInstanceOf(LeaseLost);
    expect(harness.destination.folder('INBOX').messages[0]?.flags).toEqual([]);
  });
});

describe('the source is never changed', () => {
  it('and its folder is only ever opened read-only', async () => {
    const harness = messages(3);
    const before = JSON.stringify(harness.source.folder('INBOX'));
    const { source } = await harness.attempt();
    expect(source.asked.filter((asked) => !/^(?:examine|search|fetch)/.test(asked))).toEqual([]);
    expect(JSON.stringify(harness.source.folder('INBOX'))).toBe(before);
  });
});

describe('a refusal', () => {
  it('of one message puts that one aside, and the others are copied', async () => {
    const harness = messages(4);
    const world = refusing('number 2', 'destination.message-too-large', 'It is too large', NO);
    const { outcome, aside, counts, ledger } = await harness.copy({}, world);
    expect(outcome).toEqual({ kind: 'complete' });
    expect(aside).toEqual([{ uid: 2, code: 'destination.message-too-large' }]);
    expect(counts).toMatchObject({ copied: 3, aside: 1 });
    const later = await harness.copy({ ledger });
    expect(later.counts).toMatchObject({ copied: 0, aside: 0 });
    const retried = await harness.copy({ ledger, retryAside: true });
    expect(retried).toMatchObject({ counts: { copied: 1 }, aside: [] });
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('in unknown words puts the message aside, but not one after another', async () => {
    const world = refusing('number', 'server.refused', 'Not today', NO);
    const { outcome, aside } = await messages(9).copy({}, world);
    expect(aside.map(({ uid }) => uid)).toEqual([1, 2, 3, 4]);
    expect(outcome).toMatchObject({
      kind: 'refused',
      side: 'destination',
      problem: { code: 'server.refused', folder: 'INBOX' },
    });
  });

  it('that is nobody’s fault ends the share, without any doubt', async () => {
    const harness = messages(4);
    const { outcome, aside, ledger } = await harness.copy(
      {},
      refusing('number 3', 'destination.quota', 'It is full', NO),
    );
    expect(outcome).toMatchObject({ kind: 'refused', side: 'destination', problem: { code: 'destination.quota' } });
    expect(aside).toEqual([]);
    await harness.copy({ ledger });
    expect(harness.destination.contents('INBOX')).toEqual(harness.source.contents('INBOX'));
  });

  it('by the source names the source', async () => {
    const harness = messages(4);
    const { outcome } = await harness.copy(
      {},
      {
        onStep: (step, { source }) => {
          if (step === 'row of fetch messages' || step === 'source row of fetch messages') throw source.lost();
        },
      },
    );
    expect(outcome).toMatchObject({ kind: 'refused', side: 'source', problem: { code: 'server.connection-lost' } });
    expect(harness.destination.bodies('INBOX')).toEqual([]);
  });

  it('that broke the connection lets the next share begin on a new one, and sweeps of retries come to an end', async () => {
    const harness = messages(6);
    const BAD = { status: 'BAD', stored: 'refused' } as const;
    const one = await harness.copyAll({ retryAside: true }, refusing('number 3', 'server.refused', 'What?', BAD));
    expect(one).toMatchObject({ outcome: { kind: 'complete' }, handled: 5 });
    const nobody = messages(6);
    let all = await nobody.copy({ retryAside: true }, refusing('number', 'server.refused', 'What?', BAD));
    for (let share = 1; share < 5; share++) {
      expect(all.outcome).toEqual({ kind: 'share-ended' });
      const { ledger } = all;
      all = await nobody.copy({ ledger, retryAside: true }, refusing('number', 'server.refused', 'What?', BAD));
    }
    expect(all).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'server.refused' } }, handled: 0 });
  });
});

describe('a message that the source does not hand out', () => {
  it('is put aside when it is still listed', async () => {
    const harness = messages(3);
    const { outcome, aside } = await harness.copy({}, { source: { unreadable: new Set([2]) } });
    expect(outcome).toEqual({ kind: 'complete' });
    expect(aside).toEqual([{ uid: 2, code: 'source.message-unreadable' }]);
  });

  it('is nobody’s loss when its user deleted it meanwhile', async () => {
    const harness = messages(3);
    const { outcome, aside, counts } = await harness.copy(
      {},
      {
        onStep: (step) => {
          if (step === 'after acknowledged') harness.source.expunge('INBOX', 2);
        },
      },
    );
    expect(outcome).toEqual({ kind: 'complete' });
    expect(aside).toEqual([]);
    expect(counts.copied).toBe(2);
  });
});

describe('what cannot be kept is named', () => {
  it.each([
    ['NUL bytes', mail('odd', { text: 'a\0b' }), (body: string) => body.replaceAll('\0', '\x80')],
    ['bare line feeds', mail('odd', { text: 'a\nb' }), (body: string) => body.replaceAll(/\r?\n/g, '\r\n')],
  ])('%s that the destination replaces', async (_, body, alter) => {
    const harness = new CopyHarness();
    harness.source.add('INBOX', { body: Buffer.from(body, 'latin1') });
    const onAppend = (__: unknown, sent: Buffer): Buffer => Buffer.from(alter(sent.toString('latin1')), 'latin1');
    for (const appendUid of [true, false]) {
      const { notes, counts } = await new CopyHarness(harness.source).copy(
        {},
        { destination: { onAppend, appendUid } },
      );
      expect(counts.copied).toBe(1);
      expect(notes).toEqual({ 'destination.message-altered': 1 });
    }
    const kept = await harness.copy();
    expect(kept.notes).toEqual({});
  });

  it('a date that is none becomes the nearest one', async () => {
    const harness = new CopyHarness();
    harness.source.add('INBOX', { body: mail('odd'), internalDate: '31-Feb-2020 25:00:00 +0000' });
    const { notes } = await harness.copy();
    expect(notes).toEqual({ 'destination.date-refused': 1 });
    expect(harness.destination.folder('INBOX').messages[0]?.internalDate).toBe('29-Feb-2020 23:00:00 +0000');
  });

  it('flags that are none, and keywords that the destination has no room for', async () => {
    const harness = messages(1);
    harness.source.flag('INBOX', 1, ['\\Seen', 'Mine', '\\Odd']);
    const permanentFlags = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'];
    const { notes } = await harness.copy({}, { destination: { permanentFlags } });
    expect(notes).toEqual({ 'destination.flag-dropped': 1 });
    expect(harness.destination.folder('INBOX').messages[0]?.flags).toEqual(['\\Seen']);
  });
});

describe('a pass', () => {
  it('before a day leaves younger messages to a later one, and counts what the source no longer has', async () => {
    const source = new MemoryMailbox();
    source.add('INBOX', { body: mail('old'), internalDate: '01-Jan-2020 10:00:00 +0000' });
    source.add('INBOX', { body: mail('young'), internalDate: '01-Dec-2025 10:00:00 +0000' });
    const harness = new CopyHarness(source);
    const first = await harness.copy({ pass: 'prestage', before: Date.UTC(2025, 0, 1) });
    expect(first).toMatchObject({ counts: { listed: 1, copied: 1 }, outcome: { kind: 'complete' } });
    source.expunge('INBOX', 1);
    const second = await harness.copy({ ledger: first.ledger });
    expect(second.counts).toMatchObject({ listed: 1, copied: 1, goneFromSource: 1 });
    expect(harness.destination.bodies('INBOX')).toHaveLength(2);
  });
});

describe('headers in raw UTF-8', () => {
  const fields = { id: '<grüße@例え.example>' };

  it('are recognised by their bytes, each message once', async () => {
    const harness = new CopyHarness();
    for (const subject of ['Grüße ☺', 'Gru\u0308ße ☺', 'Grüße ☻'])
      harness.source.add('INBOX', { body: mail(subject, fields) });
    await harness.copy();
    const { counts } = await harness.copy();
    expect(counts).toMatchObject({ copied: 0, adopted: 3 });
    expect(harness.destination.bodies('INBOX')).toEqual(harness.source.bodies('INBOX'));
  });
});
