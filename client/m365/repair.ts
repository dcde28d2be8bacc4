/** What the administrator of a tenant can paste to mend what a doctor has found: for the mailboxes concerned and no others. */
import type { CauseName } from '../../model/access-causes.ts';
import type { Diagnosis } from '../../model/doctor.ts';
import type { DoctorFinding } from '../../model/doctor-run.ts';
import {
  comparePrincipal,
  connectExchange,
  enableImap,
  findPrincipal,
  grantFullAccess,
  listMailboxes,
  registerPrincipal,
  verifyMailboxes,
} from '../../model/m365-commands.ts';

/** One block of commands, and what it is for. */
export interface RepairBlock {
  readonly title: string;
  readonly commands: readonly string[];
}

/** What PowerShell calls the national clouds, by the host of their IMAP server. */
const CLOUDS: Readonly<Record<string, { readonly exchange: string; readonly graph: string }>> = {
  'outlook.office365.us': { exchange: 'O365USGovGCCHigh', graph: 'USGov' },
  'outlook-dod.office365.us': { exchange: 'O365USGovDoD', graph: 'USGovDoD' },
  'partner.outlook.cn': { exchange: 'O365China', graph: 'China' },
};

/** Empty where nothing that the doctor found is mended by commands. `host` is the side's IMAP server. */
export function repairBlocks(
  { application, diagnosis, canaries }: DoctorFinding,
  project: string,
  host: string,
): readonly RepairBlock[] {
  if (application === undefined || diagnosis === undefined) return [];
  const users = refusedUsers(diagnosis, canaries);
  const causes = new Set(causesOf(diagnosis));
  if (users.length === 0 || causes.size === 0) return [];
  const cloud = CLOUDS[host.toLowerCase()];
  const connect = [...connectExchange(cloud?.exchange), ...findPrincipal(application.clientId)];
  const tenant = causes.has('objectId') || causes.has('principal');
  return [
    { title: 'Connect to the tenant, and find the application there', commands: connect },
    ...(tenant ? principalBlocks(project, cloud?.graph) : []),
    {
      title: 'See what these mailboxes lack',
      commands: [...listMailboxes(users), ...verifyMailboxes()],
    },
    { title: 'Where FullAccess is missing', commands: grantFullAccess() },
    { title: 'Where IMAP is disabled', commands: enableImap() },
  ];
}

function principalBlocks(project: string, environment: string | undefined): readonly RepairBlock[] {
  return [
    { title: 'Compare the two Object IDs: they must be the same', commands: comparePrincipal(environment) },
    { title: 'Where they are not: register the application anew', commands: registerPrincipal(`mailferry ${project}`) },
  ];
}

function refusedUsers(diagnosis: Diagnosis, canaries: DoctorFinding['canaries']): readonly string[] {
  const refused = diagnosis.kind === 'open' ? diagnosis.refused : canaries;
  return refused.flatMap(({ user, problem }) => (problem?.code === 'access.refused' ? [user] : []));
}

function causesOf(diagnosis: Diagnosis): readonly CauseName[] {
  if (diagnosis.kind === 'open') return diagnosis.refused.flatMap(({ causes }) => causes);
  return diagnosis.kind === 'unclear' ? [] : diagnosis.causes;
}
