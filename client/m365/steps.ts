/** The set-up of one tenant as steps that a person follows: what is done, why, in the browser, and as commands to paste. */
import * as blocks from './blocks.ts';
import type { Cloud } from '../../model/clouds.ts';
import { applicationName, fileStem, type TenantSetup } from './setup.ts';

export interface SetupStep {
  readonly title: string;
  /** Sentences, one paragraph each. */
  readonly why: readonly string[];
  /** The same by hand, where a browser can do it. */
  readonly browser?: string;
  /** On mailferry's machine, before the commands. */
  readonly beforehand?: string;
  /** Lines to paste. */
  readonly commands: readonly string[];
}

const ADMIN_CENTER: Readonly<Record<Cloud, string>> = {
  global: 'https://entra.microsoft.com',
  china: 'https://portal.azure.cn',
  'gcc-high': 'https://entra.microsoft.us',
  dod: 'https://entra.microsoft.us',
};

/** The steps in their order. The last one is for the end of the migration. */
export function setupSteps(setup: TenantSetup): readonly SetupStep[] {
  return [
    {
      title: 'Sign in',
      why: [
        'PowerShell 7 or Windows PowerShell 5.1, as an administrator of the tenant (Application Administrator with Privileged Role ' +
          'Administrator, or Global Administrator; and Exchange Administrator). One window for all steps: each uses what those before it found.',
      ],
      commands: lines(`${blocks.connect(setup)}\n${blocks.findApplication(setup)}`),
    },
    listStep(setup),
    {
      title: 'Register the application',
      why: [
        'It signs in as itself, without any user. Nobody outside this tenant can use it, and it needs no redirect URI.',
      ],
      browser:
        `${ADMIN_CENTER[setup.cloud]} > App registrations > New registration: name "${applicationName(setup)}", ` +
        'accounts in this organizational directory only.',
      commands: lines(blocks.register(setup)),
    },
    {
      title: 'Permit IMAP, and consent',
      why: [
        'The application permission IMAP.AccessAsApp of Office 365 Exchange Online. Not the delegated IMAP.AccessAsUser.All, ' +
          'which asks each user to sign in. On its own it opens no mailbox yet.',
      ],
      browser:
        'API permissions > Add a permission > APIs my organization uses > Office 365 Exchange Online > Application permissions > ' +
        'IMAP.AccessAsApp; then Grant admin consent.',
      commands: lines(blocks.permit()),
    },
    credentialStep(setup),
    {
      title: 'Make the application known to Exchange',
      why: [
        'Exchange wants the Object ID of the enterprise application. The app registration has another Object ID, which looks alike and is refused; ' +
          'the commands take the right one, and replace a wrong entry.',
      ],
      browser: `To compare: Enterprise applications > ${applicationName(setup)} > Object ID.`,
      commands: lines(blocks.registerInExchange()),
    },
    openStep(setup),
    {
      title: 'Verify',
      why: [
        'Consent and permissions take from minutes to about an hour until every server knows them; mailferry waits for that by itself.',
      ],
      commands: lines(blocks.verify()),
    },
    valuesStep(setup),
    removeStep(setup),
  ];
}

function lines(commands: string): readonly string[] {
  return commands.split('\n');
}

function listStep(setup: TenantSetup): SetupStep {
  const { mailboxes, csv } = setup;
  return {
    title: 'List the mailboxes',
    why: [
      mailboxes.length === 0
        ? `All user and shared mailboxes, in the form of the project's list ${csv.file}. Delete the rows that stay.`
        : `The project has its list already (${mailboxes.length}). This makes one of all user and shared mailboxes, and overwrites nothing.`,
      'The second command lists online archives. IMAP cannot see them: what is in there is not covered by the migration, and has to be moved ' +
        'back into the mailbox first, or exported.',
      'Nor can IMAP see public folders.',
    ],
    commands: lines(`${blocks.listMailboxes(setup)}\n${blocks.listArchives(setup)}`),
  };
}

function credentialStep(setup: TenantSetup): SetupStep {
  const { credential } = setup;
  if (credential.kind === 'certificate') {
    return {
      title: 'Register the certificate',
      why: ['Its public part, as the project file names it. The private key stays on the machine of the worker.'],
      browser: 'App registrations > Certificates & secrets > Certificates > Upload certificate.',
      commands: lines(blocks.addCertificate(credential.base64)),
    };
  }
  return {
    title: 'Make a client secret',
    why: [
      `It is valid for ${blocks.SECRET_DAYS} days. mailferry needs its value, not its Secret ID; it can be seen only now. ` +
        `The project file expects it ${credential.kept}.`,
    ],
    browser: 'App registrations > Certificates & secrets > New client secret; copy the column Value at once.',
    commands: lines(blocks.makeSecret(setup)),
  };
}

function openStep(setup: TenantSetup): SetupStep {
  const { file, side } = setup;
  const addresses = blocks.mailboxFile(setup);
  return {
    title: 'Open the mailboxes',
    why: [
      'FullAccess for the application, and IMAP switched on. Shared mailboxes work without a licence. ' +
        `Where IMAP was off before is written down in ${fileStem(setup)}-imap-was-off.csv for the last step.`,
      ...(blocks.isLong(setup)
        ? [`${addresses} has the addresses alone, without passwords; mailferry writes it.`]
        : []),
    ],
    ...(blocks.isLong(setup) && {
      beforehand: `mailferry setup m365 ${file} --side ${side} --format csv > ${addresses}`,
    }),
    commands: lines(`${blocks.mailboxList(setup, false)}\n${blocks.openMailboxes(setup)}`),
  };
}

function valuesStep({ file, side }: TenantSetup): SetupStep {
  return {
    title: 'Tell mailferry',
    why: [
      `Both values belong into ${file}, under ${side}.authentication; \`mailferry doctor ${file}\` then tells whether all is well.`,
    ],
    commands: lines(blocks.tellValues()),
  };
}

function removeStep(setup: TenantSetup): SetupStep {
  return {
    title: 'At the end of the migration: take everything away again',
    why: [
      'FullAccess, IMAP where it was off before, the entry in Exchange, and the application with its secrets. In a new window, repeat step 1 first.',
    ],
    commands: lines(`${blocks.mailboxList(setup, false)}\n${blocks.remove(setup)}`),
  };
}
