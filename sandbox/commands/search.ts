import { Refused, type Session } from '../session.ts';
import { type Arguments, BadSyntax } from '../wire/arguments.ts';
import { formatNumbers } from '../wire/sequence-set.ts';
import type { Action, CommandTable } from './command.ts';
import { searchKeys } from './search-keys.ts';

const RETURN_OPTIONS = ['MIN', 'MAX', 'COUNT', 'ALL'] as const;
type ReturnOption = (typeof RETURN_OPTIONS)[number];

/** SEARCH and UID SEARCH (RFC 3501 §6.4.4), with RETURN where ESEARCH is listed (RFC 4731). */
export const searchCommands: CommandTable = {
  SEARCH: { state: 'selected', keepsNumbers: true, parse: (session, args) => searching(session, args, false) },
  'UID SEARCH': { state: 'selected', parse: (session, args) => searching(session, args, true) },
};

async function searching(session: Session, args: Arguments, byUid: boolean): Promise<Action> {
  args.space();
  const options = session.able('ESEARCH') ? returnOptions(args) : undefined;
  if (args.accept('CHARSET ')) {
    const charset = await args.astring();
    if (!/^(US-ASCII|UTF-8)$/i.test(charset)) throw new Refused(session.text('badCharset'));
    args.space();
  }
  const key = await searchKeys(args);
  args.end();
  return () => {
    const view = session.selected;
    const test = key(view);
    const found = view
      .all()
      .filter((numbered) => !numbered.message.expunged && test(numbered))
      .map(({ sequence, message }) => (byUid ? message.uid : sequence));
    session.respond(
      options === undefined ? ['* SEARCH', ...found].join(' ') : extendedResult(session.tag, byUid, options, found),
    );
    return session.completed();
  };
}

function returnOptions(args: Arguments): readonly ReturnOption[] | undefined {
  if (!args.accept('RETURN ')) return undefined;
  const options = args.list(() => {
    const name = args.atom().toUpperCase();
    const option = RETURN_OPTIONS.find((each) => each === name);
    if (option === undefined) throw new BadSyntax(`Unknown return option ${name}`);
    return option;
  });
  args.space();
  return options.length === 0 ? ['ALL'] : options;
}

function extendedResult(
  tag: string,
  byUid: boolean,
  options: readonly ReturnOption[],
  found: readonly number[],
): string {
  const parts = [`* ESEARCH (TAG "${tag}")`, ...(byUid ? ['UID'] : [])];
  const [first] = found;
  if (options.includes('COUNT')) parts.push(`COUNT ${found.length}`);
  if (first !== undefined) {
    if (options.includes('MIN')) parts.push(`MIN ${first}`);
    if (options.includes('MAX')) parts.push(`MAX ${found.at(-1) ?? first}`);
    if (options.includes('ALL')) parts.push(`ALL ${formatNumbers(found)}`);
  }
  return parts.join(' ');
}
