import { afterEach, describe, expect, it } from 'vitest';
import { DOVECOT_CAPABILITIES } from '../../../sandbox/capabilities.ts';
import type { SandboxOptions } from '../../../sandbox/server.ts';
import type { NewMessage } from '../../../sandbox/store/message.ts';
import { mail } from '../../support/memory-server.ts';
import { DESTINATIONS, FailureHarness } from '../../support/failure-harness.ts';

const AT = '17-Jul-2020 02:44:25 +0000';
/** Read as commands, these would show. */
const COMMANDS = [
  'x1 STORE 1:* +FLAGS.SILENT (\\Deleted)',
  'x2 EXPUNGE',
  'x3 DELETE Precious',
  'x4 RENAME INBOX Elsewhere',
  '* x5 LOGOUT',
].join('\r\n');

let world: FailureHarness | undefined;
afterEach(() => world?.close());

function numbered(count: number, change: (number: number) => Partial<NewMessage> = () => ({})): readonly NewMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    body: Buffer.from(mail(`number ${index + 1}.`, { text: COMMANDS }), 'latin1'),
    internalDate: AT,
    ...change(index + 1),
  }));
}

async function begin(messages: readonly NewMessage[], settings: SandboxOptions): Promise<[FailureHarness, string]> {
  world = await FailureHarness.start(messages, settings);
  return [world, world.newUser()];
}

/** No byte of a body was taken for a command. */
function expectNoStrangeCommands({ destination }: FailureHarness): void {
  const names = new Set(destination.journal.entries.map(({ command }) => command));
  for (const name of ['?', 'STORE', 'EXPUNGE', 'DELETE', 'RENAME']) expect(names).not.toContain(name);
}

