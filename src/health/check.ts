import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { request as sendRequest } from '../base/node-http.ts';
import { type CheckTls, Connector } from './connector.ts';
import type { HealthCheckSettings } from './settings.ts';
import { type Awaited, failure, overdue, unexpectedStatus } from './words.ts';

/** As much of a body is read; nobody sends more to say that it is well. */
const BODY_LIMIT = 65_536;

export interface Finding {
  /** What is wrong, in words; `undefined`: all is well. */
  readonly problem: string | undefined;
}

/** What says nothing of the origin: this process has no room for one more connection. */
const OURS: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/** The active check of one origin: asks it, on a connection of its own, whether it is well. */
export class Check {
  readonly #settings: HealthCheckSettings;
  readonly #connector: Connector;
  readonly #authority: string;

  constructor(url: string, settings: HealthCheckSettings, tls: CheckTls) {
    const parsed = new URL(url);
    const isSecure = settings.type === 'http' && parsed.protocol === 'https:';
    this.#settings = settings;
    this.#connector = new Connector(parsed, settings.port, isSecure ? tls : undefined);
    this.#authority = settings.host ?? parsed.host;
  }

  /** Resolves with `undefined` when `signal` has ended it, or it could not be made. Never rejects. */
  run(signal: AbortSignal): Promise<Finding | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(undefined);
      const attempt = new Attempt(this.#settings.timeout, (finding) => {
        signal.removeEventListener('abort', abort);
        resolve(finding);
      });
      const abort = () => attempt.settle(undefined);
      signal.addEventListener('abort', abort);
      try {
        this.#begin(attempt);
      } catch (error) {
        attempt.fail(error);
      }
    });
  }

  #begin(attempt: Attempt): void {
    const socket = attempt.holds(this.#connector.open());
    const { ready } = this.#connector;
    if (ready === 'secureConnect') socket.once('connect', () => attempt.awaits('end of the TLS handshake'));
    if (this.#settings.type === 'tcp') socket.once(ready, () => attempt.settle({ problem: undefined }));
    else this.#ask(socket, attempt);
    socket.once(ready, () => attempt.awaits('answer'));
  }

  #ask(socket: Socket, attempt: Attempt): void {
    const { method, path } = this.#settings;
    const request = sendRequest({
      createConnection: () => socket,
      method,
      path,
      headers: { host: this.#authority, 'user-agent': 'portico (health check)', accept: '*/*' },
    });
    request.on('error', (error) => attempt.fail(error));
    request.on('response', (response) => this.#read(response, attempt));
    // A 101 that nobody asked for is a final response, too.
    request.on('upgrade', (response) => this.#read(response, attempt));
    request.end();
  }

  #read(response: IncomingMessage, attempt: Attempt): void {
    const { expect, body } = this.#settings;
    response.on('error', (error) => attempt.fail(error));
    const status = response.statusCode as number;
    if (!expect.some(([from, to]) => status >= from && status <= to)) {
      attempt.settle({ problem: unexpectedStatus(expect, status) });
      return;
    }
    attempt.awaits('end of the answer');
    const pieces: Buffer[] = [];
    let length = 0;
    const enough = () => {
      const text = body === undefined ? undefined : Buffer.concat(pieces, Math.min(length, BODY_LIMIT));
      const lacks = text?.includes(body as string) === false;
      attempt.settle({ problem: lacks ? `no ${JSON.stringify(body)} in the body` : undefined });
    };
    response.on('data', (piece: Buffer) => {
      length += piece.length;
      if (body !== undefined) pieces.push(piece);
      if (length >= BODY_LIMIT) enough();
    });
    response.on('end', enough);
  }
}

/** One check while it runs. Whatever comes first settles it, and then its connection is gone. */
class Attempt {
  readonly #limit: NodeJS.Timeout;
  readonly #done: (finding: Finding | undefined) => void;
  #awaited: Awaited = 'connection';
  #socket: Socket | undefined;

  constructor(timeout: number, done: (finding: Finding | undefined) => void) {
    this.#done = done;
    // What came while this thread was busy is read before it is called late: timers are looked at before sockets.
    this.#limit = setTimeout(
      () => setImmediate(() => this.settle({ problem: overdue(this.#awaited, timeout) })),
      timeout,
    );
  }

  holds(socket: Socket): Socket {
    this.#socket = socket;
    socket.on('error', (error) => this.fail(error));
    return socket;
  }

  awaits(what: Awaited): void {
    this.#awaited = what;
  }

  fail(error: unknown): void {
    const isOurs = OURS.has((error as NodeJS.ErrnoException).code);
    this.settle(isOurs ? undefined : { problem: failure(error, this.#awaited) });
  }

  /** A promise is settled once: what comes later changes nothing. */
  settle(finding: Finding | undefined): void {
    clearTimeout(this.#limit);
    this.#socket?.destroy();
    this.#done(finding);
  }
}
