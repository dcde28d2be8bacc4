/** Finds the proxy for a connection; undefined where it is made directly. Throws a ProxyFailed for one that cannot be used. */
export type ProxyFor = (target: URL) => URL | undefined;

/** A proxy did not make a connection. The message names it without its password. */
export class ProxyFailed extends Error {
  override readonly name = 'ProxyFailed';
}

export const DIRECTLY: ProxyFor = () => undefined;
