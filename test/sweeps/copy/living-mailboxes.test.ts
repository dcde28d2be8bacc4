import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LivingMailbox, subjectOf, type Action, type Incident, type Servers } from '../../support/living-mailbox.ts';
import { MOVING } from '../../support/mailbox-harness.ts';
import type { MemoryMailbox } from '../../support/memory-server.ts';

const RUNS = Number(process.env['MAILFERRY_FUZZ_RUNS'] ?? 40);
const SEED = Number(process.env['MAILFERRY_FUZZ_SEED'] ?? 20_261_121);

const NO_MOVE = MOVING.filter((capability) => capability !== 'MOVE');
const FAST = [...MOVING, 'LITERAL+', 'MULTIAPPEND'];
const FASTEST: Servers = { source: { modseqs: true }, destination: { capabilities: FAST } };
const KINDS: readonly (readonly [string, Servers])[] = [
  ['with UIDPLUS', FASTEST],
  ['without UIDPLUS', { destination: { capabilities: FAST, appendUid: false, copyUid: false } }],
  ['without MOVE', { source: { modseqs: true }, destination: { capabilities: NO_MOVE } }],
];

const few = nat(5);
const deliver: Arbitrary<Action> = record({ do: constant('deliver' as const), folder: few, twin: boolean() });
const place = { folder: few, message: few };
const onSource: readonly Arbitrary<Action>[] = [
  deliver,
  record({ do: constant('move' as const), side: constant('source' as const), ...place, to: few }),
  record({ do: constant('move' as const), side: constant('source' as const), ...place, to: few }),
  record({ do: constant('delete' as const), side: constant('source' as const), ...place }),
  record({
    do: constant('flag' as const),
    side: constant('source' as const),
    ...place,
    flag: constantFrom('\\Flagged', '$a'),
  }),
  record({ do: constant('rename' as const), folder: few }),
  record({ do: constant('new-folder' as const) }),
];
const onDestination: readonly Arbitrary<Action>[] = [
  record({ do: constant('move' as const), side: constant('destination' as const), ...place, to: few }),
  record({
    do: constant('flag' as const),
    side: constant('destination' as const),
    ...place,
    flag: constantFrom('\\Seen', '$b'),
  }),
];
const renumbering: Arbitrary<Action> = record({
  do: constant('renumber' as const),
  side: constantFrom('source' as const, 'destination' as const),
  folder: few,
});

interface Life {
  readonly before: readonly Action[];
  readonly passes: readonly { readonly incidents: readonly Incident[]; readonly actions: readonly Action[] }[];
}

