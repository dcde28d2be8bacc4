/** UIDs ascending, each once; servers nearly always tell them so, and then these are they. */
export function ascending(uids: Uint32Array): Uint32Array {
  if (isAscending(uids)) return uids;
  const sorted = uids.toSorted();
  return sorted.filter((uid, index) => uid !== sorted[index - 1]);
}

function isAscending(uids: Uint32Array): boolean {
  for (let at = 1; at < uids.length; at += 1) if ((uids[at - 1] ?? 0) >= (uids[at] ?? 0)) return false;
  return true;
}
