import type { Dialect, RowFacts } from './dialect.ts';

/** Mailboxes that Exchange keeps for itself (Microsoft, "Get-Mailbox", RecipientTypeDetails). */
const SYSTEM_MAILBOX =
  /^(?:Arbitration|AuditLog|AuxAuditLog|Discovery|Monitoring|SupervisoryReviewPolicy|System)\w*Mailbox$/i;

function isOfPeople({ values, placeOf, warnings }: RowFacts): boolean {
  const kind = values.get('kind');
  if (kind === undefined || !SYSTEM_MAILBOX.test(kind)) return true;
  warnings.add(placeOf('kind'), `the row is left out: a ${kind} is Exchange’s own`);
  return false;
}

/** `Get-Mailbox | Export-Csv`: whichever properties were chosen, one of which is the mailbox's address on both sides. */
export const EXCHANGE: Dialect = {
  id: 'exchange',
  title: 'Exchange’s export of mailboxes',
  header: 'named',
  otherColumns: 'expected',
  columns: [
    { name: 'PrimarySmtpAddress', fills: ['source.user', 'destination.user'], required: true },
    { name: 'RecipientTypeDetails', fills: ['kind'] },
  ],
  check: isOfPeople,
};
