/** Project files in memory, for tests of this room. */
import { ProjectRefusal, type Issue } from '../../../project/issues.ts';
import { readProjectFile } from '../../../project/read.ts';
import type { ParsedProject } from '../../../project/types.ts';

export const CA = '-----BEGIN CERTIFICATE-----\nMIIBszCC\n-----END CERTIFICATE-----\n';

/** A valid project; `replace` swaps lines for others. */
export function projectText(...replace: readonly (readonly [from: string, to: string])[]): string {
  const text = `schema: mailferry/project/v1
name: move
source:
  host: old.example.org
  authentication:
    kind: password
destination:
  host: new.example.org
  authentication:
    kind: administrator
    form: dovecot
    user: admin
    secretFile: admin.txt
mailboxes:
  - source: anna
    sourceSecretEnv: ANNA
    destination: anna@example.org
`;
  return replace.reduce((current, [from, to]) => {
    if (!current.includes(from)) throw new Error(`the project has no ${from}`);
    return current.replace(from, () => to);
  }, text);
}

/** The same with a CSV. */
export const WITH_CSV = [
  `  - source: anna
    sourceSecretEnv: ANNA
    destination: anna@example.org
`,
  '  csv: mailboxes.csv\n',
] as const;

export function read(
  project: string | Uint8Array,
  others: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<ParsedProject> {
  const files = new Map(Object.entries({ 'dir/project.yaml': project, ...others }));
  return readProjectFile('dir/project.yaml', {
    readFile: async (path) => {
      const content = files.get(path);
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return typeof content === 'string' ? Buffer.from(content) : content;
    },
  });
}

/** The refusal that the promise ends with. */
export async function refusalOf(promise: Promise<unknown>): Promise<ProjectRefusal> {
  const refusal: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal instanceof ProjectRefusal) return refusal;
  throw refusal instanceof Error ? refusal : new Error('nothing was refused');
}

export async function issuesOf(
  project: string | Uint8Array,
  others?: Readonly<Record<string, string | Uint8Array>>,
): Promise<readonly Issue[]> {
  return (await refusalOf(read(project, others))).issues;
}
