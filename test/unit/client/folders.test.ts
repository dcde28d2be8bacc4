import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../../client/main.ts';
import { textPrinter } from '../../../client/printer.ts';
import { foldersScreen, type FoldersReport } from '../../../client/screens/folders.ts';
import { memoryIo } from './memory-io.ts';

const { render } = textPrinter(memoryIo());

const REPORT: FoldersReport = {
  ok: true,
  id: 'anna@example.org',
  project: 'move',
  source: 'imap.old.example',
  destination: 'imap.new.example',
  folders: [
    { source: 'INBOX', destination: 'INBOX', messages: 1_200, role: 'inbox' },
    { source: 'Gesendet', destination: 'Sent Items', messages: 30, role: 'sent' },
    { source: '[Gmail]/All Mail', destination: 'Archive', messages: 1_240, role: 'all', repeats: true },
  ],
  leftOut: [{ sourcePath: 'Calendar', messages: 1, reason: 'The rule `exclude: Calendar` leaves it out.' }],
  notes: ['“Gesendet” and “Sent Items” are both the folder for sent: they are matched.'],
  messages: 1_230,
};

describe('the folders of a mailbox', () => {
  it('are shown with where they go, how much is in them, their roles, and what is left out', () => {
    expect(render(foldersScreen(REPORT))).toBe(
      [
        'anna@example.org  imap.old.example → imap.new.example',
        '',
        'Folders',
        '  INBOX             →  INBOX          1,200  inbox',
        '  Gesendet          →  Sent Items        30  sent',
        '  [Gmail]/All Mail  →  Archive     of 1,240  all',
        '',
        'Left out',
        '  Calendar  1 message  The rule `exclude: Calendar` leaves it out.',
        '',
        'Notes',
        '  “Gesendet” and “Sent Items” are both the folder for sent: they are matched.',
        '',
        '1,230 messages in 3 folders. Nothing was written.',
      ].join('\n'),
    );
  });

  it('cannot move a terminal’s cursor by their names', () => {
    const [inbox] = REPORT.folders;
    const folders = inbox === undefined ? [] : [{ ...inbox, source: 'a\u001b[2Jb' }];
    expect(render(foldersScreen({ ...REPORT, folders }))).not.toContain('\u001b');
  });
});

const PROJECT = `schema: mailferry/project/v1
name: move
source: { host: imap.old.example, authentication: { kind: password } }
destination: { host: imap.new.example, authentication: { kind: password } }
mailboxes:
  - { source: anna@old.example, destination: anna, sourceSecretEnv: PW, destinationSecretEnv: PW }
`;

describe('a mailbox that is asked for by its name at the source', () => {
  it('is not there under that name, and its own is told', async ({ onTestFinished }) => {
    const cwd = await mkdtemp(join(tmpdir(), 'mailferry-folders-'));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    await writeFile(join(cwd, 'project.yaml'), PROJECT);
    const io = memoryIo({ cwd, env: { PW: 'secret' } });
    expect(await main(['folders', 'project.yaml', 'Anna@old.example'], io)).toBe(2);
    expect(io.err()).toContain('This one of the source goes to "anna".');
  });
});
