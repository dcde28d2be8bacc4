/** Round trips of imapflow's login that can be spared. Its table of commands is not among its types. */
import type { ImapFlow } from 'imapflow';

type Command = (client: ImapFlow, ...args: readonly unknown[]) => Promise<unknown>;

/** Of PLAIN: with a password, perhaps for somebody else. */
interface Plain {
  readonly loginMethod: 'AUTH=PLAIN';
  readonly password: string;
  readonly authzid?: string;
}

/** What the wire asks for afterwards, all at once. Commands that are not in the client's table are left out without a word. */
const ASKED_LATER = ['ID', 'NAMESPACE'];

/**
 * Replaces commands of the client: PLAIN carries its response where the server takes that (RFC 4959), and nothing is asked
 * that is asked once more after the login.
 */
export function spareRoundTrips(client: ImapFlow): void {
  const table: unknown = Reflect.get(client, 'commands');
  if (!(table instanceof Map)) return;
  const commands = new Map<string, Command>(table);
  for (const name of ASKED_LATER) commands.delete(name);
  replace(commands, 'CAPABILITY', untilLoggedIn);
  replace(commands, 'AUTHENTICATE', plainAtOnce);
  Reflect.set(client, 'commands', commands);
}

function replace(commands: Map<string, Command>, name: string, by: (original: Command) => Command): void {
  const original = commands.get(name);
  if (original !== undefined) commands.set(name, by(original));
}

function untilLoggedIn(ask: Command): Command {
  return (client) => (client.authenticated === false ? ask(client) : Promise.resolve(client.capabilities));
}

function plainAtOnce(authenticate: Command): Command {
  return (client, user, how) => {
    const isAtOnce = isPlain(how) && canExecute(client) && client.capabilities.has('SASL-IR');
    return authenticate(isAtOnce ? responding(client, plainResponse(String(user), how)) : client, user, how);
  };
}

function isPlain(how: unknown): how is Plain {
  return typeof how === 'object' && how !== null && Reflect.get(how, 'loginMethod') === 'AUTH=PLAIN';
}

function plainResponse(user: string, { password, authzid = '' }: Plain): string {
  return Buffer.from([authzid, user, password].join('\0')).toString('base64');
}

/** What the client's own commands call, and its types do not have. */
interface Executing extends ImapFlow {
  exec(command: string, args: readonly object[], options: object): Promise<unknown>;
}

function canExecute(client: ImapFlow): client is Executing {
  return typeof Reflect.get(client, 'exec') === 'function';
}

/** The client, but for the response, which goes out with the command; a server may ask for it all the same. */
function responding(client: Executing, response: string): ImapFlow {
  const exec: Executing['exec'] = (command, args, options) =>
    client.exec(command, [...args, { type: 'ATOM', value: response, sensitive: true }], options);
  return Object.create(client, { exec: { value: exec } });
}
