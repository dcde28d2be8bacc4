import { describe, expect, it } from 'vitest';
import { always, collect, refusalOf, stage } from './harness.ts';

describe('moving messages', () => {
  it('learns from the untagged COPYUID where each went', async () => {
    const { session } = await stage([
      { expect: 'UID MOVE 2:4,9 "Done"' },
      { send: '* OK [COPYUID 77 2:4,9 11:13,20] Moved\r\n* 2 EXPUNGE\r\n* VANISHED 9\r\n$tag OK done\r\n' },
    ]);
    expect(await session.move([2, 3, 4, 9], 'Done', always)).toEqual({
      uidValidity: 77,
      pairs: [
        { from: 2, to: 11 },
        { from: 3, to: 12 },
        { from: 4, to: 13 },
        { from: 9, to: 20 },
      ],
    });
  });

  it('takes it with the tagged answer as well, in the order in which the server names them', async () => {
    const { session } = await stage([
      { expect: 'UID MOVE 2:3 "Done"' },
      { send: '$tag OK [COPYUID 77 3,2 5:6] done\r\n' },
    ]);
    expect((await session.move([2, 3], 'Done', always)).pairs).toEqual([
      { from: 3, to: 5 },
      { from: 2, to: 6 },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['sets of unequal length', '* OK [COPYUID 77 2:3 5:7] x\r\n'],
    ['UIDs that nobody asked for', '* OK [COPYUID 77 8 5] x\r\n'],
    ['a set without an end', '* OK [COPYUID 77 2:* 5:6] x\r\n'],
    ['a set of four thousand million', '* OK [COPYUID 77 1:4294967295 1:4294967295] x\r\n'],
    ['UIDs too large', '* OK [COPYUID 77 2:3 5000000000:5000000001] x\r\n'],
    ['no UIDVALIDITY', '* OK [COPYUID 2:3 5:6] x\r\n'],
    ['a list', '* OK [COPYUID 77 (2 3) 5:6] x\r\n'],
    ['too little', '* OK [COPYUID] x\r\n'],
  ])('knows nothing where the server tells %s', async (_, told) => {
    const { session } = await stage([{ expect: 'UID MOVE 2:3 "Done"' }, { send: `${told}$tag OK done\r\n` }]);
    expect(await session.move([2, 3], 'Done', always)).toEqual({ pairs: [] });
  });

  it('is refused by name', async () => {
    const { session } = await stage([
      { expect: 'UID MOVE 2 "Done"' },
      { send: '$tag NO [TRYCREATE] no such folder\r\n' },
    ]);
    const { problem, status } = await refusalOf(session.move([2], 'Done', always));
    expect([problem.code, status]).toEqual(['destination.folder-refused', 'NO']);
  });

  it('writes nothing when it may not', async () => {
    const { session, server } = await stage([]);
    const refused = session.move([2], 'Done', () => {
      throw new Error('the lease is lost');
    });
    await expect(refused).rejects.toThrow('the lease is lost');
    expect(session.usable).toBe(false);
    expect(server.received()).toBe('');
  });
});

describe('mod-sequences', () => {
  const OPENED = '* 1 EXISTS\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 9] x\r\n';
  const capabilities = ['IMAP4REV1', 'CONDSTORE'];

  it.each([
    ['the last one', '* OK [HIGHESTMODSEQ 715194045007] x\r\n', 715_194_045_007],
    ['that there are none', '* OK [NOMODSEQ] x\r\n', undefined],
    ['one too large for a number', '* OK [HIGHESTMODSEQ 9223372036854775807] x\r\n', undefined],
    ['nothing', '', undefined],
  ])('are asked for when a folder is examined; the server tells %s', async (_, told, expected) => {
    const { session } = await stage(
      [{ expect: 'EXAMINE "a" (CONDSTORE)' }, { send: `${OPENED}${told}$tag OK [READ-ONLY] done\r\n` }],
      { capabilities },
    );
    expect((await session.examine('a')).highestModseq).toBe(expected);
  });

  it('are not asked for where the server does not keep them, nor when a folder is selected', async () => {
    const plain = await stage([{ expect: 'EXAMINE "a"' }, { send: `${OPENED}$tag OK [READ-ONLY] done\r\n` }]);
    await plain.session.examine('a');
    const selected = await stage(
      [{ expect: 'SELECT "a"' }, { send: `${OPENED}* OK [HIGHESTMODSEQ 7] x\r\n$tag OK done\r\n` }],
      { capabilities },
    );
    expect((await selected.session.select('a')).highestModseq).toBeUndefined();
  });

  it('give the flags that changed since', async () => {
    const { session } = await stage(
      [
        { expect: 'UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 7)' },
        {
          send: '* 1 FETCH (UID 3 MODSEQ (12) FLAGS (\\Seen))\r\n* 2 FETCH (MODSEQ (13) FLAGS (a) UID 4)\r\n$tag OK done\r\n',
        },
      ],
      { capabilities },
    );
    expect(await collect(session.fetchChangedFlags(7))).toEqual([
      { uid: 3, flags: ['\\Seen'] },
      { uid: 4, flags: ['a'] },
    ]);
  });
});
