import type { RefusalCode } from '../model/refusals.ts';
import type { Care } from './care.ts';
import type { Batch } from './gathered.ts';
import { likelyFault } from './likely-fault.ts';
import type { Prepared } from './message.ts';
import { saysFolderIsGone } from './open-folders.ts';
import {
  afterFolderIsGone,
  faultOf,
  learnLimit,
  neighboursWereRefused,
  recordRefused,
  type Sending,
} from './sending.ts';
import type { SideRefusal } from './sides.ts';
import { refused } from './work.ts';

/** A command that was refused, as it was found. */
export interface RefusedCommand {
  readonly batch: Batch;
  /** All that were on their way, this one included, in the order in which they were sent. */
  readonly flying: readonly Batch[];
  /** The connection is gone. */
  readonly isLost: boolean;
  readonly error: SideRefusal;
}

/**
 * Finds out who is at fault: nobody, one message, which is put aside, or one of several, which are to be sent once more in the
 * commands that are given back. Says in `sending` why the share ends, if it does, and whether it may go on.
 */
export async function findFault(sending: Sending, care: Care, command: RefusedCommand): Promise<readonly Batch[]> {
  const { error, isLost, flying } = command;
  const code = error.side === 'destination' ? faultOf(error) : undefined;
  if (code !== undefined) return atFault(sending, care, command, code);
  if (saysFolderIsGone(error)) {
    sending.end = await afterFolderIsGone(sending.work, error);
    return [];
  }
  sending.end = refused(sending.work, error);
  if (!isLost || error.side !== 'destination') return [];
  const condemned = suspect(care, flying, error.refusal.problem.code);
  if (condemned === 'server' || condemned === 'nobody') return [];
  sending.mayGoOn = condemned === undefined || !neighboursWereRefused(sending, condemned);
  return [];
}

/** Who is at fault that the connection was lost; undefined: one of the messages that were on their way, perhaps. */
function suspect(care: Care, flying: readonly Batch[], code: RefusalCode): number | 'server' | 'nobody' | undefined {
  const commands = flying.map((batch) => batch.map(({ uid }) => uid));
  if (code === 'server.connection-lost') return care.dropped(commands);
  // Servers answer in the order of the commands, so it is the first of them that this one is silent about.
  return code === 'server.timeout' ? care.silent(commands[0] ?? []) : 'nobody';
}

/** One of these is at fault: alone it is put aside, otherwise it is looked for. */
function atFault(
  sending: Sending,
  care: Care,
  { batch, isLost, error }: RefusedCommand,
  code: RefusalCode,
): readonly Batch[] {
  const [only] = batch;
  const isAlone = only !== undefined && batch.length === 1;
  if (isAlone) {
    refuseOne(sending, care, { prepared: only, isLost, error }, code);
  } else {
    care.refused(batch.map(({ uid }) => uid));
    if (!isLost) return halvesOf(batch);
  }
  if (!isLost || sending.end !== undefined) return [];
  // A server that answered BAD, or hung up after its NO, is asked again on a new connection.
  sending.end = isAlone ? { kind: 'share-ended' } : refused(sending.work, error);
  sending.mayGoOn = true;
  return [];
}

interface RefusedMessage extends Pick<RefusedCommand, 'isLost' | 'error'> {
  readonly prepared: Prepared;
}

/** A BAD may be about anything: the message gets another try on a new connection, where it has one. */
function refuseOne(
  sending: Sending,
  care: Care,
  { prepared: { uid, message }, isLost, error }: RefusedMessage,
  code: RefusalCode,
): void {
  const isVague = error.refusal.status === 'BAD';
  const mayReopen = isLost && sending.work.reopen !== undefined;
  if (isVague && mayReopen && care.mayAskAgain(uid)) return;
  const likely = isVague && code === 'destination.message-refused' ? likelyFault(message.body) : undefined;
  if (code === 'destination.message-too-large') learnLimit(sending, message.bytes);
  recordRefused(sending, uid, likely ?? code, error);
  care.passed([uid]);
}

function halvesOf(batch: Batch): readonly Batch[] {
  const half = Math.ceil(batch.length / 2);
  return [batch.slice(0, half), batch.slice(half)];
}
