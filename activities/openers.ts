import type { TenantFinder } from '../entra/discovery.ts';
import type { TokenProvider } from '../entra/tokens.ts';
import type { SealBinding } from '../model/seal-binding.ts';
import type { Dependencies } from './dependencies.ts';
import type { Secrets } from './secrets.ts';

/** What opens secrets and gets tokens. */
export interface Openers {
  readonly openSecret: Dependencies['openSecret'];
  readonly tokens: TokenProvider;
  readonly tenants: TenantFinder;
  /** Learns every secret that is opened. */
  readonly secrets: Secrets;
}

/** What was sealed for this binding, in a function so that no object that is printed holds it. Rejects with a SealError. */
export async function opened(
  { openSecret, secrets }: Openers,
  binding: SealBinding | undefined,
  envelope: string,
): Promise<() => string> {
  if (binding === undefined) throw new Error('there is a secret where the way of logging in has none');
  const secret = secrets.keep(await openSecret(binding, envelope));
  return () => secret;
}
