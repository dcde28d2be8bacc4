import { MailboxPasses, type OnStep } from './mailbox-passes.ts';
import { MemorySession, type MemorySessionOptions } from './memory-session.ts';
import { MemoryMailbox } from './memory-server.ts';

export const MOVING = ['IMAP4REV1', 'UIDPLUS', 'UNSELECT', 'CHILDREN', 'CONDSTORE', 'ESEARCH', 'MOVE'];

/** Later than the mail of the tests. */
const NOW = Date.UTC(2026, 0, 1);

/** How the servers are. */
export interface PairingWorld {
  readonly source?: MemorySessionOptions;
  readonly destination?: MemorySessionOptions;
}

/** Passes over mailboxes in memory. */
export class MailboxHarness extends MailboxPasses<MemorySession, PairingWorld> {
  readonly source: MemoryMailbox;
  readonly destination: MemoryMailbox;

  constructor(source: MemoryMailbox, destination = new MemoryMailbox()) {
    super(
      async (world, onStep) => openBoth(source, destination, world ?? {}, onStep),
      () => NOW,
    );
    this.source = source;
    this.destination = destination;
  }

  /** The same state once more, so that a test can begin with it again and again. */
  clone(): MailboxHarness {
    const again = new MailboxHarness(this.source.clone(), this.destination.clone());
    again.folders = this.folders;
    return again;
  }
}

function openBoth(
  source: MemoryMailbox,
  destination: MemoryMailbox,
  world: PairingWorld,
  onStep: OnStep<MemorySession>,
): { readonly source: MemorySession; readonly destination: MemorySession } {
  const both = {
    source: new MemorySession(source, { ...world.source, onStep: (step) => onStep(`source ${step}`, both) }),
    destination: new MemorySession(destination, {
      capabilities: MOVING,
      ...world.destination,
      onStep: (step) => onStep(`destination ${step}`, both),
    }),
  };
  return both;
}
