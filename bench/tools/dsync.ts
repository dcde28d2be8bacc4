import { join } from 'node:path';
import { dovecotAvailable, dovecotInstallation } from '../../test/support/dovecot-installation.ts';
import type { Tool } from './tool.ts';

/** Dovecot's own tool; it reads and writes the storage directly, so nothing can be far away. */
export const dsync: Tool = {
  name: 'dsync',
  missing: () => {
    const dovecot = dovecotAvailable();
    return dovecot.available ? undefined : dovecot.reason;
  },
  appliesTo: ({ delayed }) => delayed.length === 0,
  program: ({ servers, destination }) => {
    const location = `mdbox:${join(destination.home, 'mdbox')}`;
    return Promise.resolve({
      command: dovecotInstallation().doveadm,
      args: ['-c', servers.sourceConfig, 'backup', '-u', servers.source.user, location],
    });
  },
};
