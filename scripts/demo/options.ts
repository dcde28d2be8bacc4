import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface Options {
  /** Leave the servers and the Web UI up until Ctrl-C. */
  readonly keep: boolean;
  /** Use the in-process IMAP servers also where Dovecot is installed. */
  readonly sandbox: boolean;
  /** Where everything is kept. */
  readonly home: string;
  readonly help: boolean;
}

export const HELP = `npm run demo [-- OPTIONS]

Moves 12 generated mailboxes out of a modelled Microsoft 365 tenant to an IMAP server on this machine, from the first command
to the last delta, and compares both sides. It asks for the cutover on a terminal.

  --keep      leave the servers and the Web UI up until Ctrl-C
  --sandbox   use the in-process IMAP server also where Dovecot is installed
  --home DIR  where everything is kept (else .mailferry/demo); emptied first
`;

const HOME = fileURLToPath(new URL('../../.mailferry/demo', import.meta.url));

/** Throws a TypeError that names what is wrong. npm takes options before `--` for its own and hands them on in the environment. */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      keep: { type: 'boolean', default: env['npm_config_keep'] === 'true' },
      sandbox: { type: 'boolean', default: env['npm_config_sandbox'] === 'true' },
      home: { type: 'string', default: HOME },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return { ...values, home: resolve(values.home) };
}
