import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ms } from '../base/units.ts';
import { ProxyError } from './error.ts';
import type { RequestBody } from './exchange.ts';
import { readWithin } from './read-within.ts';

/** The body of an HTTP/1.1 request, read at the pace of its reader, with a deadline on each read. */
export class Http1Body implements RequestBody {
  readonly length: number | undefined;
  readonly #request: IncomingMessage;
  readonly #expecting: ServerResponse | undefined;
  readonly #patience: Ms;
  #received = 0;

  /** `expecting`: the client waits for "100 Continue" before it sends. It is said once someone reads, not before. */
  constructor(
    request: IncomingMessage,
    expecting: ServerResponse | undefined,
    length: number | undefined,
    patience: Ms,
  ) {
    this.#request = request;
    this.#expecting = expecting;
    this.length = length;
    this.#patience = patience;
  }

  get bytesReceived(): number {
    return this.#received;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    if (this.#expecting !== undefined && !this.#expecting.headersSent) this.#expecting.writeContinue();
    for await (const chunk of readWithin(this.#request, this.#patience)) {
      this.#received += chunk.byteLength;
      yield chunk;
    }
    if (!this.#request.complete) throw new ProxyError('client_disconnected');
  }
}
