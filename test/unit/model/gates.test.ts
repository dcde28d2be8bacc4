import { array, assert, boolean, integer, property, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CanaryEvidence, RoundEvidence, TokenEvidence } from '../../../model/doctor.ts';
import {
  CANARIES,
  afterRound,
  closedGates,
  gatesWith,
  isBehind,
  mayBegin,
  mendedGates,
  nextCanaries,
  type Gate,
} from '../../../model/gates.ts';
import { gateSentence } from '../../../model/gate-view.ts';
import type { EndpointAuth, MailboxRow, ProjectSettings } from '../../../model/project.ts';
import { mailboxRow, projectSettings, QUICK } from '../../support/projects.ts';

const SCOPE = 'https://outlook.office365.com/.default';
const TIMING = { ...QUICK, accessBackoff: [60_000, 120_000, 300_000], accessGrace: 3_600_000, troubleBackoff: [5_000] };
const TOKEN: TokenEvidence = { ok: true, expiresAt: 0, audience: '', roles: [] };
const AUTH: EndpointAuth = {
  kind: 'oauth2',
  tenant: 'contoso.example',
  app: { clientId: 'app', credential: { kind: 'secret', secret: 'sealed' } },
  authority: 'https://127.0.0.1',
  scope: SCOPE,
};

function settings(): ProjectSettings {
  const plain = projectSettings('gates');
  return { ...plain, source: { ...plain.source, auth: AUTH } };
}

function rows(count: number): readonly MailboxRow[] {
  return Array.from({ length: count }, (_, at) => mailboxRow(`user${at}`));
}

function onlyGate(gates: readonly Gate[]): Gate {
  const [gate] = gates;
  if (gate === undefined || gates.length !== 1) throw new Error(`${gates.length} gates instead of one`);
  return gate;
}

function gateOf(count: number): Gate {
  return onlyGate(gatesWith([], settings(), rows(count)));
}

/** What a round of the next canaries shows where `bad` are refused. */
function knock(gate: Gate, bad: ReadonlySet<string>): RoundEvidence {
  const canaries = nextCanaries(gate).map(({ id, source: { user } }): CanaryEvidence =>
    bad.has(id) ? { id, user, problem: { code: 'access.refused', text: 'no' } } : { id, user },
  );
  return { token: TOKEN, canaries };
}

function after(gate: Gate, bad: ReadonlySet<string>, now = 0): Gate {
  return afterRound(gate, knock(gate, bad), SCOPE, TIMING, now);
}

const ALL: ReadonlySet<string> = new Set(rows(100).map(({ id }) => id));

