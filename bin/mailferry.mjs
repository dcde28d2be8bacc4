#!/usr/bin/env node
/** In a checkout the sources run as they are; an installed package holds only what was built from them. */
import { existsSync } from 'node:fs';

const source = new URL('../client/main.ts', import.meta.url);

const { main } = existsSync(source) ? await fromSource() : await import('../dist/client/main.js');
process.exitCode = await main(process.argv.slice(2));

async function fromSource() {
  const { register } = await import('tsx/esm/api');
  register();
  return import(source.href);
}
