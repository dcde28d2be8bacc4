/** MOVE (RFC 6851) of messages in the selected folder, and what COPYUID (RFC 4315) tells of where they went. */
import { formatUidSet, mailboxName } from './grammar.ts';
import { readArguments, ResponseError, positiveOf, textOf } from './response.ts';
import type { ResponseCode, Value } from './response.ts';
import type { Moved } from './types.ts';
import type { Wire } from './wire.ts';

const RANGE = /^(\d{1,10})(?::(\d{1,10}))?$/;

/** The UIDs of a set in the order in which it names them; `2:4` and `4:2` are the same. Undefined for more than `most`. */
function readUidSet(value: Value | undefined, most: number): readonly number[] | undefined {
  const uids: number[] = [];
  for (const item of (textOf(value) ?? '').split(',')) {
    const [, one, other = one] = RANGE.exec(item) ?? [];
    if (one === undefined) return undefined;
    const [low, high] = [Math.min(Number(one), Number(other)), Math.max(Number(one), Number(other))];
    if (low === 0 || high > 0xffff_ffff || uids.length + high - low >= most) return undefined;
    for (let uid = low; uid <= high; uid++) uids.push(uid);
  }
  return uids;
}

/** The messages are moved whatever stands here: a code that does not fit what was asked for tells nothing. */
function readCopyUid({ args }: ResponseCode, asked: ReadonlySet<number>): Moved | undefined {
  try {
    const [validity, from, to, ...more] = readArguments(args);
    const uidValidity = positiveOf(validity);
    const [before, after] = [readUidSet(from, asked.size), readUidSet(to, asked.size)];
    if (uidValidity === undefined || before === undefined || after === undefined || more.length > 0) return undefined;
    if (before.length !== after.length || !before.every((uid) => asked.has(uid))) return undefined;
    return { uidValidity, pairs: before.map((uid, at) => ({ from: uid, to: after[at] ?? 0 })) };
  } catch (error) {
    if (error instanceof ResponseError) return undefined;
    throw error;
  }
}

/** Moves messages to the folder `name`; `shown` is its name for people. */
export async function move(
  wire: Wire,
  uids: readonly number[],
  name: string,
  shown: string,
  mayCommit: () => void,
): Promise<Moved> {
  const asked = new Set(uids);
  const pairs: Moved['pairs'][number][] = [];
  let uidValidity: number | undefined;
  const take = (code: ResponseCode | undefined): void => {
    const moved = code?.name === 'COPYUID' ? readCopyUid(code, asked) : undefined;
    if (moved === undefined) return;
    uidValidity = moved.uidValidity;
    pairs.push(...moved.pairs);
  };
  for (const set of formatUidSet(uids)) {
    const { code } = await wire.run({
      asked: 'move',
      about: `move messages to ${shown}`,
      parts: [`UID MOVE ${set} `, mailboxName(name)],
      // Untagged, before the messages disappear (RFC 6851 section 4.3); some servers tell it with the tagged answer.
      onCode: take,
      mayCommit,
    });
    take(code);
  }
  return { pairs, ...(uidValidity === undefined ? {} : { uidValidity }) };
}
