import type { AsideInput, AsideResult } from '../model/aside.ts';
import { ask } from './ask.ts';

/** Asks the source what messages that were put aside are. Writes nothing; mail itself never comes here. */
export async function asideWorkflow(input: AsideInput): Promise<AsideResult> {
  const count = input.folders.reduce((sum, { notes }) => sum + notes.length, 0);
  const summary = `Read the headers of ${count} messages put aside of ${input.row.id}`;
  return await ask(input.settings.timing, summary).describeAside(input);
}
