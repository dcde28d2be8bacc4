import type { User } from '../store/user.ts';

/** Languages in which a mailbox may have been opened first; its folders are named for good then. */
export type MailboxLanguage = 'en' | 'de' | 'fr';

interface Names {
  /** Folders of mail, beside INBOX. */
  readonly mail: readonly string[];
  /** Folders whose items are none: calendar entries, contacts, logs, converted when they are read over IMAP. */
  readonly notMail: readonly string[];
}

/**
 * The folders of a new mailbox. IMAP lists all of them alike, with no SPECIAL-USE, in the mailbox's language (Get-MailboxFolder;
 * "Set-MailboxRegionalConfiguration", LocalizeDefaultFolderName; seen in folder lists of migration tools).
 */
const NAMES: Readonly<Record<MailboxLanguage, Names>> = {
  en: {
    mail: ['Archive', 'Deleted Items', 'Drafts', 'Junk Email', 'Outbox', 'Sent Items'],
    notMail: [
      'Calendar',
      'Calendar/Birthdays',
      'Contacts',
      'Conversation History',
      'Journal',
      'Notes',
      'RSS Feeds',
      'Sync Issues',
      'Sync Issues/Conflicts',
      'Sync Issues/Local Failures',
      'Sync Issues/Server Failures',
      'Tasks',
    ],
  },
  de: {
    mail: ['Archiv', 'Entwürfe', 'Gelöschte Elemente', 'Gesendete Elemente', 'Junk-E-Mail', 'Postausgang'],
    notMail: [
      'Aufgaben',
      'Aufgezeichnete Unterhaltungen',
      'Journal',
      'Kalender',
      'Kalender/Geburtstage',
      'Kontakte',
      'Notizen',
      'RSS-Feeds',
      'Synchronisierungsprobleme',
      'Synchronisierungsprobleme/Konflikte',
      'Synchronisierungsprobleme/Lokale Fehler',
      'Synchronisierungsprobleme/Serverfehler',
    ],
  },
  fr: {
    mail: ['Archive', 'Boîte d’envoi', 'Brouillons', 'Courrier indésirable', 'Éléments envoyés', 'Éléments supprimés'],
    notMail: [
      'Calendrier',
      'Calendrier/Anniversaires',
      'Contacts',
      'Flux RSS',
      'Historique des conversations',
      'Journal',
      'Notes',
      'Problèmes de synchronisation',
      'Problèmes de synchronisation/Conflits',
      'Problèmes de synchronisation/Défaillances du serveur',
      'Problèmes de synchronisation/Défaillances locales',
      'Tâches',
    ],
  },
};

/** Names that cannot be created; Exchange answers "Folder name is reserved" (seen by users of migration tools). */
const RESERVED = new Set(
  [
    'Recoverable Items',
    'Deletions',
    'Purges',
    'Versions',
    'Audits',
    'Calendar Logging',
    'Top of Information Store',
  ].map((name) => name.toLowerCase()),
);

/** The tagged answer to the creation of a folder with such a name, or undefined. */
export function refusedName(wire: string): string | undefined {
  return RESERVED.has(wire.split('/').at(-1)?.toLowerCase() ?? '') ? 'NO Folder name is reserved' : undefined;
}

/** Folders that hold no mail, in this language. */
export function foldersWithoutMail(language: MailboxLanguage): readonly string[] {
  return NAMES[language].notMail;
}

/** Creates the folders of a new mailbox, with so many items in each of those that hold no mail. */
export function addDefaultFolders(store: User, language: MailboxLanguage, items: number): void {
  const { mail, notMail } = NAMES[language];
  for (const name of mail) store.addFolder(name);
  for (const name of notMail) {
    store.addFolder(name);
    for (let index = 1; index <= items; index += 1) store.addMessage(name, { body: convertedItem(name, index) });
  }
}

/** An item that is no message, as it looks when it is read as one. */
function convertedItem(folder: string, index: number): Buffer {
  const subject = `=?utf-8?B?${Buffer.from(`${folder} ${index}`).toString('base64')}?=`;
  return Buffer.from(
    `Subject: ${subject}\r\nDate: Mon, 4 Mar 2024 09:00:00 +0000\r\nMIME-Version: 1.0\r\n` +
      'Content-Type: text/plain; charset="us-ascii"\r\n\r\n\r\n',
  );
}
