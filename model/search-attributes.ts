/**
 * The search attributes that mailferry's workflows carry, so that a project can be listed, watched and counted from
 * Temporal's visibility alone. Names and types are a promise to whoever filters in the Web UI: they never change.
 * SQL visibility holds at most 10 Keyword and 3 Int attributes in a namespace.
 */
export const searchAttributeTypes = {
  /** The project's name; on every workflow of the project. */
  MailferryProject: 'KEYWORD',
  /** The phase that the project or the mailbox is in. */
  MailferryPhase: 'KEYWORD',
  /** The code of the refusal that is waited for or needs a person; unset when there is none. */
  MailferryProblem: 'KEYWORD',
  /** Messages handled so far. */
  MailferryMessages: 'INT',
} as const;

export type SearchAttributeName = keyof typeof searchAttributeTypes;
