import { fieldValue, headerFields } from './header.ts';
import { imapNstring } from '../wire/quoting.ts';

/** The ENVELOPE of a message (RFC 3501 §7.4.2), ready to be sent. Groups are listed as their members. */
export function envelope(message: Buffer): string {
  const values = new Map<string, string>();
  for (const field of headerFields(message)) {
    if (!values.has(field.name)) values.set(field.name, fieldValue(field));
  }
  const from = addressList(values.get('from'));
  const parts = [
    imapNstring(values.get('date')),
    imapNstring(values.get('subject')),
    from,
    // Without Sender or Reply-To the server fills in From.
    values.has('sender') ? addressList(values.get('sender')) : from,
    values.has('reply-to') ? addressList(values.get('reply-to')) : from,
    addressList(values.get('to')),
    addressList(values.get('cc')),
    addressList(values.get('bcc')),
    imapNstring(values.get('in-reply-to')),
    imapNstring(values.get('message-id')),
  ];
  return `(${parts.join(' ')})`;
}

function addressList(value: string | undefined): string {
  const addresses = splitAddresses(value ?? '').map(address);
  return addresses.length === 0 ? 'NIL' : `(${addresses.join('')})`;
}

/** Splits at commas and at a group's colon and semicolon, but not within quotes, comments or angle brackets. */
function splitAddresses(value: string): readonly string[] {
  const parts = value.match(/(?:"(?:\\.|[^"\\])*"|\([^)]*\)|<[^>]*>|[^",;:(<])+|[",;:(<]/g) ?? [];
  return parts
    .filter((part, index) => !/^[",;:(<]$/.test(part) && parts[index + 1] !== ':')
    .filter((part) => part.trim() !== '');
}

function address(text: string): string {
  const angled = /^(.*)<([^>]*)>/s.exec(text);
  const comment = /\(([^)]*)\)/.exec(text)?.[1];
  const spec = (angled?.[2] ?? text.replace(/\([^)]*\)/g, '')).trim();
  const name =
    angled?.[1]
      ?.trim()
      .replace(/^"(.*)"$/s, '$1')
      .replace(/\\(.)/g, '$1') || comment;
  const at = spec.lastIndexOf('@');
  const [mailbox, host] = at < 0 ? [spec, ''] : [spec.slice(0, at), spec.slice(at + 1)];
  return `(${imapNstring(name)} NIL ${imapNstring(mailbox)} ${imapNstring(host)})`;
}
