import { type Dispatcher, Pool as Connections } from 'undici';
import type { OriginPlan, PoolPlan } from '../plan.ts';
import { originConnector } from './connector.ts';

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
  /** The same for every request, so that undici never reconnects for another name. */
  readonly servername: string;
  readonly #connections: Connections;

  constructor(plan: OriginPlan, pool: PoolPlan) {
    const url = new URL(plan.url);
    this.name = plan.name;
    this.slot = plan.slot;
    this.authority = url.host;
    this.servername = url.hostname;
    this.#connections = new Connections(url.origin, {
      connections: null,
      pipelining: 1,
      connect: originConnector(url, pool.tls, pool.timeouts.connect),
      keepAliveTimeout: pool.timeouts.keepAlive,
      keepAliveMaxTimeout: Math.max(pool.timeouts.keepAlive, 600_000),
      // The first byte has one deadline over all attempts, which the fetch holds.
      headersTimeout: 0,
      bodyTimeout: pool.timeouts.idle,
      maxHeaderSize: 65_536,
    });
    // Each failed connection is told to the request that wanted it; the emitter's copy has no reader.
    this.#connections.on('connectionError', () => {});
  }

  /** What must be equal for a reload to keep the origin's connections. */
  static identity(plan: OriginPlan, pool: PoolPlan): string {
    return JSON.stringify([plan, pool.tls, pool.timeouts.connect, pool.timeouts.keepAlive, pool.timeouts.idle]);
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#connections.dispatch(options, handler);
  }

  /** Lets running requests finish, then closes the connections. */
  close(): void {
    this.#connections.close().catch(() => {});
  }

  /** Cuts everything. */
  destroy(): void {
    this.#connections.destroy().catch(() => {});
  }
}
