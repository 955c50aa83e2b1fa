import type { Socket } from 'node:net';
import type { Bytes, Ms } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import type { OriginFields } from '../headers.ts';
import { BodyWriter } from './body-writer.ts';
import { type OriginCall, type OriginReplies, type OriginRequest, requestText } from './call.ts';
import type { ResponseHead1 } from './response-head.ts';
import { type ResponseListener, ResponseParser } from './response-parser.ts';

/** What the owner of connections is told of one. */
export interface ConnectionOwner {
  /** It can take another request. `idleFor`: how long the origin will keep it, if it said so, in seconds. */
  free(connection: OriginConnection, idleFor: number | undefined): void;
  /** Told once, and at once: it must not be used any more. */
  closed(connection: OriginConnection): void;
}

/** Status line and fields of a response together, and trailers. */
const HEAD_MAX: Bytes = 65_536;

/**
 * One connection to an origin, with one request on it at a time. It breaks with any error on it, and with whatever comes
 * while no request is under way.
 */
export class OriginConnection implements ResponseListener {
  readonly #socket: Socket;
  readonly #idle: Ms;
  readonly #owner: ConnectionOwner;
  readonly #parser = new ResponseParser(this, HEAD_MAX);
  readonly #onData = (chunk: Buffer) => this.read(chunk);
  readonly #onEnd = () => this.#ended();
  readonly #onClose = () => this.#closed();
  readonly #onError = (error: Error) => this.fail(error);
  readonly #onDrain = () => this.#body?.drained();
  readonly #onTimeout = () => this.#silent();
  #call: Call | undefined;
  #body: BodyWriter | undefined;
  #persistent = true;
  #idleFor: number | undefined;
  #over = false;
  /** On the clock of `performance.now()`: not to be used after that. Its owner's to write. 0: it is new. */
  expiresAt: Ms = 0;

  /** `socket` is connected. `idle`: the longest silence within a body. */
  constructor(socket: Socket, idle: Ms, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#idle = idle;
    this.#owner = owner;
    socket.setTimeout(idle);
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onError);
    socket.on('drain', this.#onDrain).on('timeout', this.#onTimeout);
  }

  /** No request is under way. */
  get idle(): boolean {
    return this.#call === undefined;
  }

  /** Sends a request; its owner sees to it that there is no other. */
  send(call: Call): void {
    this.#call = call;
    const { request } = call;
    this.#parser.expect(request.method, request.upgrade);
    call.replies.sent(this.expiresAt > 0);
    if (this.#call !== call) return;
    this.#socket.write(requestText(request), 'latin1');
    this.#body = undefined;
    if (request.body !== undefined && request.length !== 0) void this.#sendBody(call, request.body);
  }

  /** The client can take more. The origin's time begins anew: it was not its fault. */
  resume(call: Call): void {
    if (this.#call === call && this.#socket.isPaused()) this.#socket.setTimeout(this.#idle).resume();
  }

  /** For one that is idle, or whose request is over: nobody else is told. */
  close(): void {
    if (this.#over) return;
    this.#leave();
    this.#socket.destroy();
  }

  /** Breaks it, and the request on it if there is one. */
  fail(error: Error): void {
    const call = this.#call;
    this.#call = undefined;
    this.close();
    call?.replies.failed(error);
  }

  /** Whoever asked has no use for the response any more. */
  cancel(call: Call): void {
    if (this.#call !== call) return;
    this.#call = undefined;
    this.close();
  }

  onInterim(status: number, fields: OriginFields): void {
    // 100 is between the two ends of one connection (RFC 9110 §15.2.1): what it says has been seen to.
    if (status !== 100) this.#call?.replies.interim(status, fields);
  }

  onHead(head: ResponseHead1): void {
    this.#persistent = head.persistent;
    this.#idleFor = head.keepAliveTimeout;
    if (this.#call === undefined) return;
    this.#call.answering = true;
    this.#call.replies.head(head.status, head.fields);
  }

  onBody(chunk: Buffer): void {
    if (this.#call?.replies.body(chunk) === false) this.#socket.pause();
  }

  onEnd(trailers: OriginFields): void {
    const call = this.#call;
    // It was cancelled by what came before in the same bytes.
    if (call === undefined) return;
    this.#call = undefined;
    if (this.#socket.isPaused()) this.#socket.resume();
    // A response that did not wait for all of the request leaves the connection in the middle of it.
    if (!this.#persistent || this.#body?.done === false) this.close();
    else this.#owner.free(this, this.#idleFor);
    call.replies.end(trailers);
  }

  onSwitch(head: ResponseHead1, rest: Buffer): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#call = undefined;
    this.#leave();
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).off('error', this.#onError);
    socket.off('drain', this.#onDrain).off('timeout', this.#onTimeout).setTimeout(0);
    socket.pause();
    if (rest.length > 0) socket.unshift(Buffer.from(rest));
    call.replies.switched(head.fields, socket);
  }

  /** What the origin sent; lent until it returns. */
  read(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #ended(): void {
    if (this.#over) return;
    try {
      this.#persistent = false;
      this.#parser.finish();
      this.close();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #closed(): void {
    if (!this.#over) this.fail(new ProxyError('connection_terminated', 'the origin closed the connection'));
  }

  /** Whatever the socket does from now on is no business of ours, nor of our owner's. */
  #leave(): void {
    this.#over = true;
    this.#body?.stop();
    this.#owner.closed(this);
  }

  /** No byte either way for long. Waiting for a head has another limit, and a slow client is not the origin's fault. */
  #silent(): void {
    if (this.#call?.answering === true && !this.#socket.isPaused()) {
      this.fail(new ProxyError('http_response_timeout', 'the origin fell silent within the response'));
    }
  }

  async #sendBody(call: Call, body: AsyncIterable<Uint8Array>): Promise<void> {
    this.#body = new BodyWriter(this.#socket, call.request.length);
    try {
      await this.#body.send(body);
    } catch (error) {
      if (this.#call === call) this.fail(error as Error);
    }
  }
}

/** A request on its way, and whom its response goes to. */
export class Call implements OriginCall {
  readonly request: OriginRequest;
  readonly replies: OriginReplies;
  #connection: OriginConnection | undefined;
  #connecting: Socket | undefined;
  #cancelled = false;
  /** The head of the response is there. */
  answering = false;

  constructor(request: OriginRequest, replies: OriginReplies) {
    this.request = request;
    this.replies = replies;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  waitFor(connecting: Socket): void {
    this.#connecting = connecting;
  }

  sendOn(connection: OriginConnection): void {
    this.#connecting = undefined;
    this.#connection = connection;
    connection.send(this);
  }

  resume(): void {
    this.#connection?.resume(this);
  }

  /** For who has not found it a connection. */
  fail(error: Error): void {
    if (!this.#cancelled) this.replies.failed(error);
  }

  cancel(): void {
    this.#cancelled = true;
    this.#connecting?.destroy();
    this.#connection?.cancel(this);
  }
}
