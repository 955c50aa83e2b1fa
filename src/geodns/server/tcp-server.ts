import { createServer, type Server, type Socket } from 'node:net';
import { formatHostPort, type HostPort } from '../../base/address.ts';
import { listenProblem } from '../../base/listen-problem.ts';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { CELL, type DnsCounts } from './counts.ts';
import { Outbox } from './outbox.ts';
import type { Responder } from './responder.ts';
import { Seldom } from './seldom.ts';
import { emptySource, fillSource } from './source.ts';
import { TcpConnection, type TcpHost } from './tcp-connection.ts';
import { networkOf, TcpConnections } from './tcp-connections.ts';
import { LONGEST_MESSAGE, LONGEST_QUERY, type TcpLimits, UNSENT } from './tcp-limits.ts';
import { TcpTurns } from './tcp-turns.ts';

export interface TcpServerOptions {
  readonly responder: Responder;
  readonly limits: TcpLimits;
  readonly counts: DnsCounts;
  readonly log: EventLog;
}

/** How often deadlines are looked at: a connection is cut so much too late at most. */
const SWEEP: Ms = 100;
/** How often the log tells of what the network can cause. */
const TELL_EVERY: Ms = 60_000;
/** However many come, this is when a server that is to close lets nobody in any more. */
const QUEUE_GRACE: Ms = 200;
/** Connections that the system may keep until we accept them. */
const BACKLOG = 1_024;

/** Answers by TCP (RFC 7766) on any number of addresses, that share the limits. */
export class TcpServer {
  readonly #host: Host;
  readonly #servers = new Map<string, Server>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: TcpServerOptions) {
    this.#host = new Host(options);
    this.#sweep = setInterval(() => this.#host.connections.cutOverdue(performance.now()), SWEEP).unref();
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#host.connections.size;
  }

  /** What holds from now on: how many there may be for those that come, deadlines with the next query of each. */
  set limits(limits: TcpLimits) {
    this.#host.limits = limits;
  }

  /** Resolves with where it listens then: for port 0 the one that was found. Rejects with an `Error` that says why not. */
  async listen(address: HostPort): Promise<HostPort> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: UNSENT });
    server.on('connection', (socket) => this.#host.accept(socket));
    const port = await opened(server, address);
    // Accepting may fail for a moment. When there are no file descriptors left, libuv turns away who comes, and says nothing.
    server.on('error', (error) => this.#host.notAccepted(error));
    const found = { host: address.host, port };
    this.#servers.set(formatHostPort(found.host, found.port), server);
    return found;
  }

  /** Accepts no more there. Connections go on. */
  stopListening({ host, port }: HostPort): void {
    const key = formatHostPort(host, port);
    this.#servers.get(key)?.close();
    this.#servers.delete(key);
  }

  /**
   * Accepts no more, answers what is under way, and closes each connection then; resolves when none is open, or `within`
   * has passed and all have been cut.
   */
  async drain(within: Ms): Promise<void> {
    const host = this.#host;
    host.isDraining = true;
    await this.#letIn();
    this.#stopAccepting();
    for (const each of host.connections) each.finishIfIdle();
    await host.untilEmpty(within);
    this.close();
  }

  /** Cuts everything. */
  close(): void {
    clearInterval(this.#sweep);
    this.#stopAccepting();
    for (const each of this.#host.connections) each.cut();
  }

  /**
   * The system resets those who wait to be accepted when a listening socket closes: they are let in first, until a turn of
   * the event loop has brought nobody. In that what has come by now is read as well, and answered.
   */
  async #letIn(): Promise<void> {
    const { counts } = this.#host;
    const begun = performance.now();
    let before = -1;
    while (counts.get(CELL.tcp.accepted) !== before && performance.now() - begun < QUEUE_GRACE) {
      before = counts.get(CELL.tcp.accepted);
      await nextTurn();
      await nextTurn();
    }
  }

  #stopAccepting(): void {
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
  }
}

/** What the connections of all addresses share. */
class Host implements TcpHost {
  readonly connections = new TcpConnections();
  readonly responder: Responder;
  readonly counts: DnsCounts;
  readonly query = Buffer.allocUnsafeSlow(LONGEST_QUERY);
  readonly reply = Buffer.allocUnsafeSlow(LONGEST_MESSAGE);
  readonly outbox = new Outbox();
  readonly turns = new TcpTurns();
  limits: TcpLimits;
  isDraining = false;
  readonly #seldom: Seldom;
  #empty: (() => void) | undefined;

  constructor({ responder, limits, counts, log }: TcpServerOptions) {
    this.responder = responder;
    this.limits = limits;
    this.counts = counts;
    this.#seldom = new Seldom(log, TELL_EVERY);
  }

  now(): Ms {
    return performance.now();
  }

  accept(socket: Socket): void {
    const { counts, connections } = this;
    counts.add(CELL.tcp.accepted);
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      // It has gone already.
      socket.on('error', () => {}).destroy();
      return;
    }
    const source = emptySource('tcp');
    fillSource(source, remoteAddress, remotePort);
    const network = networkOf(source);
    const room = connections.roomFor(network, this.limits);
    if (room === undefined) {
      counts.add(CELL.tcp.refused);
      socket.on('error', () => {}).destroy();
      return;
    }
    if (room !== true) room.cut(CELL.tcp.evicted);
    connections.add(new TcpConnection(socket, source, network, this));
    counts.add(CELL.tcp.open);
  }

  notAccepted(error: Error): void {
    this.counts.add(CELL.tcp.acceptErrors);
    this.#seldom.error('a DNS client could not be accepted', { error });
  }

  blocked(connection: TcpConnection): void {
    this.connections.block(connection)?.cut(CELL.tcp.slowReaders);
  }

  unblocked(connection: TcpConnection): void {
    this.connections.unblock(connection);
  }

  closed(connection: TcpConnection): void {
    this.connections.delete(connection);
    this.counts.add(CELL.tcp.open, -1);
    if (this.connections.size === 0) this.#empty?.();
  }

  transferFailed(error: unknown): void {
    this.counts.add(CELL.responder.failed);
    this.#seldom.error('the transfer of a zone failed', { error });
  }

  untilEmpty(within: Ms): Promise<void> {
    if (this.connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, within);
      this.#empty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Shared, so that the address can be had while whoever found its port still holds that. */
function opened(server: Server, { host, port }: HostPort): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`${listenProblem(error, { host, port })} (TCP)`, { cause: error }));
    server.once('error', fail);
    server.listen({ host, port, ipv6Only: true, reusePort: true, backlog: BACKLOG }, () => {
      server.off('error', fail);
      resolve((server.address() as { port: number }).port);
    });
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
