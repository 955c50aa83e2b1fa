import type { OriginCall, OriginReplies, OriginRequest } from '../origin/call.ts';
import { Connections } from '../origin/connections.ts';
import type { OriginPlan, PoolPlan } from '../plan.ts';

/** The rows of the shared origin table that pools count in; worker.ts hands one in. */
export interface OriginCounters {
  /** One more (or one less) request in flight at the origin of this row. */
  enter(slot: number): void;
  leave(slot: number): void;
  /** The next turn of a pool's cursor, over all workers: 0, 1, 2, … */
  turn(poolSlot: number): number;
  /** Takes one retry out of a pool's budget. `false`: it is used up. */
  takeRetry(poolSlot: number, budget: number): boolean;
}

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
    return JSON.stringify([plan, pool.tls, pool.timeouts.connect, pool.timeouts.keepAlive, pool.timeouts.idle]);
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
