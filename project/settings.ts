/** The file's names for settings, turned into the model's. */
import { describeList } from './csv/read.ts';
import type { ProjectFile } from './schema.ts';
import type { MailboxList, OpenEndpoint, OpenSettings } from './types.ts';

export function settingsOf(
  given: ProjectFile,
  source: OpenEndpoint,
  destination: OpenEndpoint,
  list: MailboxList | undefined,
): OpenSettings {
  const { limits, timing } = given;
  return {
    name: given.name,
    ...(list !== undefined && { list: describeList(list) }),
    source,
    destination,
    prestageOlderThanDays: given.prestage.olderThan,
    folders: given.folders,
    limits: {
      connectionsPerMailbox: limits.connectionsPerMailbox,
      connectionsPerEndpoint: limits.connectionsPerEndpoint,
      messagesPerShare: limits.messagesPerShare,
      millisecondsPerShare: limits.timePerShare,
      memoryBytes: limits.memory,
    },
    timing: {
      accessBackoff: timing.accessBackoff,
      accessGrace: timing.accessGrace,
      deltaInterval: given.delta.every,
      tailInterval: given.tail.every,
      tailQuiet: given.tail.quietFor,
      heartbeatTimeout: timing.heartbeat,
      commandTimeout: timing.commandTimeout,
      troubleBackoff: timing.troubleBackoff,
    },
  };
}
