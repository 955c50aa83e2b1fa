import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { AddressSet } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import { type Connection, connectionOf, rememberConnection } from './connection.ts';
import { Http1Front } from './http1/front.ts';
import { LendingSocket } from './http1/lending-socket.ts';
import { Http2Front } from './http2.ts';
import type { ListenerPlan } from './plan.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import type { ExchangeTaker } from './taker.ts';
import { CertificateStore, tlsServerOptions } from './tls/sni.ts';
import { type ClientProtocol, type TrafficCounter, UNCOUNTED } from './traffic.ts';

/** However many come, this is when a listener that is to close lets nobody in any more. */
const QUEUE_GRACE: Ms = 200;

/**
 * One address on which this worker accepts connections: PROXY header, TLS, and then the protocol that ALPN chose. Every
 * worker listens itself (`reusePort`), and the kernel spreads connections over them.
 */
export class Listener {
  readonly #server: Server;
  readonly #traffic: TrafficCounter;
  readonly #http1: Http1Front;
  readonly #http2: Http2Front;
  readonly #sockets = new Set<Socket>();
  /** Connections since its beginning. */
  #accepted = 0;
  /** What PROXY headers told, by the proxy's own address and port: a TLS socket does not say which socket it is on. */
  readonly #proxied = new Map<string, Connection>();
  #plan: ListenerPlan;
  #tls: TlsServer | undefined;
  #proxies: AddressSet;

  constructor(plan: ListenerPlan, taker: ExchangeTaker, traffic: TrafficCounter = UNCOUNTED) {
    this.#plan = plan;
    this.#traffic = traffic;
    this.#http1 = new Http1Front(plan, taker);
    this.#http2 = new Http2Front(plan, taker);
    this.#tls = this.#tlsServer();
    this.#proxies = new AddressSet(plan.proxyProtocolFrom);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  get plan(): ListenerPlan {
    return this.#plan;
  }

  /** Rejects with the system's error when the address cannot be had. */
  listen(): Promise<void> {
    const { host, port } = this.#plan;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, reusePort: true, ipv6Only: true, backlog: 4096 }, () => {
        this.#server.off('error', reject);
        // Accepting may fail for a moment (no file descriptors left); the next connection tries again.
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  /** What the new plan says holds for connections and requests from now on; none is closed. */
  update(plan: ListenerPlan): void {
    this.#plan = plan;
    this.#http1.update(plan);
    this.#http2.update(plan);
    this.#tls = this.#tlsServer();
    this.#proxies = new AddressSet(plan.proxyProtocolFrom);
  }

  /**
   * No new connections; those that are open go on. The system resets those who still wait to be accepted when a listener
   * closes, and so they are let in first: until a turn of the event loop has brought nobody.
   */
  async stopAccepting(): Promise<void> {
    const begun = performance.now();
    let before = -1;
    while (this.#accepted !== before && performance.now() - begun < QUEUE_GRACE) {
      before = this.#accepted;
      await nextTurn();
    }
    this.#server.close();
  }

  /** Every connection ends with the exchange that is running on it, or with the next one, or when it was idle for so long. */
  drain(idle: Ms): void {
    this.#http1.drain(idle);
    this.#http2.drain();
  }

  /** Connections that are open, and those that come, stay as long as they would. */
  resume(): void {
    this.#http1.resume();
    this.#http2.resume();
  }

  /** Closes connections on which nothing is running. */
  closeIdle(): void {
    this.#http1.closeIdle();
    // Before the first byte, of a TLS handshake say, nobody else knows of a connection.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Closes everything. */
  close(): void {
    this.#server.close();
    this.#http2.close();
    this.#http1.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(accepted: Socket): void {
    this.#accepted += 1;
    const { slot } = this.#plan;
    this.#traffic.accepted(slot);
    // What is read before HTTP, or wrapped in TLS, is a stream like any other.
    const isPlain = this.#tls === undefined && this.#proxies.isEmpty;
    const socket = isPlain ? LendingSocket.inPlaceOf(accepted) : accepted;
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#traffic.left(slot);
    });
    // Whoever reads from it hears of an error by its end; this listener keeps it from being nobody's.
    socket.on('error', ignore);
    const { endpoints } = connectionOf(socket);
    if (this.#proxies.isEmpty || !this.#proxies.has(endpoints.remoteAddress)) {
      this.#serve(socket);
      return;
    }
    readProxyHeader(socket, this.#plan.timeouts.head, (outcome) => {
      if (outcome.kind !== 'header') return;
      if (outcome.endpoints !== undefined) this.#remember(socket, { endpoints: outcome.endpoints });
      this.#serve(socket);
    });
  }

  #remember(socket: Socket, connection: Connection): void {
    rememberConnection(socket, connection);
    const peer = peerOf(socket);
    this.#proxied.set(peer, connection);
    socket.on('close', () => this.#proxied.delete(peer));
  }

  #serve(socket: Socket): void {
    if (this.#tls === undefined) {
      this.#count(socket, 'http/1.1');
      this.#http1.accept(socket);
      return;
    }
    // TLS has no half-closed clients; HTTP/2 would never notice that one is gone (it counts on the socket's own end).
    socket.allowHalfOpen = false;
    this.#tls.emit('connection', socket);
  }

  /** It never listens itself, so a new plan simply gets a new one, and handshakes under way end in the old. */
  #tlsServer(): TlsServer | undefined {
    const { tls, timeouts } = this.#plan;
    if (tls === undefined) return undefined;
    const certificates = new CertificateStore(tls);
    const server = createTlsServer(tlsServerOptions(() => certificates, timeouts.head));
    server.on('secureConnection', (socket) => this.#secured(socket));
    server.on('tlsClientError', (_error, socket) => {
      this.#traffic.notSecured(this.#plan.slot);
      socket.destroy();
    });
    return server;
  }

  #secured(socket: TLSSocket): void {
    socket.on('error', ignore);
    const proxied = this.#proxied.get(peerOf(socket));
    if (proxied !== undefined) rememberConnection(socket, proxied);
    this.#traffic.secured(this.#plan.slot, socket.getProtocol() ?? '');
    this.#count(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1');
    if (socket.alpnProtocol === 'h2') this.#http2.accept(socket);
    else this.#http1.accept(socket);
  }

  #count(socket: Socket, protocol: ClientProtocol): void {
    const { slot } = this.#plan;
    this.#traffic.opened(slot, protocol);
    socket.once('close', () => this.#traffic.closed(slot, protocol));
  }
}

/** Ends when the event loop has gone round once from here. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

function ignore(): void {}
