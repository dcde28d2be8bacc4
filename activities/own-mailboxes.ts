import { ageOf, momentOf, type Clock, type Moment } from './clock.ts';
import type { Portrait } from './portrait.ts';

/** What is behind an administrator's own login, or one for nobody: `none` when the server does not let it in. */
export type OwnMailbox = Portrait | 'none';

/** The administrators' own mailboxes that this worker has seen, so that each is logged in to once in a while and not for each row. */
export interface OwnMailboxes {
  /**
   * What was seen at most `maxAge` milliseconds ago, or what `look` sees now. Who asks while another looks waits for that.
   * Rejects as `look` does, which the next to ask then repeats.
   */
  readonly see: (key: string, maxAge: number, look: () => Promise<OwnMailbox>) => Promise<OwnMailbox>;
}

/** A refused login is not repeated for so long: servers lock out who fails often. */
const REFUSED_MS = 900_000;

interface Seen {
  readonly at: Moment;
  readonly mailbox: OwnMailbox;
}

export function createOwnMailboxes(clock: Clock): OwnMailboxes {
  const seen = new Map<string, Seen>();
  const looking = new Map<string, Promise<OwnMailbox>>();

  function known(key: string, maxAge: number): OwnMailbox | undefined {
    const found = seen.get(key);
    if (found === undefined) return undefined;
    const limit = found.mailbox === 'none' ? REFUSED_MS : maxAge;
    return ageOf(found.at, clock) <= limit ? found.mailbox : undefined;
  }

  async function lookNow(key: string, look: () => Promise<OwnMailbox>): Promise<OwnMailbox> {
    const at = momentOf(clock);
    const pending = look();
    looking.set(key, pending);
    try {
      const mailbox = await pending;
      seen.set(key, { at, mailbox });
      return mailbox;
    } finally {
      looking.delete(key);
    }
  }

  async function see(key: string, maxAge: number, look: () => Promise<OwnMailbox>): Promise<OwnMailbox> {
    for (;;) {
      const found = known(key, maxAge);
      if (found !== undefined) return found;
      const other = looking.get(key);
      if (other === undefined) return lookNow(key, look);
      // Whatever ends the look of another, such as its own cancellation, is not the end of this one.
      await other.catch(() => undefined);
    }
  }

  return { see };
}
