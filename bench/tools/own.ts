import type { ProcessName } from '../build.ts';
import type { Tool } from './tool.ts';

/** The tools that are part of this checkout. */
export const mailferry = own('mailferry', 'engine');
export const limit = own('limit', 'limit');
export const imapflowLoop = own('imapflow-loop', 'imapflow-loop');

function own(name: string, process: ProcessName): Tool {
  return {
    name,
    missing: () => undefined,
    appliesTo: () => true,
    program: ({ build, job }) => Promise.resolve(build.program(process, job)),
  };
}
