import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type ClientOptions, type RawData, WebSocket, WebSocketServer } from 'ws';
import { Journal } from './journal.ts';
import { openSocket } from './raw-client.ts';
import { atTeardown } from './teardown.ts';
import { within } from './wait.ts';

/** WebSockets by `ws`, on both sides of Portico. */

export interface WebSocketOrigin {
  readonly url: string;
  readonly server: WebSocketServer;
  /** The origin's ends, in the order of their opening. */
  readonly ends: Journal<{ readonly socket: WebSocket; readonly request: IncomingMessage }>;
  close(): Promise<void>;
}

/** An origin that echoes every message; on a free loopback port. */
export async function startWebSocketOrigin(tls?: TlsOptions): Promise<WebSocketOrigin> {
  const http = tls ? createTlsServer(tls) : createServer();
  const server = new WebSocketServer({ server: http, maxPayload: 2 ** 28 });
  const ends: WebSocketOrigin['ends'] = new Journal('WebSocket at the origin');
  server.on('connection', (socket, request) => {
    ends.add({ socket, request });
    socket.on('error', () => {});
    socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const close = async () => {
    for (const client of server.clients) client.terminate();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  atTeardown(close);
  const { port } = http.address() as AddressInfo;
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, server, ends, close };
}

/** A client whose WebSocket is open, and what comes on it. */
export class WebSocketClient {
  readonly socket: WebSocket;
  /** Its close code and reason; 1006: without a close frame. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #messages = new Journal<Buffer>('message');
  #taken = 0;

  /** `url`: that of a listener, with a path. */
  static async open(url: string, options: ClientOptions & { protocols?: string[] } = {}): Promise<WebSocketClient> {
    const { protocols, ...more } = options;
    const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, {
      rejectUnauthorized: false,
      maxPayload: 2 ** 28,
      ...more,
    });
    const client = new WebSocketClient(socket);
    atTeardown(() => socket.terminate());
    await within(once(socket, 'open'), 'the WebSocket to open');
    return client;
  }

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (message: RawData) => this.#messages.add(message as Buffer));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#messages.end(new Error(`the WebSocket was closed with ${code}`));
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: string | Buffer): void {
    this.socket.send(message);
  }

  /** The next message, as text. */
  async next(): Promise<string> {
    return (await this.nextBytes()).toString();
  }

  async nextBytes(): Promise<Buffer> {
    const message = await this.#messages.waitFor(() => true, { from: this.#taken, limit: 9000 });
    this.#taken += 1;
    return message;
  }

  /** Sends a message, and resolves with what comes back. */
  async echo(message: string): Promise<string> {
    this.send(message);
    return this.next();
  }
}

/** One end of a TCP connection, as bytes. */
export class RawEnd {
  readonly socket: Socket;
  /** Resolves at the other side's FIN. */
  readonly ended: Promise<void>;
  /** Resolves when the connection is gone, whoever ended it and how. */
  readonly closed: Promise<void>;
  readonly #pieces = new Journal<Buffer>('piece of data');
  #text = '';

  constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => socket.once('end', resolve));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {}); // A reset is one of the endings that tests look for.
    socket.on('data', (piece: Buffer) => {
      this.#text += piece.toString('latin1');
      this.#pieces.add(piece);
    });
  }

  /** All that came, as latin1. */
  get text(): string {
    return this.#text;
  }

  /** Resolves when what came ends with this. */
  async until(text: string): Promise<void> {
    await this.#pieces.waitFor(() => this.#text.endsWith(text), { wanted: `that ends with ${JSON.stringify(text)}` });
  }
}

export const HANDSHAKE = [
  'GET /tunnel HTTP/1.1',
  'Host: www.example.com',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** An origin that agrees to any upgrade, and whose end of the tunnel is then the test's. `behind`: sent with the 101. */
export async function startTunnelOrigin(behind = ''): Promise<{ url: string; ends: Journal<RawEnd> }> {
  const ends = new Journal<RawEnd>('tunnel at the origin');
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    atTeardown(() => socket.destroy());
    const end = new RawEnd(socket);
    const greet = () => {
      if (!end.text.includes('\r\n\r\n')) return;
      socket.off('data', greet);
      socket.write(SWITCHING + behind);
      ends.add(end);
    };
    socket.on('data', greet);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTeardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ends };
}

/** A client whose tunnel to such an origin is open. `early`: sent with the request. */
export async function openTunnel(port: number, early = ''): Promise<RawEnd> {
  const socket = await openSocket(port, {});
  atTeardown(() => socket.destroy());
  const end = new RawEnd(socket);
  const { promise: greeted, resolve } = Promise.withResolvers<void>();
  const look = () => end.text.includes('\r\n\r\n') && resolve();
  socket.on('data', look);
  socket.write(HANDSHAKE + early);
  await within(greeted, 'an answer to the handshake');
  socket.off('data', look);
  if (!end.text.startsWith('HTTP/1.1 101 ')) throw new Error(`no tunnel: ${end.text}`);
  return end;
}
