import { hasFlag } from '../message/flags.ts';
import { Refused, type Session } from '../session.ts';

/** The flags of a list that the server keeps; what it does about the others is a setting. */
export interface KeptFlags {
  readonly kept: readonly string[];
  /** Whether the client is told by an untagged NO that some were left out. */
  readonly announce: boolean;
}

/** Sorts flags by what PERMANENTFLAGS allows. Throws `Refused` on a server that refuses the rest. */
export function keptFlags(session: Session, flags: readonly string[]): KeptFlags {
  const { permanentFlags, otherFlags } = session.settings;
  const anyKeyword = hasFlag(permanentFlags, '\\*');
  const kept = flags.filter((flag) => hasFlag(permanentFlags, flag) || (anyKeyword && !flag.startsWith('\\')));
  const dropped = kept.length < flags.length;
  if (dropped && otherFlags === 'refuse') throw new Refused(session.text('flagsRefused'));
  return { kept, announce: dropped && otherFlags === 'drop-announced' };
}

export function announceDropped(session: Session): void {
  session.respond(`* ${session.text('flagsDropped')}`);
}
