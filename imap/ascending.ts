/** UIDs ascending, each once; servers nearly always tell them so, and then these are they. */
export function ascending(uids: readonly number[]): readonly number[] {
  const isAscending = uids.every((uid, index) => index === 0 || uid > (uids[index - 1] ?? 0));
  if (isAscending) return uids;
  return Array.from(Uint32Array.from(uids).toSorted()).filter((uid, index, sorted) => uid !== sorted[index - 1]);
}
