import type { Dialect } from './dialect.ts';

/**
 * What Exchange Online takes for IMAP migration batches (Microsoft, "CSV files for IMAP migration batches"). `EmailAddress` is
 * the mailbox at Microsoft 365, the other columns are of the server that is left; `UserName` and `Password` may be an
 * administrator's, who acts for the user, and `UserRoot` is where the administrator sees the user's mailbox.
 */
export const MICROSOFT: Dialect = {
  id: 'microsoft',
  title: 'Microsoft’s migration CSV',
  header: 'named',
  otherColumns: 'mistakes',
  columns: [
    { name: 'EmailAddress', fills: ['destination.user'], required: true },
    { name: 'UserName', fills: ['source.user'], required: true },
    { name: 'Password', fills: ['source.password'], required: true },
    { name: 'UserRoot', fills: ['source.root'] },
  ],
};
