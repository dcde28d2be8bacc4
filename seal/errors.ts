/** Why something was not sealed or opened; the codes are stable. */
export type SealErrorCode =
  | 'seal.key-missing'
  | 'seal.wrong-key'
  | 'seal.damaged'
  | 'seal.wrong-binding'
  | 'seal.key-file'
  | 'seal.key-file-open-to-others';

/** A refusal of this room. Neither `message` nor `next` ever holds a secret or a key. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly code: SealErrorCode;
  /** What a person can do now. */
  readonly next: string;

  constructor(code: SealErrorCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}
