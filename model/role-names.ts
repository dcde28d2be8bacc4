/**
 * Names under which mail programs and servers keep the folders of RFC 6154 where they do not mark them, in the languages
 * of the mailboxes that are moved. Within a role the more usual name stands first: it is preferred when a mailbox has
 * several. Compared without regard to case.
 */

/** Roles whose folders are matched from side to side, whatever they are called. */
export type MatchedRole = 'sent' | 'drafts' | 'trash' | 'junk' | 'archive';

export const MATCHED_ROLES: readonly MatchedRole[] = ['sent', 'drafts', 'trash', 'junk', 'archive'];

function names(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(', '));
}

export const ROLE_NAMES: Readonly<Record<MatchedRole, readonly string[]>> = {
  sent: names(
    'Sent, Sent Items, Sent Messages, Sent Mail, Sent-mail',
    'Gesendet, Gesendete Elemente, Gesendete Objekte, Gesendete Nachrichten',
    'Envoyés, Éléments envoyés, Messages envoyés, Courrier envoyé',
    'Posta inviata, Inviata, Inviati, Messaggi inviati, Elementi inviati',
    'Enviados, Elementos enviados, Correo enviado, Mensajes enviados',
    'Itens enviados, E-mails enviados, Mensagens enviadas',
    'Verzonden, Verzonden items, Verzonden berichten',
    'Wysłane, Elementy wysłane',
    'Odeslaná pošta, Odeslané, Odoslaná pošta, Odoslané',
    'Skickat, Skickade objekt, Sendt, Sendte elementer, Sendt post, Lähetetyt',
    'Отправленные, 送信済みアイテム, 送信済み, 已发送邮件, 已发送',
  ),
  drafts: names(
    'Drafts, Draft, Entwürfe, Brouillons, Bozze, Borradores, Rascunhos, Concepten',
    'Kopie robocze, Wersje robocze, Robocze, Koncepty, Rozepsané, Rozpísané, Utkast, Kladder, Kladd',
    'Luonnokset, Черновики, 下書き, 草稿',
  ),
  trash: names(
    'Trash, Deleted Items, Deleted Messages, Deleted, Bin',
    'Papierkorb, Gelöschte Elemente, Gelöschte Objekte, Gelöscht',
    'Corbeille, Éléments supprimés, Messages supprimés',
    'Cestino, Posta eliminata, Elementi eliminati',
    'Papelera, Elementos eliminados, Itens excluídos, Itens eliminados, Lixeira, Lixo',
    'Prullenbak, Verwijderde items, Prullenmand',
    'Kosz, Elementy usunięte, Usunięte, Koš, Odstraněná pošta, Kôš, Odstránená pošta',
    'Papperskorg, Papperskorgen, Borttaget, Borttagna objekt',
    'Papirkurv, Slettet post, Slettede elementer, Slettet, Roskakori, Poistetut',
    'Корзина, Удаленные, ごみ箱, 削除済みアイテム, 已删除邮件, 已删除',
  ),
  junk: names(
    'Junk, Junk Email, Junk E-mail, Spam, Bulk Mail',
    'Junk-E-Mail, Spamverdacht, Werbung, Courrier indésirable, Indésirables, Pourriel',
    'Posta indesiderata, Indesiderata, Correo no deseado, Correo electrónico no deseado, No deseado',
    'Lixo eletrônico, Lixo eletrónico, E-mail de Lixo',
    'Correio eletrónico não solicitado, Correio electrónico não solicitado',
    'Ongewenste e-mail, Ongewenst, Wiadomości-śmieci, Niechciane, Nevyžádaná pošta, Nevyžiadaná pošta',
    'Skräppost, Søppelpost, Uønsket e-mail, Uønsket e-post, Uønsket mail, Roskaposti',
    'Спам, Нежелательная почта, 迷惑メール, 垃圾邮件',
  ),
  archive: names(
    'Archive, Archives, Archiv, Archivio, Archivo, Arquivo, Arquivo Morto, Archief',
    'Archiwum, Archív, Arkiv, Arkisto, Архив, アーカイブ, 存档',
  ),
};
