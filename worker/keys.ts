import { join } from 'node:path';
import { SealError } from '../seal/errors.ts';
import type { Keyring } from '../seal/key.ts';
import { loadKeyring } from '../seal/key-file.ts';
import { open, type SealBinding } from '../seal/seal.ts';

const KEY_FILE = 'seal.key';

/** Opens sealed secrets with the keys of this worker. Rejects with a SealError. */
export type OpenSecret = (binding: SealBinding, envelope: string) => Promise<string>;

export interface KeyPlace {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Loads the keys when the first secret is to be opened, and again when one was sealed with a key that they do not hold: the
 * key file may be made, or given to this worker, long after it was started.
 */
export function secretOpener({ stateDir, env }: KeyPlace): OpenSecret {
  let keys: Promise<Keyring> | undefined;

  async function load(): Promise<Keyring> {
    const loading = loadKeyring(env, join(stateDir, KEY_FILE));
    keys = loading;
    try {
      return await loading;
    } catch (error) {
      keys = undefined;
      throw error;
    }
  }

  return async (binding, envelope) => {
    const kept = await (keys ?? load());
    try {
      return open(kept, binding, envelope).reveal();
    } catch (error) {
      if (!(error instanceof SealError) || error.code !== 'seal.wrong-key') throw error;
    }
    return open(await load(), binding, envelope).reveal();
  };
}
