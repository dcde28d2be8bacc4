/** What refusals mean (`model/server-texts.ts`), and those that are no failures. */
export { classify } from '../model/server-texts.ts';
export type { Asked, Classified, ServerRefusal } from '../model/server-texts.ts';

/** CREATE of a folder that is there already (RFC 5530; Exchange says it in words only). */
export function saysAlreadyExists(responseCode: string | undefined, text: string): boolean {
  return responseCode === 'ALREADYEXISTS' || /already exists/i.test(text);
}

/** A warning with APPEND or STORE: the message is there, its keywords are not (Exchange: `Keywords are not supported!`). */
export function saysKeywordsLost(text: string): boolean {
  return /keywords? (?:are|is) not supported/i.test(text);
}

/** FETCH of messages that others expunged meanwhile (RFC 5530, RFC 2180): the rows that came are all there are. */
export function saysExpunged(responseCode: string | undefined, text: string): boolean {
  return responseCode === 'EXPUNGEISSUED' || /no longer exist/i.test(text);
}
