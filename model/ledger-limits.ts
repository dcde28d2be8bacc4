/**
 * Characters of ledgers that travel in one payload, of which Temporal refuses those of more than 2 MiB. What is longer is not
 * carried: its messages are recognised anew at the destination when they are needed.
 */
export const MOST_LEDGER_CHARACTERS = 1_500_000;

/** Characters of growth that one heartbeat carries; together with a ledger it still fits into one payload. */
export const MOST_GROWTH_CHARACTERS = 400_000;
