/** Writes copy/odd-octets-code.ts, which holds copy/odd-octets.wat assembled: a test tells when it is out of step. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const inCopy = (name: string): string => fileURLToPath(new URL(`../copy/${name}`, import.meta.url));

/** The text of the module that holds the code. */
export async function assembled(): Promise<string> {
  const assembler = await wabt();
  const parsed = assembler.parseWat('odd-octets.wat', readFileSync(inCopy('odd-octets.wat'), 'utf8'), { simd: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  return [
    '/** odd-octets.wat, assembled by scripts/assemble.ts; in base64. */',
    'export const ODD_OCTETS =',
    `  '${Buffer.from(buffer).toString('base64')}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(inCopy('odd-octets-code.ts'), await assembled());
