import { cloudsOfTokenService, type Cloud } from '../model/clouds.ts';
import type { Problem } from '../model/mailbox.ts';

/** Where a tenant was asked for, and where its cloud has its token service. */
export interface OtherCloud {
  /** The tenant's ID, or a domain. */
  readonly tenant: string;
  /** Hosts of token services. */
  readonly asked: string;
  readonly host: string;
  /** Entra's `tenant_region_sub_scope`, where it says so. */
  readonly subScope?: string | undefined;
}

/** GCC High and DoD share their token service; what Entra says of the region tells them apart. */
const BY_SUB_SCOPE: Readonly<Partial<Record<string, Cloud>>> = { DODCON: 'gcc-high', DOD: 'dod' };

/** The tenant has another token service than the one that was asked, and so another mail server and scope. */
export function otherCloudProblem({ tenant, asked, host, subScope }: OtherCloud): Problem {
  const exact = subScope === undefined ? undefined : BY_SUB_SCOPE[subScope];
  const clouds = exact === undefined ? cloudsOfTokenService(host) : [exact];
  const named = clouds.map((cloud) => `\`cloud: ${cloud}\``).join(' or ');
  const mend = clouds.length === 0 ? 'correct `authority` and `scope`' : `the project file needs ${named}`;
  return {
    code: 'token.cloud',
    text: `The tenant ${tenant} is in another cloud: its token service is ${host}, not ${asked}; ${mend}`,
  };
}
