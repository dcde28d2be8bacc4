/** Mailboxes that stand in the project file itself. */
import type { Side } from '../model/project.ts';
import { rowApplication } from './application.ts';
import { secretSources, type FileContext } from './secret-places.ts';
import type { WrittenRow, WrittenSide } from './rows.ts';
import type { MailboxFile } from './schema.ts';
import type { Place } from './types.ts';

function secretKeysOf(row: MailboxFile, side: Side) {
  return side === 'source'
    ? { secretFile: row.sourceSecretFile, secretEnv: row.sourceSecretEnv, prompt: row.sourcePrompt }
    : { secretFile: row.destinationSecretFile, secretEnv: row.destinationSecretEnv, prompt: row.destinationPrompt };
}

function writtenSide(row: MailboxFile, index: number, side: Side, context: FileContext): WrittenSide {
  const placeOf = (key: string): Place =>
    context.placeOf(['mailboxes', index, `${side}${key.charAt(0).toUpperCase()}${key.slice(1)}`]);
  const user = row[side];
  const [secret, second] = secretSources(secretKeysOf(row, side), `Password of ${user} at the ${side}`, placeOf);
  if (second !== undefined) {
    context.issues.add(second.place, 'the password is referred to twice', `only one of ${howToGiveInline(side)}`);
  }
  const applicationKey = `${side}Application` as const;
  const application = row[applicationKey];
  return {
    user,
    userPlace: context.placeOf(['mailboxes', index, side]),
    ...(application !== undefined && {
      app: rowApplication(application, ['mailboxes', index, applicationKey], context),
    }),
    place: side === 'source' ? row.sourceRoot : row.destinationPrefix,
    secret,
    secretPlace: secret?.place ?? context.placeOf(['mailboxes', index, side]),
  };
}

/** The keys that refer to a mailbox's password. */
export function howToGiveInline(side: Side): string {
  return `\`${side}SecretFile\`, \`${side}SecretEnv\` or \`${side}Prompt\``;
}

export function inlineRows(rows: readonly MailboxFile[], context: FileContext): readonly WrittenRow[] {
  return rows.map((row, index) => ({
    source: writtenSide(row, index, 'source', context),
    destination: writtenSide(row, index, 'destination', context),
  }));
}
