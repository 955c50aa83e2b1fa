import { once } from 'node:events';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from '../base/node-http.ts';
import type { Bytes, Ms } from '../base/units.ts';
import { REPLY_FIELDS } from './browser.ts';
import { Problem, type ProblemKind } from './problem.ts';
import { problemReply } from './send.ts';

/** PEM: what is served, and its key. */
export interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface Limits {
  /** Of a request's head. */
  readonly head: Bytes;
  /** For a whole head. */
  readonly headTime: Ms;
  /** For a whole request, its body included. */
  readonly requestTime: Ms;
  /** Of a connection between two requests. */
  readonly idleTime: Ms;
  /** Of connections: when there are more, one without a request goes. */
  readonly connections: number;
}

export const LIMITS: Limits = {
  head: 16 * 1024,
  headTime: 10_000,
  requestTime: 30_000,
  idleTime: 10_000,
  connections: 512,
};

/** Connections beyond `connections` that are still in their TLS handshake. */
const HANDSHAKES = 256;

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: Certificate | undefined;
  readonly limits: Limits;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Whether a request is under way on a connection. */
  readonly isBusy: (socket: Socket) => boolean;
}

/** A port that is listened on, and the connections that came by it. It is no part of the data path: node:http will do. */
export class Listener {
  readonly #server: Server | SecureServer;
  readonly #sockets = new Set<Socket>();
  #isClosing = false;

  /** Throws when the port cannot be had. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const server = listener.#server;
    server.listen(options.port, options.host);
    await once(server, 'listening');
    server.on('error', () => {}); // EMFILE at an accept: the client is told by its own time-out.
    return listener;
  }

  private constructor({ certificate, limits, onRequest, isBusy }: ListenerOptions) {
    const options: ServerOptions = {
      maxHeaderSize: limits.head,
      headersTimeout: limits.headTime,
      requestTimeout: limits.requestTime,
      keepAliveTimeout: limits.idleTime,
      connectionsCheckingInterval: Math.min(1000, limits.headTime / 4),
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    };
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      response.once('close', () => this.#endIdle());
      onRequest(request, response);
    };
    const server =
      certificate === undefined
        ? createServer(options, serve)
        : createSecureServer({ ...options, ...secure(certificate), handshakeTimeout: limits.headTime }, serve);
    server.maxConnections = limits.connections + HANDSHAKES;
    server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      if (this.#sockets.size > limits.connections) this.#makeRoom(isBusy);
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket as Socket, isBusy));
    this.#server = server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get isSecure(): boolean {
    return this.#server instanceof SecureServer;
  }

  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /** New connections get it; those that are there go on. */
  setCertificate(certificate: Certificate): void {
    if (this.#server instanceof SecureServer) this.#server.setSecureContext(secure(certificate));
  }

  /** The port is free at once. Resolves when all connections have ended; those that still run after `grace` are cut. */
  async close(grace: Ms): Promise<void> {
    this.#isClosing = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    const cut = setTimeout(() => this.#cut(), grace);
    await closed;
    clearTimeout(cut);
  }

  /** The longest of those without a request goes: who opens connections and says nothing keeps nobody out. */
  #makeRoom(isBusy: (socket: Socket) => boolean): void {
    for (const socket of this.#sockets) {
      if (isBusy(socket)) continue;
      this.#sockets.delete(socket);
      socket.destroy();
      return;
    }
  }

  /** A connection whose reply was the last does not wait for another request. */
  #endIdle(): void {
    if (this.#isClosing) setImmediate(() => this.#server.closeIdleConnections());
  }

  #cut(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function secure({ certPem, keyPem }: Certificate) {
  return { cert: certPem, key: keyPem, minVersion: 'TLSv1.2' } as const;
}

/** What is no HTTP, or takes too long, is told so where nothing else was said yet. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, isBusy: (socket: Socket) => boolean): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isBusy(socket)) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemReply(problemOf(error.code), false);
  const fields = {
    ...REPLY_FIELDS,
    ...headers,
    'Content-Length': Buffer.byteLength(body as string),
    Connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.once('finish', () => socket.destroy());
}

const KINDS: Readonly<Record<string, { readonly kind: ProblemKind; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { kind: 'head-too-large', detail: 'expected a smaller head' },
  ERR_HTTP_REQUEST_TIMEOUT: { kind: 'request-timeout', detail: 'expected a whole request sooner' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { kind: 'too-large', detail: 'expected smaller chunk extensions' },
};

function problemOf(code: string | undefined): Problem {
  const { kind, detail } = KINDS[code ?? ''] ?? { kind: 'bad-request', detail: 'expected a request of HTTP/1.1' };
  return new Problem(kind, detail);
}
