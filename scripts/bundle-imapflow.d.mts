export function bundleImapflow(compiled: string): Promise<void>;
