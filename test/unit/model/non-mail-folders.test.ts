import { describe, expect, it } from 'vitest';
import { mapFolders, type FolderMap } from '../../../model/folder-map.ts';
import type { ListedFolder } from '../../../model/folders.ts';
import { nonMailKinds } from '../../../model/non-mail-folders.ts';
import { DEFAULT_NAMES } from '../../../model/non-mail-names.ts';
import type { FolderRules } from '../../../model/project.ts';
import { encodeUtf7 } from '../../../model/utf7.ts';

const RULES: FolderRules = { include: [], exclude: [], rename: [], roles: true };

const listed = (name: string): ListedFolder => ({
  name: encodeUtf7(name),
  path: name.split('/'),
  delimiter: '/',
  selectable: true,
});

interface Case {
  readonly source: readonly string[];
  readonly destination?: readonly string[];
  readonly exchange: 'source' | 'destination' | 'nobody';
  readonly rules?: Partial<FolderRules>;
}

const side = (names: readonly string[], exchange: boolean) => ({
  folders: names.map(listed),
  delimiter: '/',
  namespacePrefix: '',
  exchange,
});

function map({ source, destination = ['INBOX'], exchange, rules = {} }: Case): FolderMap {
  return mapFolders({
    source: side(source, exchange === 'source'),
    destination: side(destination, exchange === 'destination'),
    rules: { ...RULES, ...rules },
  });
}

const moved = (given: Case): readonly string[] => map(given).pairs.map(({ sourcePath }) => sourcePath);

describe('folders of Exchange that hold no mail', () => {
  it.each([
    [
      'English',
      ['Calendar', 'Calendar/Birthdays', 'Contacts', 'Tasks', 'Notes', 'Journal', 'Sync Issues/Conflicts', 'RSS Feeds'],
    ],
    ['German', ['Kalender', 'Kontakte', 'Aufgaben', 'Notizen', 'Journal', 'Synchronisierungsprobleme', 'RSS-Feeds']],
    ['French', ['Calendrier', 'Contacts', 'Tâches', 'Notes', 'Journal', 'Problèmes de synchronisation', 'Flux RSS']],
    ['Italian', ['Calendario', 'Contatti', 'Attività', 'Note', 'Diario', 'Cronologia conversazioni']],
    ['Spanish', ['Calendario', 'Contactos', 'Tareas', 'Notas', 'Diario', 'Historial de conversaciones']],
    ['Dutch', ['Agenda', 'Contactpersonen', 'Taken', 'Notities', 'Logboek', 'Gespreksgeschiedenis']],
    ['Portuguese', ['Calendário', 'Contatos', 'Tarefas', 'Anotações', 'Diário']],
    ['Polish', ['Kalendarz', 'Kontakty', 'Zadania', 'Notatki', 'Dziennik']],
    ['Swedish', ['Kalender', 'Kontakter', 'Uppgifter', 'Anteckningar', 'Journal']],
    ['Danish', ['Kalender', 'Kontaktpersoner', 'Opgaver', 'Noter', 'Journal']],
    ['Norwegian', ['Kalender', 'Kontakter', 'Oppgaver', 'Notater', 'Logg']],
    ['Finnish', ['Kalenteri', 'Yhteystiedot', 'Tehtävät', 'Muistilaput', 'Päiväkirja']],
  ])('are left out and named, in %s, and mail is not', (_language, folders) => {
    const given: Case = { source: ['INBOX', 'Work', ...folders], exchange: 'source' };
    expect(moved(given)).toEqual(['INBOX', 'Work']);
    expect(
      map(given)
        .leftOut.map(({ sourcePath }) => sourcePath)
        .toSorted(),
    ).toEqual(folders.toSorted());
    for (const { reason } of map(given).leftOut) expect(reason).toMatch(/^It holds no mail but .*`include`/);
  });

  it('are moved where a rule of `include` names them', () => {
    const source = ['INBOX', 'Calendar', 'Contacts', 'Work'];
    expect(moved({ source, exchange: 'source', rules: { include: ['INBOX', 'Calendar'] } })).toEqual([
      'INBOX',
      'Calendar',
    ]);
    expect(moved({ source, exchange: 'source', rules: { include: ['**'] } })).toHaveLength(4);
  });

  it('are only those of the mailbox’s own language: a user’s “Notes” in a German mailbox is mail', () => {
    const source = ['INBOX', 'Kalender', 'Kontakte', 'Aufgaben', 'Notizen', 'Notes', 'Tasks'];
    expect(moved({ source, exchange: 'source' })).toEqual(['INBOX', 'Notes', 'Tasks']);
  });

  it('are not guessed from one name, nor deeper down, nor on other servers', () => {
    expect(moved({ source: ['INBOX', 'Notes'], exchange: 'source' })).toEqual(['INBOX', 'Notes']);
    const below = ['INBOX', 'Calendar', 'Contacts', 'Work/Calendar'];
    expect(moved({ source: below, exchange: 'source' })).toEqual(['INBOX', 'Work/Calendar']);
    expect(moved({ source: ['INBOX', 'Calendar', 'Contacts'], exchange: 'nobody' })).toHaveLength(3);
  });

  it('have names of their own within a language', () => {
    for (const names of DEFAULT_NAMES) {
      expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
      expect(nonMailKinds(names.map(({ name }) => name)).size).toBeGreaterThanOrEqual(5);
    }
  });
});

describe('a destination that is Exchange', () => {
  it('gets mail beside the folders that it keeps for something else, in the first pass and in all later ones', () => {
    const source = ['INBOX', 'Notes', 'Notes/Old', 'Work'];
    const first = map({ source, exchange: 'destination', destination: ['INBOX', 'Calendar', 'Contacts', 'Notes'] });
    const names = first.pairs.map(({ destination }) => destination);
    expect(names).toEqual(['INBOX', 'Notes (mail)', 'Notes (mail)/Old', 'Work']);
    expect(first.notes.join(' ')).toContain('Exchange keeps notes under this name');
    const later = map({ source, exchange: 'destination', destination: ['INBOX', 'Notes', ...names] });
    expect(later.pairs).toEqual(first.pairs);
  });
});
