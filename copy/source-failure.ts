import type { Problem } from '../model/mailbox.ts';
import type { RefusalCode } from '../model/refusals.ts';
import type { Failure } from './blame.ts';

/** How a source fails at a message. Whatever else it says blames something else: throttling, a token, a folder that is gone. */
const FAILURES: ReadonlyMap<RefusalCode, Failure> = new Map([
  ['server.connection-lost', 'lost'],
  ['server.protocol', 'broken'],
  ['server.timeout', 'silent'],
  ['server.refused', 'refused'],
  // The folder was opened; a file that the server may not read is a message's affair.
  ['source.folder-refused', 'refused'],
]);
/** Last words of servers that end connections for a reason of their own. */
const LEAVING = /shut(?:ting)? ?down|restart|maintenance|\bidle|inactiv|auto-?logout|expired|log ?(?:in|out) again/i;

/** How a source has failed, if that may be because of a message that it was asked for. */
export function failureOf({ code, serverText = '' }: Problem): Failure | undefined {
  return code === 'server.connection-lost' && LEAVING.test(serverText) ? undefined : FAILURES.get(code);
}