describe.each(DESTINATIONS)('one message among many, on a server with %s', (_, capabilities) => {
  it.each([
    ['is too large', 'NO [TOOBIG] Too big', 'destination.message-too-large'],
    ['is refused in unknown words', 'NO I do not like it', 'destination.message-refused'],
    ['is answered with BAD', 'BAD Command Argument Error. 11', 'destination.message-refused'],
  ])('that %s is put aside, and the others are copied', async (__, text, code) => {
    const refuseMessage = (body: Buffer): string | undefined => (body.includes('number 33.') ? text : undefined);
    const [copy, user] = await begin(numbered(70), { capabilities, refuseMessage });
    const { aside, outcome } = await copy.copyAll(user);
    expect(outcome).toEqual({ kind: 'complete' });
    expect(aside).toEqual([expect.objectContaining({ uid: 33, code })]);
    expect(copy.copied(user)).toHaveLength(69);
    expect(copy.copied(user).some((content) => content.includes('number 33.'))).toBe(false);
    expectNoStrangeCommands(copy);
  });

  it('that makes the server drop the connection is found and put aside, within one attempt', async () => {
    const [copy, user] = await begin(numbered(70), { capabilities, refuseMessage: dropping(() => copy) });
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toEqual({ kind: 'complete' });
    expect(result?.aside).toEqual([expect.objectContaining({ uid: 33, code: 'destination.message-refused' })]);
    expect(copy.copied(user)).toHaveLength(69);
    expectNoStrangeCommands(copy);
  });

  it('that is on its way whenever connections are lost, eight times in a row, is not at fault therefore', async () => {
    let arrivals = 0;
    const refuseMessage = (): string | undefined => {
      arrivals += 1;
      return arrivals < 33 || arrivals > 40 ? undefined : cutAll(copy);
    };
    const [copy, user] = await begin(numbered(70), { capabilities, refuseMessage });
    const { result } = await copy.attempt(user);
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [] });
    expect(copy.copied(user)).toEqual(copy.expected());
  });

  it('all of which end the connection puts nothing aside, and ends', async () => {
    const [copy, user] = await begin(numbered(40), { capabilities, refuseMessage: () => cutAll(copy) });
    const { result } = await copy.attempt(user);
    expect(result).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'server.connection-lost' } } });
    expect(result?.aside).toEqual([]);
  });

  it('alone in its folder, with which the connection is lost, is put aside', async () => {
    const [copy, user] = await begin(numbered(1), { capabilities, refuseMessage: () => cutAll(copy) });
    const { result } = await copy.attempt(user);
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [{ uid: 1 }] });
  });

  it.each([33, 1, 70])('number %i to which the server says nothing is found and put aside', async (number) => {
    const [copy, user] = await begin(numbered(70), { capabilities, refuseMessage: silencing(() => copy, number) });
    const { result } = await copy.attempt(user, {}, { commandTimeout: SILENCE_MS });
    expect(result?.outcome).toEqual({ kind: 'complete' });
    expect(result?.aside).toEqual([expect.objectContaining({ uid: number, code: 'destination.message-refused' })]);
    expect(copy.copied(user)).toHaveLength(69);
    expectNoStrangeCommands(copy);
  });

  it('all of which meet silence puts nothing aside, and ends', async () => {
    const [copy, user] = await begin(numbered(20), { capabilities });
    const hang = { kind: 'command', command: 'APPEND', at: 'received', effect: { do: 'hang' } } as const;
    copy.destination.faults.add({ ...hang, times: 'always' });
    const { result } = await copy.attempt(user, {}, { commandTimeout: SILENCE_MS });
    expect(result).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'server.timeout' } }, aside: [] });
    copy.destination.faults.clear();
    await copy.copyAll(user, { task: { ...(result && { ledger: result.ledger }) } });
    expect(copy.copied(user)).toEqual(copy.expected());
  });

  it('alone in its folder, to which the server says nothing, is put aside', async () => {
    const [copy, user] = await begin(numbered(1), { capabilities, refuseMessage: silencing(() => copy, 1) });
    const { result } = await copy.attempt(user, {}, { commandTimeout: SILENCE_MS });
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, aside: [{ uid: 1 }] });
  });

  it('all of which are refused in unknown words puts few aside, and ends', async () => {
    const [copy, user] = await begin(numbered(40), { capabilities, refuseMessage: () => 'NO Not today' });
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toMatchObject({ kind: 'refused', problem: { code: 'server.refused' } });
    expect(result?.aside.length).toBeLessThanOrEqual(4);
  });

  it('that the server says it stored, and did not, is not taken for copied', async () => {
    const server = { lies: true };
    const refuseMessage = (body: Buffer): string | undefined =>
      server.lies && body.includes('number 9.') ? 'NO I do not like it' : undefined;
    const [copy, user] = await begin(numbered(20), { capabilities, refuseMessage });
    copy.destination.faults.add({
      kind: 'alter',
      command: 'APPEND',
      times: 'always',
      alter: (response) => Buffer.from(response.toString('latin1').replace(/^(\S+) NO /, '$1 OK '), 'latin1'),
    });
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toMatchObject({ kind: 'refused', problem: { code: 'server.protocol' } });
    server.lies = false;
    copy.destination.faults.clear();
    await copy.copyAll(user, { task: { ...(result && { ledger: result.ledger }) } });
    expect(copy.copied(user)).toEqual(copy.expected());
  });

  it.each([
    ['to wait', 'Request is throttled. Suggested Backoff Time: 5000 milliseconds', 'server.throttled'],
    ['for less mail', '[OVERQUOTA] Quota exceeded (mailbox for user is full)', 'destination.quota'],
  ])('at which the server asks %s is not at fault, be it NO or BAD', async (__, words, code) => {
    for (const status of ['NO', 'BAD']) {
      const refuseMessage = (body: Buffer): string | undefined =>
        body.includes('number 9.') ? `${status} ${words}` : undefined;
      const [copy, user] = await begin(numbered(20), { capabilities, refuseMessage });
      const { result } = await copy.attempt(user);
      expect(result).toMatchObject({ outcome: { kind: 'refused', problem: { code } }, aside: [] });
      await copy.close();
    }
  });

  it('beyond the quota ends the share without putting anything aside', async () => {
    const [copy, user] = await begin(numbered(40), { capabilities });
    const account = copy.destination.store.user(user);
    account.quota = { messages: 17 };
    const { result } = await copy.attempt(user);
    expect(result).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'destination.quota' } }, aside: [] });
    account.quota = {};
    await copy.copyAll(user, { task: { ...(result && { ledger: result.ledger }) } });
    expect(copy.copied(user)).toEqual(copy.expected());
  });

  it.each<readonly [string, Pick<NewMessage, 'flags' | 'internalDate'>]>([
    ['flags', { flags: ['\\Seen', '$Odd'] }],
    ['a date long ago', { internalDate: '01-Jan-0001 00:00:00 +0000' }],
    ['a date far away', { internalDate: '31-Dec-9999 23:59:59 +0000' }],
    ['a date to come', { internalDate: '01-Jan-2029 00:00:00 +0000' }],
    ['a zone that does not exist', { internalDate: '01-Jan-2020 00:00:00 +2359' }],
    ['a zone of odd minutes', { internalDate: '01-Jan-2020 00:00:00 +0059' }],
    ['a zone beyond the last one', { internalDate: '01-Jan-2020 00:00:00 -1330' }],
    ['a zone that hardly anybody lives in', { internalDate: '01-Jan-2020 00:00:00 -1200' }],
    ['a zone of quarters of an hour', { internalDate: '01-Jan-2020 00:00:00 +0545' }],
    ['a date of some years ago', { internalDate: '31-Dec-1989 23:59:59 +0000' }],
  ])('that has %s to which the server says BAD is put aside, and its body is not read', async (__, odd) => {
    const settings: SandboxOptions = {
      capabilities,
      dislikes: (flags, date) => flags.includes('$Odd') || (date !== undefined && date === odd.internalDate),
    };
    const messages = numbered(40, (number) =>
      number % 13 === 0 ? odd : number % 2 === 0 ? { flags: ['\\Seen'] } : {},
    );
    const [copy, user] = await begin(messages, settings);
    copy.destination.store.user(user).addFolder('Precious');
    const { aside } = await copy.copyAll(user);
    expect(aside.map(({ uid }) => uid)).toEqual([13, 26, 39]);
    expect(copy.copied(user)).toHaveLength(37);
    expect(copy.destination.store.user(user).findFolder('Precious')).toBeDefined();
    expectNoStrangeCommands(copy);
  });

  it('that is older than the oldest that the server takes is put aside, and no body is read as commands', async () => {
    const messages = numbered(40, (number) => ({
      internalDate: `${AT.slice(0, 7)}${number % 13 === 0 ? 1_989 - number / 13 : 1_990 + ((number * 7) % 30)} 02:44:25 +0${number % 4}00`,
    }));
    const [copy, user] = await begin(messages, {
      capabilities,
      dislikes: (___, date = '') => Number(date.slice(7, 11)) < 1990,
    });
    copy.destination.store.user(user).addFolder('Precious');
    const { aside, outcome } = await copy.copyAll(user);
    expect(outcome).toEqual({ kind: 'complete' });
    expect(aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual([13, 26, 39]);
    expect(copy.copied(user)).toHaveLength(37);
    expect(copy.destination.store.user(user).findFolder('Precious')).toBeDefined();
    expectNoStrangeCommands(copy);
  });

  it.each([
    ['NO', 'NO Not with these flags', false],
    ['BAD', 'BAD Not with these flags', false],
    ['NO, and hangs up,', 'NO Not with these flags', true],
    ['BAD, and hangs up,', 'BAD Not with these flags', true],
  ])(
    'whose flags meet %s once it was read is put aside, and no body is read as commands',
    async (__, text, hangsUp) => {
      const cut = { kind: 'command', command: 'APPEND', at: 'answered', effect: { do: 'cut' } } as const;
      const refuseMessage = (_body: Buffer, flags: readonly string[]): string | undefined => {
        if (!flags.includes('$Odd')) return undefined;
        if (hangsUp) copy.destination.faults.add(cut);
        return text;
      };
      const messages = numbered(40, (number) =>
        number % 13 === 0 ? { flags: ['\\Seen', '$Odd'] } : number % 2 === 0 ? { flags: ['\\Seen'] } : {},
      );
      const [copy, user] = await begin(messages, { capabilities, refuseMessage });
      copy.destination.store.user(user).addFolder('Precious');
      const { aside, outcome } = await copy.copyAll(user);
      expect(outcome).toEqual({ kind: 'complete' });
      expect(aside.map(({ uid }) => uid).toSorted((a, b) => a - b)).toEqual([13, 26, 39]);
      expect(copy.copied(user)).toHaveLength(37);
      expect(copy.destination.store.user(user).findFolder('Precious')).toBeDefined();
      expectNoStrangeCommands(copy);
    },
  );

  it.each(['APPENDLIMIT=2000', 'APPENDLIMIT'])('that is beyond %s is put aside without being sent', async (limit) => {
    const long = { body: Buffer.from(mail('long', { text: 'x'.repeat(2_000) })) };
    const [copy, user] = await begin(
      numbered(20, (number) => (number === 9 ? long : {})),
      { capabilities: [...capabilities, limit] },
    );
    if (limit === 'APPENDLIMIT') copy.destination.store.user(user).folder('INBOX').appendLimit = 2_000;
    const { result } = await copy.attempt(user);
    expect(result).toMatchObject({ outcome: { kind: 'complete' }, counts: { copied: 19, aside: 1 } });
    expect(result?.aside).toEqual([
      { uid: 9, code: 'destination.message-too-large', words: expect.stringContaining('APPENDLIMIT=2000') },
    ]);
    const answers = copy.destination.journal.entries.filter(
      ({ event, command }) => event === 'answered' && command === 'APPEND',
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['OK']));
  });

  it('of whatever date, where the server takes none, is not read either', async () => {
    const [copy, user] = await begin(numbered(30), { capabilities, dislikes: (___, date) => date !== undefined });
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toMatchObject({
      kind: 'refused',
      side: 'destination',
      problem: { code: 'server.refused' },
    });
    expect(copy.copied(user)).toEqual([]);
    expectNoStrangeCommands(copy);
  });

  it('to a folder whose name the server answers with BAD is not read either', async () => {
    const [copy, user] = await begin(numbered(30), { capabilities, dislikes: () => true });
    const { result } = await copy.attempt(user);
    expect(result?.outcome).toMatchObject({ kind: 'refused', side: 'destination' });
    expect(copy.copied(user)).toEqual([]);
    expectNoStrangeCommands(copy);
  });
});

