import { inject } from 'vitest';

/** Whether tests that need a real Dovecot can run here, and where not, why and what would help. */
export type DovecotAvailability =
  | { readonly available: true; readonly path: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

declare module 'vitest' {
  interface ProvidedContext {
    readonly temporalAddress: string;
    readonly temporalCliPath: string;
    readonly workflowBundlePath: string | null;
    readonly dovecot: DovecotAvailability;
  }
}

/** `host:port` of the Temporal server of this run; its namespace `default` has mailferry's search attributes. */
export function temporalAddress(): string {
  return inject('temporalAddress');
}

/** The `temporal` binary of this run, for tests that start and stop a server of their own. */
export function temporalCliPath(): string {
  return inject('temporalCliPath');
}

/**
 * The file holding the bundle of `workflows/index.ts`, made once per run: `{workflowBundle: {codePath}}`.
 * Throws when there was nothing to bundle.
 */
export function workflowBundlePath(): string {
  const path = inject('workflowBundlePath');
  if (path === null) throw new Error('workflows/index.ts does not exist, so there is no workflow bundle');
  return path;
}

/** Whether Dovecot can be run here. */
export function dovecot(): DovecotAvailability {
  return inject('dovecot');
}
