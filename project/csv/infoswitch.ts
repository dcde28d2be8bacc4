import type { Dialect } from './dialect.ts';

/** InfoSwitch's list for migrations with an application: `Email` alone, the mailbox's address on both sides. */
export const INFOSWITCH: Dialect = {
  id: 'infoswitch',
  title: 'InfoSwitch’s list of addresses',
  header: 'named',
  otherColumns: 'mistakes',
  columns: [{ name: 'Email', fills: ['source.user', 'destination.user'], required: true }],
};
