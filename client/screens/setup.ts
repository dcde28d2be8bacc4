import { applicationName, type TenantSetup } from '../m365/setup.ts';
import { setupSteps, type SetupStep } from '../m365/steps.ts';
import type { Screen } from '../printer.ts';
import type { Theme } from '../theme.ts';
import { countOf } from './format.ts';

const WIDTH = 100;

/** The steps of one side. */
export interface SetupReport {
  readonly project: string;
  readonly side: string;
  readonly application: string;
  readonly mailboxes: number;
  readonly script: string;
  readonly steps: readonly SetupStep[];
}

export function setupScreen(setup: TenantSetup): Screen<SetupReport> {
  const { project, side, file, mailboxes } = setup;
  return {
    data: {
      project,
      side,
      application: applicationName(setup),
      mailboxes: mailboxes.length,
      script: `mailferry setup m365 ${file} --side ${side} --format ps1 > mailferry-${project}-${side}.ps1`,
      steps: setupSteps(setup),
    },
    text: setupText,
  };
}

function setupText({ project, side, mailboxes, script, steps }: SetupReport, theme: Theme): string {
  return [
    `${theme.bold(`Microsoft 365 as the ${side} of ${project}`)}, ${mailboxes === 0 ? 'no list of mailboxes yet' : countOf(mailboxes, 'mailbox', 'mailboxes')}`,
    '',
    'For the administrator of the tenant: paste the commands step by step, or run them all as one script:',
    `  ${script}`,
    ...steps.flatMap((step, index) => stepLines(step, index + 1, theme)),
    '',
  ].join('\n');
}

function stepLines(
  { title, why, browser, beforehand, commands }: SetupStep,
  number: number,
  theme: Theme,
): readonly string[] {
  return [
    '',
    theme.bold(`${number}. ${title}`),
    ...why.flatMap((paragraph) => wrapped(paragraph)),
    ...(browser === undefined ? [] : wrapped(`In the browser: ${browser}`).map((line) => theme.dim(line))),
    ...(beforehand === undefined ? [] : [`   On mailferry’s machine: ${beforehand}`]),
    '',
    ...commands,
  ];
}

/** Lines of a width that reads well, none broken within a word. */
function wrapped(paragraph: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(`   ${line}`);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, `   ${line}`];
}
