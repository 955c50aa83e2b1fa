import type { Bytes } from '../base/units.ts';
import { ProxyError } from './error.ts';
import type { RequestBody } from './exchange.ts';

/** What is kept of a request body so that another origin can get it too. */
const REPLAY_LIMIT: Bytes = 65_536;

/**
 * A request body that can be sent more than once while it is small. Each attempt reads it from the start; what the
 * client sends is read once, at the speed of the attempt that runs. Past `REPLAY_LIMIT` the start is let go and there
 * is no other attempt.
 */
export class ReplayBody {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #limit: Bytes;
  readonly #onWait: (waits: boolean) => void;
  #kept: Uint8Array[] = [];
  #received = 0;
  #ended = false;
  #released = false;
  #pulling: Promise<Uint8Array | undefined> | undefined;

  /**
   * `limit`: the most bytes that the route takes; more end the exchange with `body_too_large`. `onWait` hears when it is
   * the client that is waited for, and when that is over.
   */
  constructor(body: RequestBody, limit: Bytes | undefined, onWait: (waits: boolean) => void) {
    this.#source = body.read()[Symbol.asyncIterator]();
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#onWait = onWait;
  }

  /** Whether an attempt can still send it from the start. */
  get replayable(): boolean {
    return !this.#released;
  }

  /** The body from its start, for one attempt. */
  async *read(): AsyncGenerator<Uint8Array> {
    let at = 0;
    while (true) {
      if (at < this.#kept.length) {
        yield this.#kept[at++] as Uint8Array;
        continue;
      }
      if (this.#ended) return;
      const chunk = await this.#pull();
      // What is kept, the loop finds by itself.
      if (chunk !== undefined && this.#released) yield chunk;
    }
  }

  /** One read of the client at a time, whoever asks: an attempt that was given up may still be waiting for one. */
  #pull(): Promise<Uint8Array | undefined> {
    this.#pulling ??= this.#next().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #next(): Promise<Uint8Array | undefined> {
    const result = await this.#fromClient();
    if (result.done) {
      this.#ended = true;
      return undefined;
    }
    const chunk = result.value;
    this.#received += chunk.byteLength;
    if (this.#received > this.#limit) throw new ProxyError('body_too_large');
    if (this.#received <= REPLAY_LIMIT) {
      this.#kept.push(chunk);
    } else {
      this.#released = true;
      this.#kept = [];
    }
    return chunk;
  }

  async #fromClient(): Promise<IteratorResult<Uint8Array>> {
    this.#onWait(true);
    try {
      return await this.#source.next();
    } finally {
      this.#onWait(false);
    }
  }
}
