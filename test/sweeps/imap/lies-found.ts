/**
 * Lies that once made a copy go wrong, as fast-check shrank them, and seeds under which it found them; all of them are told again
 * in every run. What a long run finds is added here.
 */
import type { Case } from '../../support/lying-world.ts';

export const SEEDS: readonly number[] = [20_261_121, 2];

interface Found {
  readonly what: string;
  /** Nothing false was said about mail: everything has to be copied once, as it is. */
  readonly kind: 'disturbed' | 'deceived';
  readonly one: Case;
}

export const FOUND: readonly Found[] = [
  {
    what: 'a search without a result made all that was there before a stranger, and doubled it',
    kind: 'disturbed',
    one: { mode: 0, begun: false, source: [], destination: [{ at: 0, to: '* SEARCH', lie: { do: 'drop' } }] },
  },
  {
    what: 'a literal that reached into the next response put a message under the UID of another',
    kind: 'deceived',
    one: {
      mode: 0,
      begun: true,
      source: [{ at: 0, to: 'BODY[] {', lie: { do: 'literal', more: 15 } }],
      destination: [],
    },
  },
  {
    // Only the message that has the UID gives the lie away: a time-out before it came would hide that.
    what: 'a message that was made up was taken for the one that has its UID',
    kind: 'deceived',
    one: {
      commandTimeout: 20_000,
      mode: 0,
      begun: true,
      source: [
        {
          at: 0,
          to: '* 8 FETCH',
          lie: {
            do: 'insert',
            text: '* 8 FETCH (UID 8 FLAGS () INTERNALDATE NIL BODY[] "made up")\r\n',
            where: 'before',
          },
        },
      ],
      destination: [],
    },
  },
  {
    what: 'a small message that was made up was taken for the large one that has its UID, and came after it',
    kind: 'deceived',
    one: {
      commandTimeout: 20_000,
      mode: 0,
      begun: false,
      source: [
        {
          at: 1,
          to: '* 7 FETCH',
          lie: {
            do: 'insert',
            text: '* 7 FETCH (UID 7 FLAGS () INTERNALDATE NIL BODY[] "made up")\r\n',
            where: 'before',
          },
        },
      ],
      destination: [],
    },
  },
];
