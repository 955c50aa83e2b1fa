import type { Ms } from '../../base/units.ts';
import type { OriginTlsPlan } from '../plan.ts';
import type { OriginCall, OriginReplies, OriginRequest } from './call.ts';
import { Connector } from './connect.ts';
import { Call, type ConnectionOwner, OriginConnection } from './connection.ts';

export interface ConnectionTimeouts {
  readonly connect: Ms;
  /** The longest silence within a response's body. */
  readonly idle: Ms;
  /** How long a connection is kept that has nothing to do, unless the origin says. */
  readonly keepAlive: Ms;
}

/** However long an origin promises to keep a connection. */
const LONGEST_KEPT: Ms = 600_000;
/** An origin's promise ends when it says, not when our next request arrives: so long before we let go. */
const MARGIN: Ms = 1_000;
const SWEEP: Ms = 1_000;

/**
 * The connections of one worker to one origin. A request takes the one that was free last, or a new one: those that are
 * not needed stay unused and end.
 */
export class Connections implements ConnectionOwner {
  readonly #connector: Connector;
  readonly #timeouts: ConnectionTimeouts;
  readonly #open = new Set<OriginConnection>();
  readonly #free: OriginConnection[] = [];
  /** Free since this turn of the event loop. */
  #resting: OriginConnection[] = [];
  #sweep: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(url: URL, tls: OriginTlsPlan, timeouts: ConnectionTimeouts) {
    this.#connector = new Connector(url, tls, timeouts.connect);
    this.#timeouts = timeouts;
  }

  send(request: OriginRequest, replies: OriginReplies): OriginCall {
    const call = new Call(request, replies);
    const kept = this.#take();
    if (kept !== undefined) call.sendOn(kept);
    else this.#connect(call);
    return call;
  }

  /** Lets what runs end; each connection closes after it. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#sweep);
    for (const connection of [...this.#free, ...this.#resting]) connection.close();
  }

  /** Closes everything at once. */
  destroy(): void {
    this.close();
    for (const connection of this.#open) connection.close();
  }

  /**
   * Not to be used before the event loop has come round: bytes that the origin sent beyond the response, and its end of
   * the connection, are often in the socket already, and are seen then. Else they would be taken for the next response.
   */
  free(connection: OriginConnection, idleFor: number | undefined): void {
    if (this.#closing) {
      connection.close();
      return;
    }
    const keep = idleFor === undefined ? this.#timeouts.keepAlive : idleFor * 1000 - MARGIN;
    connection.expiresAt = performance.now() + Math.min(keep, LONGEST_KEPT);
    if (this.#resting.push(connection) === 1) setImmediate(() => this.#rested());
    this.#sweep ??= setInterval(() => this.#closeExpired(), SWEEP).unref();
  }

  closed(connection: OriginConnection): void {
    this.#open.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
  }

  #take(): OriginConnection | undefined {
    const now = performance.now();
    for (let kept = this.#free.pop(); kept !== undefined; kept = this.#free.pop()) {
      if (kept.expiresAt > now) return kept;
      kept.close();
    }
    return undefined;
  }

  #rested(): void {
    const rested = this.#resting;
    this.#resting = [];
    for (const connection of rested) if (this.#open.has(connection)) this.#free.push(connection);
  }

  #connect(call: Call): void {
    const socket = this.#connector.connect((error) => {
      if (call.cancelled) {
        socket.destroy();
      } else if (error !== undefined) {
        socket.destroy();
        call.replies.failed(error);
      } else {
        const connection = new OriginConnection(socket, this.#timeouts.idle, this);
        this.#open.add(connection);
        call.sendOn(connection);
      }
    });
    call.waitFor(socket);
  }

  #closeExpired(): void {
    const now = performance.now();
    // The one that was free longest stands first, but each has its own time.
    for (const connection of this.#free.filter(({ expiresAt }) => expiresAt <= now)) connection.close();
    if (this.#open.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
