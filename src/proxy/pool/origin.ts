import type { OriginCall, OriginReplies, OriginRequest } from '../origin/call.ts';
import { Connections } from '../origin/connections.ts';
import type { OriginPlan, PoolPlan } from '../plan.ts';

/** One origin: its connections, and its row in the shared table. Outlives a reload that does not change it. */
export class Origin {
  readonly name: string;
  readonly slot: number;
  /** What `Host` says when the pool's host_header is `origin`. */
  readonly authority: string;
  readonly #connections: Connections;

  constructor(plan: OriginPlan, pool: PoolPlan) {
    const url = new URL(plan.url);
    this.name = plan.name;
    this.slot = plan.slot;
    this.authority = url.host;
    this.#connections = new Connections(url, pool.tls, pool.timeouts);
  }

  /** What must be equal for a reload to keep the origin's connections. */
  static identity(plan: OriginPlan, pool: PoolPlan): string {
    const { name, slot, url } = plan;
    return JSON.stringify([
      name,
      slot,
      url,
      pool.tls,
      pool.timeouts.connect,
      pool.timeouts.keepAlive,
      pool.timeouts.idle,
    ]);
  }

  send(request: OriginRequest, replies: OriginReplies): OriginCall {
    return this.#connections.send(request, replies);
  }

  /** Lets running requests finish, then closes the connections. */
  close(): void {
    this.#connections.close();
  }

  /** Cuts everything. */
  destroy(): void {
    this.#connections.destroy();
  }
}
