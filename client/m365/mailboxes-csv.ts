import type { TenantSetup } from './setup.ts';

/** Addresses that a spreadsheet would take for a formula; they cannot be told from others in a CSV. */
const FORMULA = /^[=+\-@]/;

/**
 * The addresses alone, below the header Email, for `Import-Csv` (RFC 4180): made to be handed over, so without passwords. Those
 * that a spreadsheet could take for a formula are told apart: they are for the script, where they are quoted.
 */
export function mailboxesCsv({ mailboxes }: Pick<TenantSetup, 'mailboxes'>): {
  readonly text: string;
  readonly leftOut: readonly string[];
} {
  const written = mailboxes.filter((mailbox) => !FORMULA.test(mailbox));
  return {
    text: ['Email', ...written.map((mailbox) => cell(mailbox))].join('\n'),
    leftOut: mailboxes.filter((mailbox) => FORMULA.test(mailbox)),
  };
}

function cell(text: string): string {
  return /[",]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
