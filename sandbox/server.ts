import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Connection } from './connection.ts';
import { Faults } from './faults/faults.ts';
import { Journal } from './journal.ts';
import type { ServerContext } from './session.ts';
import { completeSettings, type PartialSettings, type TlsSettings } from './settings.ts';
import { Store } from './store/store.ts';
import type { UserOptions } from './store/user.ts';

export interface SandboxOptions extends PartialSettings {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, the kernel chooses. */
  readonly port?: number;
  /** The mail to show; default: an empty store. It outlives the server. */
  readonly store?: Store;
  readonly users?: readonly UserOptions[];
  /** Milliseconds since 1970; default: the system's clock. */
  readonly now?: () => number;
}

/** One client that is connected. */
export interface LiveConnection {
  /** Counts the server's connections from 1, as in the journal. */
  readonly id: number;
  readonly user: string | undefined;
  readonly administrator: string | undefined;
  readonly secure: boolean;
  /** The selected folder's name on the wire. */
  readonly folder: string | undefined;
  /** Ends the connection at once, whatever it is doing. */
  cut(options?: { readonly reset?: boolean }): void;
  /** Sends `* BYE text` and ends the connection. */
  bye(text: string): void;
  /** Sends lines nobody asked for, each with CRLF. */
  send(...lines: readonly string[]): Promise<void>;
}

/** A running IMAP server, with the means to look into it and to make it fail. */
export interface Sandbox {
  readonly host: string;
  readonly port: number;
  readonly store: Store;
  readonly faults: Faults;
  readonly journal: Journal;
  /** The clients that are connected now: all, or those that have this user's store open. */
  connections(user?: string): readonly LiveConnection[];
  /**
   * Ends all connections and stops listening. The store stays. Throws what went wrong within the sandbox itself, so that
   * no test passes on a broken server.
   */
  close(): Promise<void>;
}

/**
 * Starts an IMAP4rev1 server (RFC 3501) in this process. Rejects if it cannot listen.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, store: givenStore, users = [], now = Date.now, ...settings } = options;
  const store = givenStore ?? new Store({ now });
  for (const user of users) store.addUser(user);
  const running = new RunningSandbox(completeSettings(settings), store, now);
  await running.listen(host, port);
  return running;
}

class RunningSandbox implements Sandbox {
  readonly store: Store;
  readonly faults: Faults;
  readonly journal: Journal;
  host = '';
  port = 0;
  readonly #server: Server;
  readonly #context: ServerContext;
  readonly #secureContext: SecureContext | undefined;
  readonly #open = new Set<Connection>();
  readonly #serving = new Set<Promise<void>>();
  readonly #mistakes: unknown[] = [];
  #connectionCount = 0;

  constructor(settings: ReturnType<typeof completeSettings>, store: Store, now: () => number) {
    this.store = store;
    this.journal = new Journal(now);
    this.faults = new Faults({ now, onChange: () => this.#applyLimits() });
    this.#secureContext = secureContextOf(settings.tls);
    this.#context = {
      settings,
      store,
      faults: this.faults,
      journal: this.journal,
      connectionsOf: (user) => this.connections(user).length,
    };
    // A client may close its sending side and still read the answers to what it sent.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.host = host;
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new Error('The sandbox server does not listen on a port');
    this.port = address.port;
  }

  connections(user?: string): readonly LiveConnection[] {
    return [...this.#open]
      .filter(({ session }) => user === undefined || session.account?.name.toLowerCase() === user.toLowerCase())
      .map(liveConnection);
  }

  async close(): Promise<void> {
    this.faults.clear();
    this.journal.close();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const { session } of this.#open) session.destroy();
    await Promise.all(this.#serving);
    await closed;
    if (this.#mistakes.length > 0) throw new AggregateError(this.#mistakes, 'The sandbox server itself failed');
  }

  #accept(socket: Socket): void {
    this.#connectionCount += 1;
    const connection = new Connection(this.#connectionCount, socket, this.#context, this.#secureContext);
    this.#open.add(connection);
    const serving = connection
      .serve()
      .catch((error: unknown) => {
        this.#mistakes.push(error);
      })
      .finally(() => {
        this.#open.delete(connection);
        this.#serving.delete(serving);
        // Only now, so that whoever waits for this entry finds the connection gone.
        connection.session.note({ event: 'closed' });
      });
    this.#serving.add(serving);
  }

  #applyLimits(): void {
    for (const { session } of this.#open) session.applyLimits();
  }
}

function secureContextOf(tls: TlsSettings): SecureContext | undefined {
  return tls.mode === 'none' ? undefined : createSecureContext({ cert: tls.cert, key: tls.key });
}

function liveConnection({ session }: Connection): LiveConnection {
  return {
    id: session.id,
    user: session.account?.name,
    administrator: session.administrator,
    secure: session.secure,
    folder: session.selectedFolder,
    cut: ({ reset = false } = {}) => {
      session.note({ event: 'fault', detail: reset ? 'reset' : 'cut' });
      session.hangUp(reset);
    },
    bye: (text) => {
      session.note({ event: 'fault', detail: 'bye' });
      session.end(text);
    },
    send: (...lines) => session.sendLines(lines),
  };
}
