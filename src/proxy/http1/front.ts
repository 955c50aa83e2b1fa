import type { Socket } from 'node:net';
import type { Ms } from '../../base/units.ts';
import type { ListenerPlan } from '../plan.ts';
import type { ExchangeTaker } from '../taker.ts';
import { type ConnectionFront, type Draining, Http1Connection } from './connection.ts';

/** How often connections are looked for whose request head, or next request, is overdue. */
const CHECK_INTERVAL: Ms = 500;

/** HTTP/1.1 in front: the connections of a listener on which it is spoken. */
export class Http1Front implements ConnectionFront {
  readonly taker: ExchangeTaker;
  readonly #connections = new Set<Http1Connection>();
  #sweep: NodeJS.Timeout | undefined;
  plan: ListenerPlan;
  #draining: Draining | undefined;

  constructor(plan: ListenerPlan, taker: ExchangeTaker) {
    this.plan = plan;
    this.taker = taker;
    this.#sweepEach(CHECK_INTERVAL);
  }

  /** New limits and timeouts, for requests from now on. */
  update(plan: ListenerPlan): void {
    this.plan = plan;
  }

  accept(socket: Socket): void {
    this.#connections.add(new Http1Connection(socket, this));
  }

  left(connection: Http1Connection): void {
    this.#connections.delete(connection);
  }

  get draining(): Draining | undefined {
    return this.#draining;
  }

  /** Every reply from now on ends its connection, and so does having been idle for so long. */
  drain(idle: Ms): void {
    this.#draining = { idle, since: performance.now() };
    this.#sweepEach(Math.min(CHECK_INTERVAL, idle / 8));
  }

  resume(): void {
    this.#draining = undefined;
    this.#sweepEach(CHECK_INTERVAL);
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.idle) connection.close();
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #sweepEach(interval: Ms): void {
    clearInterval(this.#sweep);
    this.#sweep = setInterval(() => this.#closeOverdue(), interval).unref();
  }

  #closeOverdue(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.closeIfOverdue(now);
  }
}
