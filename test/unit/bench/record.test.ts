import { describe, expect, it } from 'vitest';
import { withSection } from '../../../bench/record.ts';
import { sumOfStatus } from '../../../bench/servers.ts';

const section = { machine: ['2 cores', 'Node v20'], run: '2026-01-02, whole corpora.' };

describe('the file of results', () => {
  it('keeps the other sections when one is replaced', () => {
    const first = withSection('# Results\n', { ...section, title: 'copy', body: '### small\n\nslow' });
    const both = withSection(first, { ...section, title: 'memory', body: '32 MB' });
    const again = withSection(both, { ...section, title: 'copy', body: '### small\n\nfast' });
    expect(again).toBe(
      '# Results\n\n## copy\n\n2026-01-02, whole corpora.\n\n- 2 cores\n- Node v20\n\n### small\n\nfast\n\n' +
        '## memory\n\n2026-01-02, whole corpora.\n\n- 2 cores\n- Node v20\n\n32 MB\n',
    );
  });
});

describe('what a mailbox holds', () => {
  it('is the sum over its folders', () => {
    expect(sumOfStatus('mailbox\tmessages\tvsize\nINBOX\t10\t4800\nSent items\t5\t200\n')).toEqual({
      messages: 15,
      bytes: 5_000,
    });
    expect(sumOfStatus('mailbox\tmessages\tvsize\n')).toEqual({ messages: 0, bytes: 0 });
  });
});
