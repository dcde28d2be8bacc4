import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../processes/job.ts';
import { missingProgram, requiredProgram } from './installed.ts';
import type { Tool } from './tool.ts';

const CONFIG = 'mbsyncrc';

/** Pulls new messages, with flags and dates. */
export const mbsync: Tool = {
  name: 'mbsync',
  missing: () => missingProgram('mbsync'),
  appliesTo: () => true,
  // `X-TUID: ` with twelve characters and a line break, by which it finds again what it wrote.
  addedBytes: 22,
  program: async ({ job, scratch }) => {
    const lines = [
      ...store('source', job.source),
      ...store('destination', job.destination),
      'Channel bench',
      'Far :source:',
      'Near :destination:',
      `Patterns ${job.folders.map((folder) => `"${folder}"`).join(' ')}`,
      'Sync PullNew',
      'Create Near',
      'Expunge None',
      'CopyArrivalDate yes',
      `SyncState ${scratch}/`,
    ];
    await writeFile(join(scratch, CONFIG), `${lines.join('\n')}\n`, { mode: 0o600 });
    return { command: requiredProgram('mbsync'), args: ['-q', '-c', join(scratch, CONFIG), 'bench'] };
  },
};

function store(name: string, { port, user, password }: Account): readonly string[] {
  return [
    `IMAPAccount ${name}`,
    'Host 127.0.0.1',
    `Port ${port}`,
    `User ${user}`,
    `Pass ${password}`,
    'SSLType None',
    'AuthMechs LOGIN',
    '',
    `IMAPStore ${name}`,
    `Account ${name}`,
    '',
  ];
}
