/** A list, or UIDs in a typed array. */
export interface Sliceable<Item> {
  readonly length: number;
  readonly slice: (start: number, end: number) => Iterable<Item>;
}

/** Slices of at most `size` items, in order. */
export function* batches<Item>(items: Sliceable<Item>, size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield Array.from(items.slice(start, start + size));
}