/** Ends all connections of the destination when it has read a certain message, and does not store it. */
function dropping(copy: () => FailureHarness): (body: Buffer) => string | undefined {
  return (body) => (body.includes('number 33.') ? cutAll(copy()) : undefined);
}

/** Ends all connections of the destination; what is in hand is not stored. */
function cutAll({ destination }: FailureHarness): string {
  for (const connection of destination.connections()) connection.cut({ reset: true });
  return 'NO gone';
}

const SILENCE_MS = 1_000;

/** Neither stores nor answers a certain message, and says nothing more on its connection. */
function silencing(copy: () => FailureHarness, number: number): (body: Buffer) => undefined {
  return (body) => {
    if (!body.includes(`number ${number}.`)) return;
    copy().destination.faults.add({ kind: 'command', command: 'APPEND', at: 'received', effect: { do: 'hang' } });
  };
}

describe('a large message', () => {
  const SIZE = 150_000_000;
  const BUDGET = 4 << 20;

  it.each([
    ['MULTIAPPEND and LITERAL+', DOVECOT_CAPABILITIES],
    ['neither', DOVECOT_CAPABILITIES.filter((name) => !/LITERAL|MULTI/.test(name))],
  ])(
    'is passed through within the budget, to a server with %s',
    async (_, capabilities) => {
      const large = Buffer.concat([Buffer.from(mail('large')), Buffer.alloc(SIZE, 'line\r\n')]);
      const [copy, user] = await begin([...numbered(5), { body: large, internalDate: AT }, ...numbered(5)], {
        capabilities,
      });
      let most = 0;
      const limits = {
        connectionsPerMailbox: 1,
        connectionsPerEndpoint: 1,
        messagesPerShare: 100,
        millisecondsPerShare: 600_000,
        memoryBytes: BUDGET,
      };
      const { counts } = await copy.copyAll(user, {
        task: { limits },
        first: { onHeld: (bytes) => (most = Math.max(most, bytes)) },
      });
      expect(counts.copied).toBe(11);
      const sent = copy.destination.store
        .user(user)
        .folder('INBOX')
        .messages.find(({ body }) => body.length > SIZE);
      expect(sent?.body.equals(large)).toBe(true);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(BUDGET + 128 * 1024);
    },
    60_000,
  );
});
