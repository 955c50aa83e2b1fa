import type { Socket } from 'node:net';
import type { Ms } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
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
 *
 * None is used again before the event loop has polled once more: bytes that the origin sent beyond the response, and its
 * end of the connection, are often in the socket by then, and would else be taken for the next response. It costs no
 * connections, as requests that come meanwhile wait for those that are about to be free:
 *
 *     poll: response ends ▸ check: resting ▸ poll: what else came is read, and breaks it ▸ check: free
 */
export class Connections implements ConnectionOwner {
  readonly #connector: Connector;
  readonly #timeouts: ConnectionTimeouts;
  readonly #open = new Set<OriginConnection>();
  readonly #connecting = new Set<Socket>();
  readonly #free: OriginConnection[] = [];
  /** Their response ended since the last turn of the event loop, or since the one before. */
  #ended: OriginConnection[] = [];
  #resting: OriginConnection[] = [];
  /** For a connection that rests. */
  #waiting: Call[] = [];
  #turning = false;
  readonly #onTurn = () => this.#turn();
  #sweep: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(url: URL, tls: OriginTlsPlan, timeouts: ConnectionTimeouts, localAddress?: string) {
    this.#connector = new Connector(url, tls, timeouts.connect, localAddress);
    this.#timeouts = timeouts;
  }

  send(request: OriginRequest, replies: OriginReplies): OriginCall {
    const call = new Call(request, replies);
    if (request.body !== undefined && request.length === 0) void this.#sendOnceEnded(call, request.body);
    else this.#dispatch(call);
    return call;
  }

  /** Lets what runs end; each connection closes after it. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#sweep);
    for (const connection of this.#open) if (connection.idle) connection.close();
  }

  /** Cuts everything at once. */
  destroy(): void {
    this.close();
    const cut = new ProxyError('proxy_internal_error', 'cut');
    for (const socket of this.#connecting) socket.destroy(cut);
    for (const connection of this.#open) connection.fail(cut);
    for (const call of this.#waiting.splice(0)) call.fail(cut);
  }

  free(connection: OriginConnection, idleFor: number | undefined): void {
    const { keepAlive } = this.#timeouts;
    const keep = idleFor === undefined ? keepAlive : Math.min(idleFor * 1000 - MARGIN, LONGEST_KEPT);
    if (this.#closing || keep <= 0) {
      connection.close();
      return;
    }
    connection.expiresAt = performance.now() + keep;
    this.#ended.push(connection);
    if (!this.#turning) setImmediate(this.#onTurn);
    this.#turning = true;
    this.#sweep ??= setInterval(() => this.#closeExpired(), SWEEP).unref();
  }

  closed(connection: OriginConnection): void {
    this.#open.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
  }

  /** Content-Length: 0 makes the head a whole request: not to be sent before the client has sent no more than that. */
  async #sendOnceEnded(call: Call, body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) {
        if (chunk.byteLength > 0) throw new ProxyError('bad_request', 'more than Content-Length');
      }
      this.#dispatch(call);
    } catch (error) {
      call.fail(error as Error);
    }
  }

  #dispatch(call: Call): void {
    if (call.cancelled) return;
    // A tunnel needs a stream, and a connection that is kept is none: it is read into the buffer of all.
    if (call.request.upgrade) {
      this.#connect(call);
      return;
    }
    const kept = this.#take();
    if (kept !== undefined) call.sendOn(kept);
    else if (this.#waiting.length < this.#ended.length + this.#resting.length) this.#waiting.push(call);
    else this.#connect(call);
  }

  #take(): OriginConnection | undefined {
    const now = performance.now();
    for (let kept = this.#free.pop(); kept !== undefined; kept = this.#free.pop()) {
      if (kept.expiresAt > now) return kept;
      kept.close();
    }
    return undefined;
  }

  /** Once in each turn of the event loop, while there are connections that rest. */
  #turn(): void {
    for (const connection of this.#resting) if (this.#open.has(connection)) this.#free.push(connection);
    this.#resting = this.#ended;
    this.#ended = [];
    this.#turning = this.#resting.length > 0;
    if (this.#turning) setImmediate(this.#onTurn);
    if (this.#waiting.length > 0) for (const call of this.#waiting.splice(0)) this.#dispatch(call);
  }

  #connect(call: Call): void {
    let connection: OriginConnection | undefined;
    const connected = (error: Error | undefined) => {
      this.#connecting.delete(socket);
      if (error !== undefined || call.cancelled) {
        socket.destroy();
        if (error !== undefined) call.fail(error);
        return;
      }
      connection = new OriginConnection(socket, this.#timeouts.idle, this);
      this.#open.add(connection);
      call.sendOn(connection);
    };
    const onRead = call.request.upgrade ? undefined : (bytes: Buffer) => connection?.read(bytes);
    const socket = this.#connector.connect(connected, onRead);
    this.#connecting.add(socket);
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
