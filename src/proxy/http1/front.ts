import type { Socket } from 'node:net';
import type { Ms } from '../../base/units.ts';
import type { ListenerPlan } from '../plan.ts';
import type { ExchangeTaker } from '../taker.ts';
import { type ConnectionFront, Http1Connection } from './connection.ts';

/** How often connections are looked for whose request head, or next request, is overdue. */
const CHECK_INTERVAL: Ms = 500;

/** HTTP/1.1 in front: the connections of a listener on which it is spoken. */
export class Http1Front implements ConnectionFront {
  readonly taker: ExchangeTaker;
  readonly #connections = new Set<Http1Connection>();
  readonly #sweep: NodeJS.Timeout;
  plan: ListenerPlan;
  draining = false;

  constructor(plan: ListenerPlan, taker: ExchangeTaker) {
    this.plan = plan;
    this.taker = taker;
    this.#sweep = setInterval(() => this.#closeOverdue(), CHECK_INTERVAL).unref();
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

  /** Every reply from now on ends its connection. */
  drain(): void {
    this.draining = true;
  }

  resume(): void {
    this.draining = false;
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.idle) connection.close();
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #closeOverdue(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.closeIfOverdue(now);
  }
}
