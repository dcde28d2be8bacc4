import { describe, expect, it } from 'vitest';
import { printOf, sharedBy, type CountedFolder } from '../../../model/mailbox-print.ts';

const INBOX: CountedFolder = { source: 'INBOX', messages: 30, uidNext: 41, uidValidity: 14 };
const SENT: CountedFolder = { source: 'Sent', messages: 5, uidNext: 6, uidValidity: 15 };

describe('the print of a mailbox', () => {
  it('is the same for the same folders in whichever order', () => {
    expect(printOf([INBOX, SENT])).toBe(printOf([SENT, INBOX]));
  });

  it.each<[string, readonly CountedFolder[]]>([
    ['another UIDVALIDITY', [{ ...INBOX, uidValidity: 13 }, SENT]],
    ['another UIDNEXT', [{ ...INBOX, uidNext: 42 }, SENT]],
    ['another count', [INBOX, { ...SENT, messages: 4 }]],
    ['another folder', [INBOX, { ...SENT, source: 'Gesendet' }]],
    ['a folder less', [INBOX]],
  ])('is another one with %s', (_, folders) => {
    expect(printOf(folders)).not.toBe(printOf([INBOX, SENT]));
  });

  it('is none of a mailbox that is all but empty', () => {
    expect(printOf([{ ...INBOX, messages: 4 }, SENT])).toBeUndefined();
  });
});

it('rows with one print show one mailbox', () => {
  const rows = [{ id: 'a', print: '1' }, { id: 'b', print: '2' }, { id: 'c', print: '1' }, { id: 'd' }, { id: 'e' }];
  expect(sharedBy(rows).map((group) => group.map(({ id }) => id))).toEqual([['a', 'c']]);
});
