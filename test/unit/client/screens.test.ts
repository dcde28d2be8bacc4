import { describe, expect, it } from 'vitest';
import { textPrinter } from '../../../client/printer.ts';
import { clock, countOf, duration, size, table } from '../../../client/screens/format.ts';
import { asideScreen } from '../../../client/screens/aside.ts';
import { differenceScreen } from '../../../client/screens/difference.ts';
import { listScreen } from '../../../client/screens/list.ts';
import { mailboxScreen } from '../../../client/screens/mailbox.ts';
import { preflightScreen } from '../../../client/screens/preflight.ts';
import type { MailboxReportView } from '../../../client/remote/mailbox.ts';
import { NO_COUNTS } from '../../../model/mailbox.ts';
import { NO_COPY_COUNTS } from '../../../model/pass.ts';
import { memoryIo } from './memory-io.ts';

const { render } = textPrinter(memoryIo());

describe('messages that were put aside', () => {
  it('are told from those whose headers do not come, and from those that are gone', () => {
    const code = 'source.message-unreadable';
    const messages = [
      { uid: 1, code, gone: false, date: '17-Jul-2020 02:44:25 +0000', size: 312, from: 'Ada', subject: 'one' },
      { uid: 2, code, gone: false, words: 'Internal error' },
      { uid: 3, code, gone: true },
    ] as const;
    const mailbox = { mailbox: 'anna', total: 3, folders: [{ sourcePath: 'INBOX', messages }] };
    const text = render(asideScreen({ project: 'acme', mailboxes: [mailbox] }));
    expect(text).toContain('INBOX UID 1  17-Jul-2020 02:44:25 +0000  312 B  Ada\n    “one”\n');
    expect(text).toContain(
      'INBOX UID 2  the source does not tell its headers\n    source.message-unreadable; server: Internal error',
    );
    expect(text).toContain('INBOX UID 3  no longer on the source\n    source.message-unreadable');
  });
});

describe('for people', () => {
  it('numbers have commas and the right noun', () => {
    expect(countOf(1, 'message')).toBe('1 message');
    expect(countOf(12_345, 'mailbox', 'mailboxes')).toBe('12,345 mailboxes');
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [61_234, '61.2 kB'],
    [999_950, '1.0 MB'],
    [143_000_000, '143 MB'],
    [2_500_000_000_000_000, '2500 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it.each([
    [400, '0 s'],
    [45_000, '45 s'],
    [12 * 60_000, '12 min'],
    [200 * 60_000, '3 h 20 min'],
    [52 * 3_600_000, '2 d 4 h'],
    [48 * 3_600_000, '2 d'],
  ])('%d milliseconds are %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it('times are local and sortable', () => {
    expect(clock(new Date(2026, 2, 1, 4, 5, 6).getTime())).toBe('2026-03-01 04:05:06');
  });

  it('tables are aligned by characters, also of other scripts', () => {
    expect(
      table(
        [
          ['Entwürfe', '5'],
          ['📬', '1,000'],
        ],
        [1],
      ),
    ).toBe('  Entwürfe      5\n  📬         1,000');
  });
});

describe('the preflight screen', () => {
  const report = {
    project: 'acme',
    source: 'old.example',
    destination: 'new.example',
    rows: [
      {
        ok: true,
        id: 'anna',
        folders: [{ source: 'Gesendet', destination: 'Sent', messages: 1_200 }],
        leftOut: [{ sourcePath: 'Calendar', messages: 7, reason: 'it holds no mail' }],
        notes: ['“a/b” became “a_b”'],
        messages: 1_200,
      },
      {
        ok: false,
        id: 'berta',
        side: 'source',
        problem: { code: 'access.password', text: 'old.example refused the login', serverText: 'NO sorry' },
      },
    ],
  } as const;

  it('shows counts and mapping, what is left out, and what is refused', () => {
    const text = render(preflightScreen(report));
    expect(text).toContain('anna  1,200 messages in 1 folder');
    expect(text).toMatch(/Gesendet {2}→ {2}Sent {2}1,200/);
    expect(text).toContain('anna: Calendar (7 messages): it holds no mail');
    expect(text).toContain('became “a_b”');
    expect(text).toMatch(/berta {2}source {2}access\.password[^]*server: NO sorry[^]*next: Correct the password/);
    expect(text).toMatch(/1 mailbox with 1,200 messages in 1 folder; 1 cannot be opened\.$/);
    expect(text).toContain('project file and run `mailferry start`.');
    expect(text).not.toContain('mailferry apply');
  });

  it('names mailboxes that are one', () => {
    const ids = ['anna', 'anna.alias', 'bert'];
    const rows = Array.from(ids, (id) => ({ ...report.rows[0], id, print: id.slice(0, 4) }));
    const text = render(preflightScreen({ ...report, rows }));
    expect(text).toContain('anna, anna.alias: the source shows one mailbox for all of them');
    expect(text).not.toMatch(/bert.*one mailbox/);
  });

  it('says once what is to be said of several mailboxes', () => {
    const rows = Array.from(['anna', 'bert'], (id) => ({ ...report.rows[0], id }));
    const text = render(preflightScreen({ ...report, rows }));
    expect(text).toContain('anna, bert: “a/b” became “a_b”');
    expect(text.match(/became/g)).toHaveLength(1);
    expect(text).toContain('anna, bert: Calendar (14 messages): it holds no mail');
    expect(text.match(/Calendar/g)).toHaveLength(1);
  });

  it('stays short for a large project, and says where the rest is', () => {
    const rows = Array.from({ length: 80 }, (_, index) => ({ ...report.rows[0], id: `user${index}` }));
    const text = render(preflightScreen({ ...report, rows }));
    expect(text).toContain('… and 30 more mailboxes; -o json lists all of them');
    expect(text).not.toContain('user70  ');
  });
});

