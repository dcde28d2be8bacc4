import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly temporalAddress: string;
    readonly temporalCliPath: string;
    readonly workflowBundlePath: string | null;
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
