/** Names for a folder whose own name the destination refuses. */
import { encodeUtf7 } from './utf7.ts';

const MOST = 5;

/**
 * Names that are tried instead, in their order: the same with `_` at the end of its last level, then with a number. The same
 * for the same name, so that a later project finds the folder that an earlier one made.
 */
export function substitutesFor(
  { destination, destinationPath }: { readonly destination: string; readonly destinationPath: string },
  delimiter: string | null,
): readonly { readonly destination: string; readonly destinationPath: string }[] {
  const filler = delimiter === '_' ? '-' : '_';
  return Array.from({ length: MOST }, (_, index) => {
    const suffix = index === 0 ? filler : `${filler} (${index + 1})`;
    return { destination: destination + encodeUtf7(suffix), destinationPath: destinationPath + suffix };
  });
}
