/** A program to be bundled: logs in with imapflow by the options in its argument, and reads the subject of a message. */
import Module from 'node:module';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';

interface Wish {
  readonly options: ImapFlowOptions;
  readonly folder: string;
}

/** Whether the file has been loaded that lies beside the bundle. */
function hasLoadedMore(): boolean {
  const cache: unknown = Reflect.get(Module, '_cache');
  return Object.keys(cache ?? {}).some((path) => path.includes('imapflow-seldom'));
}

const wish: Wish = JSON.parse(process.argv[2] ?? '');
const client = new ImapFlow({ ...wish.options, logger: false });
client.on('error', () => undefined);
try {
  await client.connect();
  const early = hasLoadedMore();
  await client.mailboxOpen(wish.folder);
  const message = await client.fetchOne('*', { envelope: true });
  const subject = message ? message.envelope?.subject : undefined;
  process.stdout.write(JSON.stringify({ early, subject, late: hasLoadedMore() }));
} catch (error) {
  const cause: unknown = error instanceof Error ? Reflect.get(error, '_err') : undefined;
  process.stdout.write(JSON.stringify({ cause: String(cause) }));
}
client.close();
