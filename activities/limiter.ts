/** So many connections to one endpoint; `limit` is what the project allows one worker to have there. */
export interface Demand {
  readonly endpoint: string;
  readonly connections: number;
  readonly limit: number;
}

/** Connections of this worker, counted by endpoint, over all mailboxes and projects. */
export interface Limiter {
  /**
   * Waits until all demands can be met at once and takes them; the result gives them back, and may be called twice. Who came
   * first is served first at each endpoint. Rejects with the reason of `signal` when that is aborted first.
   */
  readonly take: (demands: readonly Demand[], signal: AbortSignal) => Promise<() => void>;
  /** Connections taken at an endpoint. */
  readonly inUse: (endpoint: string) => number;
}

interface Waiter {
  readonly demands: readonly Demand[];
  readonly grant: () => void;
}

/**
 * All or nothing, so that two copies that need the same two endpoints never wait for each other. A waiter that cannot be
 * served yet keeps its endpoints for itself against all who came later, so nobody starves.
 */
export function createLimiter(): Limiter {
  const inUse = new Map<string, number>();
  const queue: Waiter[] = [];

  function fits({ endpoint, connections, limit }: Demand): boolean {
    // What needs more than the limit by itself runs alone rather than never.
    return (inUse.get(endpoint) ?? 0) + connections <= Math.max(limit, connections);
  }

  function add(demands: readonly Demand[], sign: 1 | -1): void {
    for (const { endpoint, connections } of demands) {
      const count = (inUse.get(endpoint) ?? 0) + sign * connections;
      if (count === 0) inUse.delete(endpoint);
      else inUse.set(endpoint, count);
    }
  }

  function serve(): void {
    const kept = new Set<string>();
    for (const waiter of queue.slice()) {
      const { demands } = waiter;
      if (demands.every((demand) => !kept.has(demand.endpoint) && fits(demand))) {
        queue.splice(queue.indexOf(waiter), 1);
        add(demands, 1);
        waiter.grant();
      } else {
        for (const { endpoint } of demands) kept.add(endpoint);
      }
    }
  }

  function takeBack(demands: readonly Demand[]): () => void {
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      add(demands, -1);
      serve();
    };
  }

  function take(wanted: readonly Demand[], signal: AbortSignal): Promise<() => void> {
    const demands = merge(wanted);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        serve();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        demands,
        grant: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(takeBack(demands));
        },
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener('abort', giveUp, { once: true });
      queue.push(waiter);
      serve();
    });
  }

  return { take, inUse: (endpoint) => inUse.get(endpoint) ?? 0 };
}

/** Source and destination may be one server; the smaller limit holds for both. */
function merge(demands: readonly Demand[]): readonly Demand[] {
  const merged = new Map<string, Demand>();
  for (const demand of demands) {
    const same = merged.get(demand.endpoint);
    merged.set(demand.endpoint, {
      endpoint: demand.endpoint,
      connections: demand.connections + (same?.connections ?? 0),
      limit: Math.min(demand.limit, same?.limit ?? demand.limit),
    });
  }
  return [...merged.values()];
}
