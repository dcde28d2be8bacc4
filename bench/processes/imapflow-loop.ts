/** What most scripts do: fetch one message with imapflow, append it, fetch the next. */
import { ImapFlow } from 'imapflow';
import { readJob, type Account } from './job.ts';

async function open({ port, user, password }: Account): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
  });
  client.on('error', (error: Error) => {
    throw error;
  });
  await client.connect();
  return client;
}

const job = await readJob();
const [source, destination] = await Promise.all([open(job.source), open(job.destination)]);
for (const folder of job.folders) {
  if (folder !== 'INBOX') await destination.mailboxCreate(folder);
  await source.mailboxOpen(folder, { readOnly: true });
  await destination.mailboxOpen(folder);
  const uids = await source.search({ all: true }, { uid: true });
  if (!uids) throw new Error(`${folder} cannot be listed`);
  for (const uid of uids) {
    const message = await source.fetchOne(
      String(uid),
      { source: true, flags: true, internalDate: true },
      { uid: true },
    );
    if (!message || message.source === undefined) throw new Error(`message ${uid} of ${folder} did not come`);
    const flags = [...(message.flags ?? [])].filter((flag) => flag !== '\\Recent');
    const appended = await destination.append(folder, message.source, flags, message.internalDate);
    if (!appended) throw new Error(`message ${uid} of ${folder} was refused`);
  }
}
await Promise.all([source.logout(), destination.logout()]);
