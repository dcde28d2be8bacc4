import type { StoredMessage } from '../store/message.ts';

/** How Exchange shows a message that it cannot convert: with its other items only, or as a message of its own instead. */
export type Unreadability = 'no-body' | 'placeholder';

/** What a FETCH reads instead of such a message; undefined for nothing (seen in threads of IMAP clients). */
export function substitute(message: StoredMessage, how: Unreadability): Buffer | undefined {
  if (how === 'no-body') return undefined;
  return Buffer.from(
    'From: "Microsoft Exchange Server"\r\n' +
      `Subject: Retrieval using the IMAP4 protocol failed for the following message: ${message.uid}\r\n` +
      'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\n' +
      "The server couldn't retrieve the following message:\r\n\r\n" +
      "The message hasn't been deleted. You might be able to view it using either Outlook or Outlook Web App. " +
      'You can also contact the sender to find out what the message says.\r\n',
  );
}
