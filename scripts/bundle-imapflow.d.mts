export function bundleImapflow(compiled: string): Promise<void>;
export function bundleProgram(entry: string, outfile: string): Promise<void>;