describe('a gate', () => {
  test('stands before the mailboxes of each side that an application opens, and before no others', () => {
    expect(gatesWith([], projectSettings('plain'), rows(3))).toEqual([]);
    const gate = gateOf(3);
    expect(gate).toMatchObject({ key: 'source', mailboxes: 3, open: false, application: { clientId: 'app' } });
    expect(isBehind(new Set(['source']), settings(), mailboxRow('anna'))).toBe(true);
    expect(isBehind(new Set(['destination']), settings(), mailboxRow('anna'))).toBe(false);
  });

  test('lets at most three try in a round', () => {
    assert(
      property(integer({ min: 1, max: 2_000 }), (count) => {
        const canaries = nextCanaries(gateOf(count));
        expect(canaries).toHaveLength(Math.min(count, CANARIES));
        expect(new Set(canaries.map(({ id }) => id)).size).toBe(canaries.length);
      }),
      { numRuns: 30 },
    );
  });

  test('three bad rows neither keep it closed nor blame the tenant', () => {
    const some = rows(40).map(({ id }) => id);
    assert(
      property(shuffledSubarray(some, { minLength: 0, maxLength: 3 }), integer({ min: 4, max: 40 }), (bad, count) => {
        const refused = new Set(bad);
        let gate = gateOf(count);
        for (let round = 0; round < 2 && !gate.open; round += 1) {
          gate = after(gate, refused);
          expect(gate.diagnosis?.kind).not.toBe('tenant');
        }
        expect(gate.open).toBe(true);
      }),
    );
  });

  test('each round tries mailboxes that were not tried before, until all candidates were', () => {
    assert(
      property(integer({ min: 1, max: 300 }), (count) => {
        let gate = gateOf(count);
        const seen = new Set<string>();
        const { candidates } = gate;
        while (seen.size < candidates.length) {
          for (const { id } of nextCanaries(gate)) {
            expect(seen.has(id)).toBe(false);
            seen.add(id);
          }
          gate = after(gate, new Set(candidates.map(({ id }) => id)));
        }
        expect(nextCanaries(gate).length).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });

  test('opens whenever a canary is in, and only then; nobody else may begin before', () => {
    assert(
      property(array(array(boolean(), { minLength: 1, maxLength: 3 }), { maxLength: 12 }), (story) => {
        let gate = gateOf(200);
        for (const round of story) {
          if (gate.open) break;
          const bad = new Set(nextCanaries(gate).flatMap(({ id }, at) => (round[at] === true ? [] : [id])));
          const expected = nextCanaries(gate).some(({ id }) => !bad.has(id));
          gate = after(gate, bad);
          expect(gate.open).toBe(expected);
          expect(mayBegin([gate])).toBe(expected);
        }
      }),
    );
  });

  test('spreads its candidates over all mailboxes, however they come in', () => {
    const all = rows(1_000);
    const [first, second] = [all.slice(0, 300), all.slice(300)];
    const gate = onlyGate(gatesWith(gatesWith([], settings(), first), settings(), second));
    expect(gate.mailboxes).toBe(1_000);
    expect(gate.candidates.length).toBeGreaterThan(14);
    expect(gate.candidates.length).toBeLessThan(31);
    const places = gate.candidates.map(({ id }) => all.findIndex((row) => row.id === id));
    expect(Math.max(...places)).toBeGreaterThan(900);
    expect(new Set(places.map((place, at) => place - (places[at - 1] ?? place - gate.stride)))).toEqual(
      new Set([gate.stride]),
    );
  });

  test('backs off, is young until the grace time is over, and then names the tenant at its last back-off', () => {
    let gate = after(gateOf(100), ALL, 0);
    expect(gate).toMatchObject({ rounds: 1, nextAt: 60_000, refusedSince: 0, diagnosis: { kind: 'propagation' } });
    gate = after(gate, ALL, 60_000);
    expect(gate).toMatchObject({ rounds: 2, nextAt: 180_000 });
    expect(gateSentence(gate)).toBe('source: refused 2 times in 1 minute, permissions young, next try 00:03:00 UTC');
    gate = after(gate, ALL, 3_600_000);
    expect(gate).toMatchObject({ rounds: 3, nextAt: 3_900_000, diagnosis: { kind: 'tenant' } });
    expect(gateSentence(gate)).toBe('source: needs attention: refused 3 times in 60 minutes, next try 01:05:00 UTC');
  });

  test('keeps its count of refusals while a server is away, and obeys the wait that it asks for', () => {
    const gate = after(gateOf(100), ALL, 0);
    const token: TokenEvidence = { ok: false, problem: { code: 'server.throttled', text: 'later', waitMs: 77_000 } };
    const away = afterRound(gate, { token, canaries: [] }, SCOPE, TIMING, 1_000);
    expect(away).toMatchObject({
      rounds: 1,
      unclear: 1,
      refusedSince: 0,
      nextAt: 78_000,
      diagnosis: { kind: 'unclear' },
    });
    expect(nextCanaries(away)).toEqual(nextCanaries(gate));
  });

  test('once open stays open when mailboxes are added, and begins anew when the project is mended while it is closed', () => {
    const open = after(gateOf(3), new Set());
    expect(open).toMatchObject({ open: true, candidates: [] });
    expect(onlyGate(gatesWith([open], settings(), rows(5)))).toMatchObject({
      open: true,
      mailboxes: 8,
      candidates: [],
    });
    const closed = after(gateOf(3), ALL);
    const mended = onlyGate(
      mendedGates([closed], settings(), { rows: [{ ...mailboxRow('user1'), id: 'user1' }], removed: ['user0'] }),
    );
    expect(mended).toMatchObject({ rounds: 0, tried: [] });
    expect(mended.candidates.map(({ id }) => id)).toEqual(['user1', 'user2']);
    expect(closedGates([open, mended])).toEqual([mended]);
  });

  test('with nobody left to try opens: there is nothing to protect', () => {
    const gate = onlyGate(mendedGates([gateOf(1)], settings(), { removed: ['user0'] }));
    expect(after(gate, ALL)).toMatchObject({ open: true });
  });
});
