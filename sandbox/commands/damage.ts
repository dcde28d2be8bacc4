import type { Session } from '../session.ts';
import type { NumberedMessage } from '../store/view.ts';
import { Refused } from '../session.ts';
import { Disconnected } from '../wire/reader.ts';

/** How a server fails at a message that it cannot read, while it answers a FETCH of bodies. */
export type Damage =
  /** The connection ends. What was answered before is delivered, or lost with the process that had it ready. */
  | { readonly do: 'cut'; readonly loses?: boolean }
  /** Half of the body, then the end. */
  | { readonly do: 'cut-in-literal' }
  /** `* BYE text`, then the end. */
  | { readonly do: 'bye'; readonly text: string }
  /** Nothing more is answered. */
  | { readonly do: 'hang'; readonly loses?: boolean }
  /** The FETCH gets this tagged answer, where it comes to the message, or before it has answered anything. */
  | { readonly do: 'answer'; readonly text: string; readonly first?: boolean }
  /** This line in place of the message's response. */
  | { readonly do: 'say'; readonly line: string };

/** Lets the server fail at a message. Resolves where it goes on with the next one. */
export async function fail(session: Session, { sequence, message }: NumberedMessage, damage: Damage): Promise<void> {
  switch (damage.do) {
    case 'cut':
      if (damage.loses === true) throw lost(session);
      return session.cut({ reset: false });
    case 'cut-in-literal': {
      const head = `* ${sequence} FETCH (UID ${message.uid} FLAGS () INTERNALDATE "${message.internalDate}" BODY[] `;
      session.writer.write(Buffer.from(`${head}{${message.body.length}}\r\n`, 'latin1'));
      session.writer.write(message.body.subarray(0, message.body.length >>> 1));
      return session.cut({ reset: false });
    }
    case 'bye':
      return session.bye(damage.text);
    case 'hang':
      if (damage.loses !== true) await session.writer.flush();
      await session.ended;
      throw lost(session);
    case 'answer':
      throw new Refused(damage.text);
    case 'say':
      return session.respond(damage.line);
    default:
      return damage satisfies never;
  }
}

function lost(session: Session): Disconnected {
  session.destroy();
  return new Disconnected('The server has failed at a message');
}
