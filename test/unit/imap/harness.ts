import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { isImapRefusal } from '../../../imap/refusal.ts';
import { classify } from '../../../imap/refusals.ts';
import { Session } from '../../../imap/session.ts';
import type { Appended, AppendMessage, ImapRefusal, ImapSession } from '../../../imap/types.ts';
import { Wire } from '../../../imap/wire.ts';
import type { WireOptions } from '../../../imap/wire.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import type { ScriptedServer, Step } from '../../support/scripted-server.ts';

export interface Scene {
  readonly server: ScriptedServer;
  readonly socket: Socket;
  readonly wire: Wire;
  readonly session: Session;
}

/** A session, already logged in, with a server that plays this script. */
export async function stage(
  script: readonly Step[],
  options: Partial<WireOptions> & {
    readonly foreign?: readonly string[];
    readonly capabilities?: readonly string[];
    readonly root?: string;
  } = {},
): Promise<Scene> {
  const { foreign = [], capabilities: announced = [], root, ...rest } = options;
  const server = await startScriptedServer(script);
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  const wire = new Wire(
    { readSocket: socket, writeSocket: socket },
    {
      peer: 'imap.test:143',
      commandTimeout: 2_000,
      classify: (refusal) => classify({ ...refusal, side: 'destination', login: 'password' }),
      ...rest,
    },
  );
  onTestFinished(async () => {
    wire.destroy(new Error('the test has ended'));
    await server.close();
  });
  const capabilities = new Set(['IMAP4REV1', 'SPECIAL-USE', 'LIST-EXTENDED', ...announced]);
  const place = { prefix: '', delimiter: '/', foreign, root };
  const session = new Session(wire, { peer: 'imap.test:143', capabilities, ...place });
  return { server, socket, wire, session };
}

/** What a promise was rejected with. */
export async function refusalOf(promise: Promise<unknown>): Promise<ImapRefusal> {
  const error = await rejectionOf(promise);
  if (!isImapRefusal(error)) throw new Error(`rejected with ${String(error)}`, { cause: error });
  return error;
}

export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}

export async function collect<Row>(rows: AsyncIterable<Row>): Promise<readonly Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

export function message(text: string, flags: readonly string[] = []): AppendMessage {
  const body = Buffer.from(text, 'latin1');
  return { flags, internalDate: '17-Jul-1996 02:44:25 -0700', body: [body], bytes: body.length };
}

/** Appends one message. */
export async function appendOne(
  session: ImapSession,
  name: string,
  one: AppendMessage,
  mayCommit: () => void,
): Promise<Appended> {
  return (await session.append(name, [one], mayCommit))[0] ?? {};
}

export const always = (): void => undefined;
