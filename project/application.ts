/** The applications that open mailboxes with OAuth2, of a whole side or of one row, and how they prove who they are. */
import { onlySecret, secretSources, type FileContext } from './secret-places.ts';
import type { OAuth2File, RowApplicationFile } from './schema.ts';
import type { OpenApplication, OpenCredential, OpenRowApplication, Place } from './types.ts';

/** What names and proves one application, in a side's `authentication` as in a row. */
type ApplicationKeys = Pick<
  RowApplicationFile,
  'clientId' | 'secretFile' | 'secretEnv' | 'prompt' | 'certificateFile' | 'thumbprint'
>;

const CREDENTIAL_KEYS = ['secretFile', 'secretEnv', 'prompt', 'certificateFile', 'thumbprint'] as const;

/** The application of a whole side; undefined where each row has its own. What does not hold together is an issue. */
export function endpointApplication(
  given: OAuth2File,
  path: readonly PropertyKey[],
  context: FileContext,
): OpenApplication | undefined {
  const { clientId } = given;
  if (clientId !== undefined) return openApplication({ ...given, clientId }, path, context);
  for (const key of CREDENTIAL_KEYS.filter((name) => given[name] !== undefined)) {
    context.issues.add(
      context.placeOf([...path, key]),
      `\`${key}\` stands without an application`,
      '`clientId` beside it',
    );
  }
  return undefined;
}

/** The application of one row. */
export function rowApplication(
  given: RowApplicationFile,
  path: readonly PropertyKey[],
  context: FileContext,
): OpenRowApplication {
  const { tenant } = given;
  return { ...(tenant !== undefined && { tenant }), ...openApplication(given, path, context) };
}

function openApplication(given: ApplicationKeys, path: readonly PropertyKey[], context: FileContext): OpenApplication {
  return { clientId: given.clientId, credential: openCredential(given, path, context) };
}

function openCredential(given: ApplicationKeys, path: readonly PropertyKey[], context: FileContext): OpenCredential {
  const { issues } = context;
  const place = (key: string): Place => context.placeOf([...path, key]);
  const { certificateFile, thumbprint } = given;
  const secrets = secretSources(given, `Client secret of ${given.clientId}`, place);
  const certificates =
    certificateFile === undefined
      ? []
      : [{ kind: 'file', path: certificateFile, place: place('certificateFile') } as const];
  const allowed = '`secretFile`, `secretEnv`, `prompt` or `certificateFile`';
  const source = onlySecret([...secrets, ...certificates], context.placeOf(path), allowed, issues);
  if (thumbprint !== undefined && certificateFile === undefined) {
    issues.add(place('thumbprint'), '`thumbprint` stands without a certificate', '`certificateFile` beside it');
  }
  const isCertificate = certificateFile !== undefined && secrets.length === 0;
  return isCertificate
    ? { kind: 'certificate', file: source, ...(thumbprint === undefined ? {} : { thumbprint }) }
    : { kind: 'secret', secret: source };
}
