import { describe, expect, it } from 'vitest';
import { differenceOf, groupByShard, type Wanted } from '../../../client/difference.ts';
import type { RunningProject } from '../../../client/remote/running.ts';
import { passwordBinding } from '../../../model/seal-binding.ts';
import type { MailboxRow, ProjectSettings } from '../../../model/project.ts';
import { SealKey, type Keyring } from '../../../seal/key.ts';
import { seal } from '../../../seal/seal.ts';
import { projectSettings } from '../../support/projects.ts';

const key = SealKey.create();
const keys: Keyring = [key];
const settings = projectSettings('acme');

function row(user: string, password: string, of: ProjectSettings = settings): MailboxRow {
  const sealed = (side: 'source' | 'destination'): string =>
    seal(key, passwordBinding('acme', of[side], user), `${side} ${password}`);
  return {
    id: user,
    source: { user, password: sealed('source') },
    destination: { user, password: sealed('destination') },
  };
}

function running(...users: readonly string[]): RunningProject {
  return { settings, rows: users.map((user, index) => ({ row: row(user, 'old'), shard: index })) };
}

function wanted(rows: readonly MailboxRow[], of: ProjectSettings = settings): Wanted {
  return { settings: of, rows };
}

describe('the difference between a running project and its file', () => {
  it('is none when the same secrets were sealed again', () => {
    const difference = differenceOf(running('anna', 'berta'), wanted([row('anna', 'old'), row('berta', 'old')]), keys);
    expect(difference).toEqual({ changes: [], settings: undefined, added: [], shards: [] });
  });

  it('is sent to the shard that has the mailbox, and holds nothing readable', () => {
    const fresh = row('berta', 'new');
    const difference = differenceOf(running('anna', 'berta'), wanted([row('anna', 'old'), fresh]), keys);
    expect(difference.shards).toEqual([{ index: 1, rows: [fresh] }]);
    expect(difference.settings).toBeUndefined();
    expect(JSON.stringify(difference)).not.toMatch(/old|new/);
  });

  it('adds and removes mailboxes', () => {
    const carl = row('carl', 'new');
    const difference = differenceOf(running('anna', 'berta'), wanted([row('anna', 'old'), carl]), keys);
    expect(difference.added).toEqual([carl]);
    expect(difference.shards).toEqual([{ index: 1, removed: ['berta'] }]);
  });

  it('sends every password again when the place that it is sealed for has changed', () => {
    const moved = { ...settings, source: { ...settings.source, port: 1143 } };
    const rows = [row('anna', 'old', moved), row('berta', 'old', moved)];
    const difference = differenceOf(running('anna', 'berta'), wanted(rows, moved), keys);
    expect(difference.settings).toEqual(moved);
    expect(difference.shards).toEqual([
      { index: 0, rows: [rows[0]] },
      { index: 1, rows: [rows[1]] },
    ]);
  });

  it('takes a secret that it cannot open for another one', () => {
    const other = SealKey.create();
    const difference = differenceOf(running('anna'), wanted([row('anna', 'old')]), [other]);
    expect(difference.shards).toHaveLength(1);
  });
});

describe('changes in one message', () => {
  it('are put together by shard', () => {
    const [a, b] = [row('a', 'x'), row('b', 'x')];
    const changes = [
      { index: 0, rows: [a] },
      { index: 1, removed: ['z'] },
      { index: 0, rows: [b] },
      { index: 0, removed: ['c'] },
    ];
    expect(groupByShard(changes)).toEqual([
      { index: 0, rows: [a, b], removed: ['c'] },
      { index: 1, removed: ['z'] },
    ]);
  });
});
