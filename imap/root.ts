/** Where a mailbox lies below a folder of another namespace (RFC 2342): how that folder may be written for LIST. */
import { encodeUtf7 } from '../model/utf7.ts';

/** Other namespaces may have other delimiters than the user's own. */
const USUAL_DELIMITERS = ['/', '.'];

/**
 * Patterns of LIST (RFC 3501 section 6.3.8), one of which shows the folder `root` and what is below it, and little else. Levels
 * of `root` are divided by `/` or by the delimiter; a `/` in front of them, as in file systems, may be written or not.
 */
export function rootPatterns(root: string, delimiter: string | null): readonly string[] {
  const delimiters = new Set([...(delimiter === null ? [] : [delimiter]), ...USUAL_DELIMITERS]);
  const names = [...delimiters].map((divider) => nameOf(root, divider));
  return [...new Set([...names, `/${nameOf(root, '/')}`])].map((name) => `${name}*`);
}

function nameOf(root: string, divider: string): string {
  const levels = root.split('/').flatMap((level) => level.split(divider));
  return levels
    .filter((level) => level !== '')
    .map((level) => encodeUtf7(level))
    .join(divider);
}