describe('the screen of one mailbox', () => {
  const report: MailboxReportView = {
    project: 'acme',
    mailbox: 'anna',
    workflow: 'running',
    credentials: [],
    view: {
      id: 'anna',
      phase: 'prestage',
      counts: NO_COUNTS,
      ended: false,
      list: 'users.csv: Microsoft’s migration CSV (EmailAddress,UserName,Password)',
      sourceUser: 'anna@old',
      destinationUser: 'anna',
      paused: false,
      now: 'copies INBOX',
      folders: [
        { source: 'INBOX', destination: 'INBOX', messages: 3_000, handled: 120, aside: [], goneFromSource: 3 },
        {
          source: 'Alt',
          destination: 'Archive',
          messages: 5,
          handled: 4,
          aside: [{ uid: 17, code: 'destination.message-too-large' }],
        },
      ],
      leftOut: [],
      notes: { 'destination.flag-dropped': 2 },
      passes: [
        { kind: 'prestage', startedAt: 0, endedAt: 65_000, folders: 2, counts: { ...NO_COPY_COUNTS, copied: 120 } },
      ],
    },
    lastTold: undefined,
    activities: [{ type: 'copyFolder', attempt: 2, progress: 'INBOX: 120 of 3,000', lastFailure: undefined }],
    page: undefined,
  };

  it('shows folders, passes, what was put aside and what runs now', () => {
    const text = render(mailboxScreen(report));
    expect(text).toContain('anna@old → anna  prestage');
    expect(text).toContain('from users.csv: Microsoft’s migration CSV');
    expect(text).toMatch(/INBOX +120 {2}of {2}3,000/);
    expect(text).toContain('3 deleted on the source, kept');
    expect(text).toContain('Alt → Archive');
    expect(text).toContain('Alt UID 17: destination.message-too-large');
    expect(text).toContain('copyFolder: INBOX: 120 of 3,000; attempt 2');
    expect(text).toMatch(/2 × +destination\.flag-dropped/);
  });

  it('shows what the mailbox told last where no worker answers', () => {
    const lastTold = { phase: 'refused', now: 'next try 14:05', problem: { code: 'access.refused', text: 'no' } };
    const text = render(mailboxScreen({ ...report, view: undefined, activities: [], lastTold }));
    expect(text).toContain('anna  refused');
    expect(text).toContain('access.refused: no');
    expect(text).toContain('No worker answered');
  });
});

describe('lists and differences', () => {
  it('an empty list says so', () => {
    expect(render(listScreen([]))).toBe('There are no projects.');
  });

  it('a difference has a sign for each change', () => {
    const changes = [
      { kind: 'mailbox-added', id: 'a', text: 'a: added' },
      { kind: 'mailbox-removed', id: 'b', text: 'b: removed' },
      { kind: 'secret', path: 'source', text: 'source: another secret' },
    ] as const;
    expect(render(differenceScreen({ project: 'acme', changes, applied: false }))).toBe(
      '3 changes to make in project "acme"\n+ a: added\n- b: removed\n~ source: another secret',
    );
  });

  it('no difference is said to be none', () => {
    expect(render(differenceScreen({ project: 'acme', changes: [], applied: false }))).toContain('nothing was changed');
  });
});
