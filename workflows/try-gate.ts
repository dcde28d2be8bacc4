import { diagnoseToken, type CanaryEvidence, type RoundEvidence } from '../model/doctor.ts';
import { nextCanaries, type Gate } from '../model/gates.ts';
import type { MailboxRow, ProjectSettings, Side } from '../model/project.ts';
import { ask } from './ask.ts';

export interface TryOptions {
  /** Takes nothing from a cache: a token that was issued before a permission was given lacks it for its whole life. */
  readonly fresh: boolean;
  /** What the round has shown so far. */
  readonly told?: (round: RoundEvidence) => void;
}

/** One round at a gate: a token, and where that is worth trying, its next canaries at the same time. */
export async function tryGate(
  settings: ProjectSettings,
  gate: Gate,
  { fresh, told = () => undefined }: TryOptions,
): Promise<RoundEvidence> {
  const { side } = gate;
  const [row] = gate.candidates;
  const token = await ask(settings.timing, `Get an access token for the ${side}`).acquireToken({
    settings,
    ...(row && { row }),
    side,
    fresh,
  });
  const round = { token, canaries: [] };
  told(round);
  const { auth } = settings[side];
  if (auth.kind !== 'oauth2' || diagnoseToken(token, auth.scope) !== undefined) return round;
  const canaries: CanaryEvidence[] = [];
  await Promise.all(
    nextCanaries(gate).map(async (canary) => {
      canaries.push(await tryCanary(settings, side, canary, fresh));
      told({ token, canaries: [...canaries] });
    }),
  );
  return { token, canaries };
}

/** One mailbox logs in on one side. */
export async function tryCanary(
  settings: ProjectSettings,
  side: Side,
  row: MailboxRow,
  freshToken: boolean,
): Promise<CanaryEvidence> {
  const { user } = row[side];
  const canary = ask(settings.timing, `Canary: log in to the ${side} as ${user}`);
  const result = await canary.probeSide({ settings, row, side, freshToken });
  return { id: row.id, user, ...(!result.ok && { problem: result.problem }) };
}
