/** Rows that travel in one message: well below Temporal's 2 MiB for a payload, with room for settings beside them. */
const CHUNK_BYTES = 700_000;

/** Cuts items into chunks of at most `most` items and about 700 kB of JSON, in their order. */
export function chunksOf<Item>(items: readonly Item[], most: number): readonly (readonly Item[])[] {
  const chunks: Item[][] = [];
  let current: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const length = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (current.length > 0 && (current.length >= most || bytes + length > CHUNK_BYTES)) {
      chunks.push(current);
      current = [];
      bytes = 0;
    }
    current.push(item);
    bytes += length;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}
