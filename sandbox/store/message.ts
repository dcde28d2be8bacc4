/** A message as it was given: the octets, and the date-time with the zone it came with. */
export interface StoredMessage {
  readonly uid: number;
  readonly body: Buffer;
  /** date-time of RFC 3501 §9, as given: ` 5-Mar-2021 10:00:00 +0530`. */
  readonly internalDate: string;
  readonly flags: readonly string[];
  /** Its name in the whole mailbox, as Gmail's X-GM-MSGID: an unsigned number of 64 bits. */
  readonly gmailId: string;
  /** True once it was expunged; sessions that have not been told yet still hold it. */
  readonly expunged: boolean;
}

/** What a new message consists of. */
export interface NewMessage {
  readonly body: Buffer;
  readonly flags?: readonly string[];
  /** A Date becomes a date-time in +0000; text is kept as it is. Default: now. */
  readonly internalDate?: string | Date;
  /** Given where several folders show one message. Default: one of its own. */
  readonly gmailId?: string;
}
