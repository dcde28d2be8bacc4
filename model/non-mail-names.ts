/**
 * Names of the folders in which Exchange keeps what is no mail, in the languages of its users; over IMAP they are listed like
 * all others, and hand out items turned into messages. Compared without regard to case.
 */

/** Made with the mailbox, in its language. */
export type DefaultKind = 'calendar' | 'contacts' | 'tasks' | 'notes' | 'journal';

type Names = readonly string[];

/** In each language, in the order calendar, contacts, tasks, notes, journal; several names of one where it has changed. */
const BY_LANGUAGE: Readonly<Record<string, readonly [Names, Names, Names, Names, Names]>> = {
  en: [['Calendar'], ['Contacts'], ['Tasks'], ['Notes'], ['Journal']],
  de: [['Kalender'], ['Kontakte'], ['Aufgaben'], ['Notizen'], ['Journal']],
  fr: [['Calendrier'], ['Contacts'], ['Tâches'], ['Notes'], ['Journal']],
  it: [['Calendario'], ['Contatti'], ['Attività'], ['Note'], ['Diario']],
  es: [['Calendario'], ['Contactos'], ['Tareas'], ['Notas'], ['Diario']],
  nl: [['Agenda'], ['Contactpersonen', 'Contacten'], ['Taken'], ['Notities'], ['Logboek', 'Dagboek']],
  pt: [['Calendário'], ['Contatos', 'Contactos'], ['Tarefas'], ['Notas', 'Anotações'], ['Diário']],
  pl: [['Kalendarz'], ['Kontakty'], ['Zadania'], ['Notatki'], ['Dziennik']],
  sv: [['Kalender'], ['Kontakter'], ['Uppgifter'], ['Anteckningar'], ['Journal']],
  da: [['Kalender'], ['Kontaktpersoner', 'Kontakter'], ['Opgaver'], ['Noter'], ['Journal']],
  nb: [['Kalender'], ['Kontakter'], ['Oppgaver'], ['Notater'], ['Logg', 'Journal']],
  fi: [['Kalenteri'], ['Yhteystiedot'], ['Tehtävät'], ['Muistilaput', 'Muistiinpanot'], ['Päiväkirja']],
  cs: [['Kalendář'], ['Kontakty'], ['Úkoly'], ['Poznámky'], ['Deník']],
};

export const DEFAULT_KINDS: readonly DefaultKind[] = ['calendar', 'contacts', 'tasks', 'notes', 'journal'];

/** By language, the names of the folders that were made with the mailbox. */
export const DEFAULT_NAMES: readonly (readonly { readonly kind: DefaultKind; readonly name: string }[])[] =
  Object.values(BY_LANGUAGE).map((kinds) =>
    kinds.flatMap((names, at) => names.map((name) => ({ kind: DEFAULT_KINDS[at] ?? 'notes', name }))),
  );

function listOf(...lines: readonly string[]): Names {
  return lines.flatMap((line) => line.split(', '));
}

/** Made by programs, in their language, whatever that of the mailbox is. */
export const PROGRAM_NAMES: Readonly<Record<string, Names>> = {
  'recorded conversations': listOf(
    'Conversation History, Aufgezeichnete Unterhaltungen, Unterhaltungsverlauf, Historique des conversations',
    'Cronologia conversazioni, Historial de conversaciones, Gespreksgeschiedenis, Histórico de conversas',
    'Histórico de conversação, Histórico de conversações, Historia konwersacji, Konversationshistorik',
    'Samtaleoversigt, Samtalehistorik, Samtalelogg, Samtalehistorikk, Keskusteluhistoria, Teams Chat',
  ),
  'problems of synchronisation': listOf(
    'Sync Issues, Synchronisierungsprobleme, Problèmes de synchronisation, Problemi di sincronizzazione',
    'Problemi sincronizzazione, Problemas de sincronización, Synchronisatieproblemen',
    'Problemas de sincronização, Problemas de sincronia, Problemy z synchronizacją, Problemy synchronizacji',
    'Synkroniseringsproblem, Synkroniseringsproblemer, Synkronointiongelmat, Problémy se synchronizací',
  ),
  'news feeds': listOf(
    'RSS Feeds, RSS-Feeds, RSS-Abonnements, RSS Subscriptions, Flux RSS, Feed RSS, Fuentes RSS',
    'Feeds RSS, RSS-feeder, Kanały informacyjne RSS, Źródła danych RSS, Kanały RSS, RSS-flöden',
    'RSS-syötteet, News Feed',
  ),
  'data of programs': listOf(
    'Suggested Contacts, PersonMetadata, ExternalContacts, Conversation Action Settings, Quick Step Settings',
    'Social Activity Notifications, Working Set, Yammer Root, GAL Contacts, Recipient Cache, MeContact',
  ),
};
