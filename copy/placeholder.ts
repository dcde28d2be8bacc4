import type { Body } from '../imap/body.ts';
import { isStream } from '../imap/body.ts';
import { isExchange } from '../model/exchange.ts';
import { headerOf } from './identity.ts';
import type { SourceSession } from './sides.ts';

/** Exchange's notices are short. */
const LARGEST_NOTICE = 1 << 16;
/**
 * What Exchange hands out in place of a message that it cannot convert ("Retrieval using the IMAP4 protocol failed for the
 * following message", seen in reports of users of other clients): as the subject, or as a line of its own.
 */
const NOTICE = /^(?:subject:[ \t]*)?retrieval using the imap4 protocol failed\b/im;

/**
 * Whether this is not the message, but what a source hands out in its place: on Exchange nothing at all, or a notice. Never to
 * be copied as mail.
 */
export function isPlaceholder(source: Pick<SourceSession, 'capabilities'>, body: Body): boolean {
  if (isStream(body) || !isExchange(source.capabilities)) return false;
  const bytes = body.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > LARGEST_NOTICE) return false;
  if (bytes === 0) return true;
  const header = headerOf(body).toString('latin1');
  const [first = ''] = Buffer.concat(body).toString('latin1').slice(header.length).trimStart().split('\n', 1);
  return NOTICE.test(header) || NOTICE.test(first);
}
