import { describe, expect, it } from 'vitest';
import { verifyFolder } from '../../../copy/verify-folder.ts';
import type { VerifyFolderResult } from '../../../model/activities.ts';
import { CopyHarness } from '../../support/copy-harness.ts';
import { mail } from '../../support/memory-server.ts';
import { MemorySession } from '../../support/memory-session.ts';

const FOLDER = { source: 'INBOX', sourcePath: 'INBOX', destination: 'INBOX', destinationPath: 'INBOX' };

async function verify({ source, destination }: CopyHarness, ledger?: string): Promise<VerifyFolderResult> {
  const sessions = { source: new MemorySession(source), destination: new MemorySession(destination) };
  const task = { folder: FOLDER, ...(ledger === undefined ? {} : { ledger }) };
  const result = await verifyFolder(task, { ...sessions, interrupt: new AbortController().signal });
  const asked = [...sessions.source.asked, ...sessions.destination.asked];
  expect(asked.filter((command) => !/^(?:examine|search|fetch)/.test(command))).toEqual([]);
  return result;
}

function fourMessages(): CopyHarness {
  const harness = new CopyHarness();
  for (const subject of ['one', 'twins', 'twins', 'four']) harness.source.add('INBOX', { body: mail(subject) });
  return harness;
}

function withLineEnds(body: Buffer): Buffer {
  return Buffer.from(body.toString().replaceAll(/\r?\n/g, '\r\n'));
}

describe('the comparison of a folder', () => {
  it('finds every message once, twins as two, with or without the ledger', async () => {
    const harness = fourMessages();
    const { ledger } = await harness.copy();
    const expected = { ok: true, messages: 4, identical: 4, missing: 0, doubled: 0, movedByUser: 0 };
    expect(await verify(harness, ledger)).toMatchObject(expected);
    expect(await verify(harness)).toMatchObject(expected);
  });

  it('names what is missing, unless the ledger explains it', async () => {
    const harness = fourMessages();
    const { ledger } = await harness.copy();
    harness.destination.expunge('INBOX', 2);
    harness.source.add('INBOX', { body: mail('new') });
    expect(await verify(harness, ledger)).toMatchObject({
      messages: 5,
      identical: 3,
      missing: 1,
      missingUids: [5],
      movedByUser: 1,
    });
    expect(await verify(harness)).toMatchObject({ missing: 2, missingUids: [3, 5], movedByUser: 0 });
  });

  it('does not call missing what was put aside', async () => {
    const harness = fourMessages();
    const { ledger } = await harness.copy({}, { source: { unreadable: new Set([4]) } });
    expect(await verify(harness, ledger)).toMatchObject({ messages: 4, identical: 3, missing: 0, movedByUser: 0 });
  });

  it('names doubles that were written during the move, not those that were there before or came after', async () => {
    const harness = fourMessages();
    for (let times = 0; times < 2; times++) harness.destination.add('INBOX', { body: mail('one') });
    const { ledger } = await harness.copy(
      {},
      {
        onStep: (step) => {
          if (step === 'destination after append INBOX' && harness.destination.bodies('INBOX').length === 3) {
            harness.destination.add('INBOX', { body: mail('four') });
          }
        },
      },
    );
    harness.destination.add('INBOX', { body: mail('one') });
    expect(await verify(harness, ledger)).toMatchObject({ identical: 4, missing: 0, doubled: 1 });
  });

  it('takes a message that the destination altered in silence for the same', async () => {
    const harness = new CopyHarness();
    harness.source.add('INBOX', { body: mail('odd', { text: 'a\nb' }) });
    const { ledger } = await harness.copy({}, { destination: { onAppend: (_, body) => withLineEnds(body) } });
    expect(await verify(harness, ledger)).toMatchObject({ identical: 1, missing: 0 });
    expect(await verify(harness)).toMatchObject({ identical: 1, missing: 0 });
  });

  it('tells the side that refused', async () => {
    const harness = fourMessages();
    harness.destination.folders.delete('INBOX');
    expect(await verify(harness)).toMatchObject({ ok: false, side: 'destination', problem: { folder: 'INBOX' } });
  });
});
