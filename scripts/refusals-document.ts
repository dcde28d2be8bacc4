/** `docs/refusals.md`, made from the table of refusals: run this file to write it anew. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AADSTS } from '../model/aadsts.ts';
import { REACTION_WORDS, REFUSAL_CODES, refusal, SCOPE_WORDS, type RefusalCode } from '../model/refusals.ts';
import { SEEN_TEXTS, SEEN_WITHOUT_REFUSAL, type SeenText } from '../model/server-text-examples.ts';

export const REFUSALS_DOCUMENT = fileURLToPath(new URL('../docs/refusals.md', import.meta.url));

const ROOMS: Readonly<Record<string, string>> = {
  access: 'Logging in',
  token: 'Access tokens of Microsoft Entra',
  server: 'Servers and connections',
  source: 'The source',
  destination: 'The destination',
  ledger: 'What is known of messages',
  verify: 'The comparison',
  seal: 'Sealed secrets',
  project: 'Projects',
  command: 'Commands',
  up: '`mailferry up`',
  temporal: 'Temporal',
  us: 'mailferry itself',
};

/** The document's text. */
export function refusalsDocument(): string {
  const rooms = [...new Set(REFUSAL_CODES.map(roomOf))];
  const parts = [
    '# Refusals',
    '<!-- Made by scripts/refusals-document.ts from model/refusals.ts: change that, and run it again. -->',
    'Every way in which a server, a file, a key or a person can say no to mailferry: what it means, how far it reaches, what happens by itself, and what you can do. `mailferry explain` says the same of a code, of a code of Microsoft Entra (`AADSTS7000215`), or of a server’s words.',
    ...rooms.flatMap(roomParts),
    '## What servers say',
    'Texts as they were seen, each with the code under which it is known. What is not in the table, and looks like none of it, is `server.refused`, and shown as it is.',
    ...SEEN_TEXTS.map(seenLine),
    ...SEEN_WITHOUT_REFUSAL.map(
      ({ servers, text, code, remark }) =>
        `- ${servers}: \`${text}\`${code === undefined ? '' : ` → \`${code}\``}. ${remark}`,
    ),
    '## Codes of Microsoft Entra',
    ...Object.entries(AADSTS).map(([number, row]) => `- \`AADSTS${number}\` → \`${row.refusal}\`: ${row.meaning}.`),
  ];
  return `${joined(parts)}\n`;
}

function roomParts(room: string): readonly string[] {
  const codes = REFUSAL_CODES.filter((code) => roomOf(code) === room);
  return [`## ${ROOMS[room] ?? room}`, ...codes.map(codeSection)];
}

function codeSection(code: RefusalCode): string {
  const { meaning, scope, reaction, next, exit } = refusal(code);
  return [
    `### \`${code}\``,
    '',
    meaning,
    '',
    `- Concerns ${SCOPE_WORDS[scope]}.`,
    `- By itself: ${REACTION_WORDS[reaction]}`,
    `- You: ${next}`,
    `- Exit code: ${exit}`,
  ].join('\n');
}

function seenLine({ servers, asked, responseCode, text, code, remark, login }: SeenText): string {
  const bracketed = responseCode === undefined ? '' : `[${responseCode}] `;
  const how = login === 'xoauth2' ? ' with a token' : login === 'acting' ? ' as an administrator' : '';
  return `- ${servers}, ${asked}${how}: \`${bracketed}${text}\` → \`${code}\`${remark === undefined ? '' : `. ${remark}`}`;
}

function roomOf(code: string): string {
  return code.slice(0, code.indexOf('.'));
}

/** Items of a list follow one another; all else is a paragraph. */
function joined(parts: readonly string[]): string {
  return parts.reduce((text, part, at) => {
    const follows = part.startsWith('- ') && parts[at - 1]?.startsWith('- ') === true;
    return at === 0 ? part : `${text}${follows ? '\n' : '\n\n'}${part}`;
  }, '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REFUSALS_DOCUMENT, refusalsDocument());
