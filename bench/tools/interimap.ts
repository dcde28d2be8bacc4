import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../processes/job.ts';
import { missingProgram, requiredProgram } from './installed.ts';
import type { Tool } from './tool.ts';

const CONFIG = 'interimap.conf';

/** Synchronises both ways; towards an empty mailbox it is a copy. */
export const interimap: Tool = {
  name: 'interimap',
  missing: () => missingProgram('interimap'),
  appliesTo: () => true,
  program: async ({ job, scratch }) => {
    const lines = [
      `database = ${join(scratch, 'interimap.db')}`,
      ...section('local', job.destination),
      ...section('remote', job.source),
    ];
    await writeFile(join(scratch, CONFIG), `${lines.join('\n')}\n`, { mode: 0o600 });
    return { command: requiredProgram('interimap'), args: [`--config=${join(scratch, CONFIG)}`, '--quiet'] };
  },
};

function section(name: string, { port, user, password }: Account): readonly string[] {
  return [
    `[${name}]`,
    'type = imap',
    'host = 127.0.0.1',
    `port = ${port}`,
    'STARTTLS = NO',
    `username = ${user}`,
    `password = ${password}`,
    'compress = NO',
  ];
}