function lifeOf(action: Arbitrary<Action>): Arbitrary<Life> {
  const incident: Arbitrary<Incident> = oneof(
    record({ at: nat(120), crash: constantFrom(0, 0, 1, 3, 1_000), actions: array(action, { maxLength: 2 }) }),
    record({ at: nat(120), outage: constant(true as const), actions: array(action, { maxLength: 2 }) }),
    record({ at: nat(120), actions: array(action, { minLength: 1, maxLength: 2 }) }),
  );
  return record({
    before: array(deliver, { minLength: 2, maxLength: 6 }),
    passes: array(record({ incidents: array(incident, { maxLength: 2 }), actions: array(action, { maxLength: 5 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
  });
}

function subjectsOf(mailbox: MemoryMailbox): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const folder of mailbox.folders.values()) {
    for (const { body } of folder.messages) counts.set(subjectOf(body), (counts.get(subjectOf(body)) ?? 0) + 1);
  }
  return counts;
}

async function live(life: Life, servers: Servers): Promise<LivingMailbox> {
  const mailbox = new LivingMailbox(servers);
  for (const action of life.before) mailbox.act(action);
  for (const { incidents, actions } of life.passes) {
    await mailbox.pass(incidents);
    for (const action of actions) mailbox.act(action);
  }
  for (let passes = 0; passes < 3; passes++) await mailbox.pass();
  return mailbox;
}

function canFollow({ destination }: Servers): boolean {
  return destination?.appendUid !== false && destination?.capabilities?.includes('MOVE') === true;
}

type Check = (mailbox: LivingMailbox) => void;

/** Of equal messages without copies that could follow nobody can tell which is new, and they are better there twice than not at all. */
function nothingIsDoubled({ stories, appended, destination, servers }: LivingMailbox): void {
  const there = subjectsOf(destination);
  for (const [subject, { born, deletedThere, movedThere }] of stories) {
    if (subject === 'twin' && (movedThere || !canFollow(servers))) continue;
    expect(appended.get(subject) ?? 0, `${subject} was sent too often`).toBeLessThanOrEqual(born);
    expect(there.get(subject) ?? 0, `${subject} is doubled`).toBeLessThanOrEqual(born - deletedThere);
  }
}

function nothingIsLost(mailbox: LivingMailbox): void {
  const { source, destination, stories, renumbered } = mailbox;
  const [here, there, aside] = [subjectsOf(source), subjectsOf(destination), mailbox.aside()];
  for (const [subject, count] of here) {
    const { deletedThere = 0, movedThere = false } = stories.get(subject) ?? {};
    // Where copies of equal messages have lost their places, one that comes later may be taken to be there.
    const least = movedThere || renumbered.size > 0 ? 1 : count;
    const known = (there.get(subject) ?? 0) + deletedThere + (aside.get(subject) ?? 0);
    expect(known, `${subject} is lost`).toBeGreaterThanOrEqual(least);
  }
}

function nothingIsAside(mailbox: LivingMailbox): void {
  expect([...mailbox.aside().keys()]).toEqual([]);
}

/** Where each message is, by its subject; of those that are there once. */
function placesOf(
  mailbox: MemoryMailbox,
): ReadonlyMap<string, { readonly folder: string; readonly flags: readonly string[] }> {
  const counts = subjectsOf(mailbox);
  return new Map(
    [...mailbox.folders].flatMap(([folder, { messages }]) =>
      messages.flatMap(({ body, flags }) => {
        const subject = subjectOf(body);
        return counts.get(subject) === 1 ? [[subject, { folder, flags: flags.toSorted() }] as const] : [];
      }),
    ),
  );
}

function copiesFollow({ source, destination, servers, stories }: LivingMailbox): void {
  if (!canFollow(servers)) return;
  const there = placesOf(destination);
  for (const [subject, { folder }] of placesOf(source)) {
    if (stories.get(subject)?.born === 1)
      expect(there.get(subject)?.folder, `${subject} has not followed`).toBe(folder);
  }
}

function flagsFollow({ source, destination, stories, servers }: LivingMailbox): void {
  if (!canFollow(servers)) return;
  const there = placesOf(destination);
  for (const [subject, { flags }] of placesOf(source)) {
    const story = stories.get(subject);
    const copy = there.get(subject);
    if (story?.born !== 1 || story.flaggedThere || story.movedThere || copy?.folder === undefined) continue;
    expect(copy.flags, `${subject} has other flags`).toEqual(flags);
  }
}

function sweep(actions: readonly Arbitrary<Action>[], servers: Servers, ...checks: readonly Check[]): Promise<void> {
  return assert(
    asyncProperty(lifeOf(oneof(...actions)), async (life) => {
      const mailbox = await live(life, servers);
      try {
        for (const check of checks) check(mailbox);
      } catch (error) {
        throw new Error(`${String(error)}\n${mailbox.log.join('\n')}`, { cause: error });
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
}

/** Each step of a copy of four messages, and some more. */
const STEPS = Array.from({ length: 70 }, (_, at) => at + 1);

describe('what was sent last, and changed before anybody could tell that it was sent', () => {
  const before: readonly Action[] = [0, 0, 0, 1].map((folder) => ({ do: 'deliver', folder, twin: false }));
  const CHANGES: readonly (readonly [string, Action])[] = [
    ['moved', { do: 'move', side: 'source', folder: 0, message: 1, to: 2 }],
    ['deleted', { do: 'delete', side: 'source', folder: 0, message: 1 }],
    ['flagged', { do: 'flag', side: 'source', folder: 0, message: 1, flag: '\\Flagged' }],
  ];
  const ENDS: readonly (readonly [string, Omit<Incident, 'at' | 'actions'>])[] = [
    ['a worker dies', { crash: 0 }],
    ['a worker dies and its heartbeats are lost', { crash: 1_000 }],
    ['connections are lost', { outage: true }],
  ];

  it.each(CHANGES.flatMap(([how, action]) => ENDS.map(([end, incident]) => [how, end, action, incident] as const)))(
    'is there once, as it is, when it is %s after %s at any step',
    async (_how, _end, action, incident) => {
      for (const at of STEPS) {
        const passes = [{ incidents: [{ at, ...incident, actions: [action] }], actions: [] }];
        const mailbox = await live({ before, passes }, FASTEST);
        for (const check of [nothingIsLost, nothingIsDoubled, nothingIsAside, copiesFollow, flagsFollow])
          check(mailbox);
      }
    },
  );
});

describe.each(KINDS)('a mailbox in use, %s', (_, servers) => {
  it('whose user works on the source has everything once', async () => {
    await sweep(onSource, servers, nothingIsLost, nothingIsDoubled, nothingIsAside, copiesFollow, flagsFollow);
  });

  it('whose user works on both sides has everything once', async () => {
    await sweep([...onSource, ...onDestination], servers, nothingIsLost, nothingIsDoubled, flagsFollow);
  });

  it('that is renumbered on either side has lost nothing', async () => {
    await sweep([...onSource, ...onDestination, renumbering], servers, nothingIsLost);
  });
});
