import { describe, expect, it } from 'vitest';
import { projectJsonSchema } from '../../../project/schema.ts';
import { read, projectText } from './project-files.ts';

async function renames(yaml: string): Promise<readonly (readonly [string, string])[]> {
  const { settings } = await read(projectText(['name: move', `name: move\nfolders: { rename: ${yaml} }`]));
  return settings.folders.rename.map(({ pattern, replacement }) => [pattern, replacement]);
}

describe('renames of folders may be written', () => {
  it.each([
    ['in MigrationWiz’s form', '["^INBOX/->"]', [['^INBOX/', '']]],
    ['as one text', '"^Sent Items$->Sent"', [['^Sent Items$', 'Sent']]],
    [
      'beside patterns and replacements, in their order',
      '["^A->B", { pattern: "^B", replacement: "C" }]',
      [
        ['^A', 'B'],
        ['^B', 'C'],
      ],
    ],
    [
      'as options of MigrationWiz, several in one text',
      '\'FolderMapping="^INBOX/->" FolderMapping="^Sent Items$->Sent"\'',
      [
        ['^INBOX/', ''],
        ['^Sent Items$', 'Sent'],
      ],
    ],
    ['with an arrow in the replacement', '["^x$->a->b"]', [['^x$', 'a->b']]],
    ['with groups', '["^Old/(.*)$->Archive/$1"]', [['^Old/(.*)$', 'Archive/$1']]],
    ['not at all', '[]', []],
  ])('%s', async (_, yaml, expected) => {
    expect(await renames(yaml)).toEqual(expected);
  });

  it('and an editor is told so', () => {
    expect(JSON.stringify(projectJsonSchema())).toContain('PATTERN->REPLACEMENT');
  });
});
