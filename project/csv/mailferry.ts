import type { Dialect } from './dialect.ts';

/** Our own list, which can say everything: a header that names the columns, and a mailbox in each row. */
export const MAILFERRY: Dialect = {
  id: 'mailferry',
  title: 'mailferry’s own CSV',
  header: 'named',
  otherColumns: 'mistakes',
  columns: [
    { name: 'source', fills: ['source.user'], required: true },
    { name: 'destination', fills: ['destination.user'], required: true },
    { name: 'source_password', fills: ['source.password'] },
    { name: 'destination_password', fills: ['destination.password'] },
    { name: 'source_root', fills: ['source.root'] },
    { name: 'destination_prefix', fills: ['destination.prefix'] },
    { name: 'source_tenant', fills: ['source.tenant'] },
    { name: 'source_client_id', fills: ['source.clientId'] },
    { name: 'source_client_secret', fills: ['source.clientSecret'] },
    { name: 'destination_tenant', fills: ['destination.tenant'] },
    { name: 'destination_client_id', fills: ['destination.clientId'] },
    { name: 'destination_client_secret', fills: ['destination.clientSecret'] },
  ],
};
