import { type Arguments, BadSyntax } from '../wire/arguments.ts';

/** The flags a client may set, in the spelling of RFC 3501 §2.3.2. */
export const SYSTEM_FLAGS = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'] as const;

/** Flags are compared whatever their case. */
export function sameFlag(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

export function hasFlag(flags: readonly string[], flag: string): boolean {
  return flags.some((each) => sameFlag(each, flag));
}

/** `flags` and those of `added` that are not among them yet. */
export function withFlags(flags: readonly string[], added: readonly string[]): readonly string[] {
  const result = [...flags];
  for (const flag of added) if (!hasFlag(result, flag)) result.push(flag);
  return result;
}

/** `flags` without those of `removed`. */
export function withoutFlags(flags: readonly string[], removed: readonly string[]): readonly string[] {
  return flags.filter((flag) => !hasFlag(removed, flag));
}

/** Whether both hold the same flags, in any order. */
export function sameFlags(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((flag) => hasFlag(right, flag));
}

/**
 * Reads one flag. Like Dovecot, the sandbox takes a system flag that clients cannot set (`\Recent`) or that nobody
 * knows for a malformed argument.
 */
export function flagArgument(args: Arguments): string {
  if (!args.accept('\\')) return args.atom();
  const name = `\\${args.atom()}`;
  const known = SYSTEM_FLAGS.find((flag) => sameFlag(flag, name));
  if (known === undefined) throw new BadSyntax(`Invalid system flag ${name}`);
  return known;
}

/** Reads `(\Seen $Label)`. */
export function flagListArgument(args: Arguments): readonly string[] {
  return withFlags(
    [],
    args.list(() => flagArgument(args)),
  );
}
