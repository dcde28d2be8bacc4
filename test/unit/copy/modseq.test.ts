import { describe, expect, it } from 'vitest';
import { refuse } from '../../../imap/refusal.ts';
import { CopyHarness, type World } from '../../support/copy-harness.ts';
import { mail } from '../../support/memory-server.ts';

const KEEPS: World = { source: { modseqs: true } };

function threeMessages(): CopyHarness {
  const harness = new CopyHarness();
  for (const subject of ['one', 'two', 'three'])
    harness.source.add('INBOX', { body: mail(subject), flags: ['\\Seen'] });
  return harness;
}

const flagsOf = (harness: CopyHarness): readonly (readonly string[])[] =>
  harness.destination.folder('INBOX').messages.map(({ flags }) => flags.toSorted());

/** The destination's flags after all were changed while they were copied, and one after that. */
async function flagsAfterChanges(world: World): Promise<unknown> {
  const harness = threeMessages();
  let changed = false;
  const { ledger } = await harness.copy(
    {},
    {
      ...world,
      onStep: (step) => {
        if (step !== 'destination before append INBOX' || changed) return;
        changed = true;
        for (const uid of [1, 2, 3]) harness.source.flag('INBOX', uid, ['\\Flagged']);
      },
    },
  );
  harness.source.flag('INBOX', 3, []);
  await harness.copy({ ledger }, world);
  return flagsOf(harness);
}

describe('a source that keeps mod-sequences', () => {
  it('is asked for the flags that changed only', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy({ pass: 'prestage' }, KEEPS);
    harness.source.flag('INBOX', 2, ['\\Answered']);
    const second = await harness.attempt({ pass: 'delta', ledger }, KEEPS);
    expect(second.result?.counts.flagsChanged).toBe(1);
    expect(flagsOf(harness)).toEqual([['\\Seen'], ['\\Answered'], ['\\Seen']]);
    expect(second.source.asked).toContain('fetch changed flags');
    expect(second.source.asked).not.toContain('fetch flags');
  });

  it('tells as much as a comparison of all flags, whatever changes while it is copied', async () => {
    expect(await flagsAfterChanges(KEEPS)).toEqual(await flagsAfterChanges({}));
    expect(await flagsAfterChanges(KEEPS)).toEqual([['\\Flagged'], ['\\Flagged'], []]);
  });

  it.each(['NO', 'BAD'] as const)(
    'that answers %s when it is asked for changes is compared as a whole',
    async (status) => {
      const harness = threeMessages();
      const { ledger } = await harness.copy({ pass: 'prestage' }, KEEPS);
      harness.source.flag('INBOX', 2, ['\\Answered']);
      const world: World = {
        ...KEEPS,
        onStep: (step) => {
          if (step.startsWith('source before fetch changed flags'))
            throw refuse('server.refused', 'no', { status, stored: 'refused' });
        },
      };
      const { result, source } = await harness.attempt({ pass: 'delta', ledger }, world);
      expect(result).toMatchObject({ outcome: { kind: 'complete' }, counts: { flagsChanged: 1 } });
      expect(source.asked).toContain('fetch flags');
      expect(flagsOf(harness)[1]).toEqual(['\\Answered']);
    },
  );

  it('that keeps none any more for the folder (NOMODSEQ) loses no flags', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy({ pass: 'prestage' }, KEEPS);
    harness.source.flag('INBOX', 2, ['\\Answered']);
    const delta = await harness.copy({ pass: 'delta', ledger });
    expect(delta.counts.flagsChanged).toBe(0);
    const final = await harness.copy({ pass: 'final', ledger: delta.ledger });
    expect(final.counts.flagsChanged).toBe(1);
    harness.source.flag('INBOX', 3, ['\\Flagged']);
    await harness.copy({ pass: 'delta', ledger: final.ledger }, KEEPS);
    expect(flagsOf(harness)).toEqual([['\\Seen'], ['\\Answered'], ['\\Flagged']]);
  });

  it('that was set back to an earlier one is compared as a whole', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy({}, KEEPS);
    harness.source.flag('INBOX', 1, []);
    harness.source.folder('INBOX').highestModseq = 2;
    const { source, result } = await harness.attempt({ ledger }, KEEPS);
    expect(source.asked).toContain('fetch flags');
    expect(result?.counts.flagsChanged).toBe(1);
  });

  it('that was renumbered is compared as a whole', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy({}, KEEPS);
    harness.source.renumber('INBOX');
    const { result } = await harness.attempt({ ledger }, KEEPS);
    expect(result?.counts).toMatchObject({ adopted: 3, copied: 0 });
  });

  it('goes on to be asked for changes after shares that ended early', async () => {
    const harness = threeMessages();
    const limits = {
      connectionsPerMailbox: 1,
      connectionsPerEndpoint: 1,
      messagesPerShare: 1,
      millisecondsPerShare: 60_000,
      memoryBytes: 1 << 20,
    };
    const first = await harness.copy({ limits }, KEEPS);
    harness.source.flag('INBOX', 1, ['\\Flagged']);
    const { ledger } = await harness.copyAll({ limits, ledger: first.ledger }, KEEPS);
    expect(flagsOf(harness)[0]).toEqual(['\\Flagged']);
    const { source } = await harness.attempt({ ledger }, KEEPS);
    expect(source.asked).toContain('fetch changed flags');
  });
});

describe('a source without mod-sequences', () => {
  it('is not asked for all flags by a delta before the cutover, unless a person has asked for it', async () => {
    const harness = threeMessages();
    const { ledger } = await harness.copy();
    harness.source.flag('INBOX', 2, ['\\Answered']);
    const delta = await harness.attempt({ pass: 'delta', ledger });
    expect(delta.source.asked.filter((step) => step.startsWith('fetch'))).toEqual([]);
    const asked = await harness.copy({ pass: 'delta', ledger, retryAside: true });
    expect(asked.counts.flagsChanged).toBe(1);
    const final = await harness.copy({ pass: 'final', ledger: asked.ledger });
    expect(final.counts.flagsChanged).toBe(0);
    expect(flagsOf(harness)[1]).toEqual(['\\Answered']);
  });
});
