/** The applications that open mailboxes with OAuth2, of a whole side or of one row, and how they prove who they are. */
import { onlySecret, secretSources, type FileContext } from './secret-places.ts';
import type { OAuth2File, RowApplicationFile } from './schema.ts';
import type { OpenApplication, OpenCredential, OpenRowApplication, Place, SecretSource, FileSource } from './types.ts';

/** What names and proves one application, in a side's `authentication` as in a row. */
type ApplicationKeys = Pick<RowApplicationFile, 'clientId' | (typeof CREDENTIAL_KEYS)[number]>;

/** Each only beside a certificate, or only beside a secret. */
const CERTIFICATE_KEYS = ['certificatePassword', 'thumbprint'] as const;
const SECRET_KEYS = ['secretExpires'] as const;
const CREDENTIAL_KEYS = [
  'secretFile',
  'secretEnv',
  'prompt',
  'certificateFile',
  ...SECRET_KEYS,
  ...CERTIFICATE_KEYS,
] as const;

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
  const { clientId, certificateFile, thumbprint, secretExpires } = given;
  const secrets = secretSources(given, `Client secret of ${clientId}`, place);
  const certificate: FileSource | undefined =
    certificateFile === undefined
      ? undefined
      : { kind: 'file', path: certificateFile, place: place('certificateFile') };
  const allowed = '`secretFile`, `secretEnv`, `prompt` or `certificateFile`';
  const sources = [...secrets, ...(certificate === undefined ? [] : [certificate])];
  const secret = onlySecret(sources, context.placeOf(path), allowed, issues);
  const isCertificate = certificate !== undefined && secrets.length === 0;
  for (const key of (isCertificate ? SECRET_KEYS : CERTIFICATE_KEYS).filter((name) => given[name] !== undefined)) {
    const [stands, beside] = isCertificate
      ? ['beside a certificate, which says itself when it expires', 'no `secretExpires`']
      : ['without a certificate', '`certificateFile` beside it'];
    issues.add(place(key), `\`${key}\` stands ${stands}`, beside);
  }
  if (!isCertificate) {
    return { kind: 'secret', secret, ...(secretExpires !== undefined && { expiresAt: secretExpires }) };
  }
  const password = certificatePassword(given, [...path, 'certificatePassword'], context);
  return {
    kind: 'certificate',
    file: certificate,
    ...(password !== undefined && { password }),
    ...(thumbprint !== undefined && { thumbprint }),
  };
}

function certificatePassword(
  { certificateFile = '', certificatePassword: given }: ApplicationKeys,
  path: readonly PropertyKey[],
  context: FileContext,
): SecretSource | undefined {
  if (given === undefined) return undefined;
  const sources = secretSources(given, `Password of ${certificateFile}`, (key) => context.placeOf([...path, key]));
  return onlySecret(sources, context.placeOf(path), '`secretFile`, `secretEnv` or `prompt`', context.issues);
}
