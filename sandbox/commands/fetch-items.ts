import { type Arguments, BadSyntax } from '../wire/arguments.ts';

/** The part of a message that BODY[…] names. Parts of MIME structures are beyond the sandbox. */
export type Section =
  | { readonly part: 'whole' | 'header' | 'text' }
  | { readonly part: 'fields'; readonly names: readonly string[]; readonly chosen: boolean };

/** One thing a FETCH asks for (RFC 3501 §6.4.5). */
export type FetchItem =
  | { readonly kind: 'UID' | 'FLAGS' | 'INTERNALDATE' | 'RFC822.SIZE' | 'ENVELOPE' | 'X-GM-MSGID' }
  | {
      readonly kind: 'body';
      /** As it is repeated in the response. */
      readonly label: string;
      readonly section: Section;
      readonly marksSeen: boolean;
      readonly partial: { readonly offset: number; readonly size: number } | undefined;
    };

const WHOLE: Section = { part: 'whole' };

/** Reads the items of a FETCH: a macro, one item, or a list of them. */
export async function fetchItems(args: Arguments): Promise<readonly FetchItem[]> {
  if (args.peek() !== '(') return fetchItem(args);
  args.expect('(');
  const items: FetchItem[] = [];
  do {
    if (items.length > 0) args.space();
    items.push(...(await fetchItem(args)));
  } while (!args.accept(')'));
  return items;
}

async function fetchItem(args: Arguments): Promise<readonly FetchItem[]> {
  const name = args.run(isItemOctet, 'a fetch item').toUpperCase();
  switch (name) {
    case 'UID':
    case 'FLAGS':
    case 'INTERNALDATE':
    case 'RFC822.SIZE':
    case 'ENVELOPE':
    case 'X-GM-MSGID':
      return [{ kind: name }];
    case 'FAST':
      return [{ kind: 'FLAGS' }, { kind: 'INTERNALDATE' }, { kind: 'RFC822.SIZE' }];
    case 'ALL':
      return [{ kind: 'FLAGS' }, { kind: 'INTERNALDATE' }, { kind: 'RFC822.SIZE' }, { kind: 'ENVELOPE' }];
    case 'RFC822':
      return [{ kind: 'body', label: name, section: WHOLE, marksSeen: true, partial: undefined }];
    case 'RFC822.HEADER':
      return [{ kind: 'body', label: name, section: { part: 'header' }, marksSeen: false, partial: undefined }];
    case 'RFC822.TEXT':
      return [{ kind: 'body', label: name, section: { part: 'text' }, marksSeen: true, partial: undefined }];
    case 'BODY':
    case 'BODY.PEEK':
      return [await bodyItem(args, name === 'BODY')];
    default:
      throw new BadSyntax(`Unknown fetch item ${name}`);
  }
}

async function bodyItem(args: Arguments, marksSeen: boolean): Promise<FetchItem> {
  args.expect('[');
  const { section, label } = await sectionArgument(args);
  args.expect(']');
  const partial = partialArgument(args);
  const origin = partial === undefined ? '' : `<${partial.offset}>`;
  return { kind: 'body', label: `BODY[${label}]${origin}`, section, marksSeen, partial };
}

async function sectionArgument(args: Arguments): Promise<{ readonly section: Section; readonly label: string }> {
  if (args.peek() === ']') return { section: WHOLE, label: '' };
  const name = args.run(isItemOctet, 'a section').toUpperCase();
  if (name === 'HEADER') return { section: { part: 'header' }, label: name };
  if (name === 'TEXT') return { section: { part: 'text' }, label: name };
  if (name !== 'HEADER.FIELDS' && name !== 'HEADER.FIELDS.NOT') throw new BadSyntax(`Unknown section ${name}`);
  args.space();
  args.expect('(');
  const names: string[] = [];
  do {
    if (names.length > 0) args.space();
    names.push(await args.astring());
  } while (!args.accept(')'));
  return {
    section: { part: 'fields', names, chosen: name === 'HEADER.FIELDS' },
    label: `${name} (${names.join(' ')})`,
  };
}

function partialArgument(args: Arguments): { readonly offset: number; readonly size: number } | undefined {
  if (!args.accept('<')) return undefined;
  const offset = args.number();
  args.expect('.');
  const size = args.number();
  args.expect('>');
  if (size === 0) throw new BadSyntax('A partial of no octets');
  return { offset, size };
}

/** Letters, digits and the dot. */
function isItemOctet(octet: number): boolean {
  return (
    (octet >= 0x61 && octet <= 0x7a) ||
    (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x30 && octet <= 0x39) ||
    octet === 0x2e ||
    octet === 0x2d
  );
}
