import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** bench/RESULTS.md: a section for each bench, each with its own machine and date. */
const FILE = fileURLToPath(new URL('RESULTS.md', import.meta.url));

const HEAD = `# Results

The last runs of \`npm run bench -- … --save\`, each with the machine that it ran on. Whole processes, from their start to their end.
`;

export interface Section {
  readonly title: string;
  readonly machine: readonly string[];
  /** How it was run, and when. */
  readonly run: string;
  readonly body: string;
}

/** Replaces the section of the same title, or adds it. */
export async function saveSection(section: Section): Promise<void> {
  const before = await readFile(FILE, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return HEAD;
    throw error;
  });
  await writeFile(FILE, withSection(before, section));
}

export function withSection(file: string, { title, machine, run, body }: Section): string {
  const heading = `## ${title}\n`;
  const text = `${heading}\n${run}\n\n${machine.map((line) => `- ${line}`).join('\n')}\n\n${body.trim()}\n`;
  const [head = '', ...sections] = file.split(/^(?=## )/m);
  const at = sections.findIndex((section) => section.startsWith(heading));
  const kept = at === -1 ? [...sections, text] : sections.with(at, text);
  return [head, ...kept]
    .map((part) => part.trim())
    .join('\n\n')
    .concat('\n');
}
