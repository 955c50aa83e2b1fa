import type { Bytes } from '../base/units.ts';
import { ProxyError } from './error.ts';
import type { RequestBody } from './exchange.ts';

/** What is kept of a request body so that another origin can get it too. */
export const REPLAY_LIMIT: Bytes = 65_536;

/**
 * A request body that can be sent more than once while it is small. Each attempt reads it from the start; what the
 * client sends is read once, at the speed of the attempt that runs. Past `REPLAY_LIMIT` the start is let go as soon as
 * the running attempt has it, and there is no other attempt.
 */
export class ReplayBody {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #limit: Bytes;
  readonly #onWait: (waits: boolean) => void;
  /** From the start, or from where the start was let go. */
  #kept: Uint8Array[] = [];
  #received = 0;
  #ended = false;
  #error: unknown;
  #pulling: Promise<void> | undefined;
  /** Whose turn it is: the number of the newest reader. */
  #reader = 0;

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
    return this.#received <= REPLAY_LIMIT;
  }

  /**
   * The body from its start, for one attempt. It takes the body over: what a reader before it still asks for throws, as
   * its message must not look whole, nor may it use up what the new one has yet to send.
   */
  read(): AsyncGenerator<Uint8Array> {
    this.#reader += 1;
    return this.#chunks(this.#reader);
  }

  async *#chunks(reader: number): AsyncGenerator<Uint8Array> {
    let at = 0;
    while (reader === this.#reader) {
      if (at < this.#kept.length) {
        yield this.#kept[at++] as Uint8Array;
        continue;
      }
      if (!this.replayable) {
        this.#kept = [];
        at = 0;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await this.#pull();
    }
    throw new ProxyError('proxy_internal_error', 'another attempt has taken the request body over');
  }

  /** One read of the client at a time, whoever asks: an attempt that was given up may still be waiting for one. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#next();
    return this.#pulling;
  }

  /** What goes wrong is kept, too: an iterator that threw says "done" from then on, and the body would look whole. */
  async #next(): Promise<void> {
    this.#onWait(true);
    try {
      const { done, value } = await this.#source.next();
      if (done) this.#ended = true;
      else this.#take(value);
    } catch (error) {
      this.#error = error;
    } finally {
      this.#pulling = undefined;
      this.#onWait(false);
    }
  }

  #take(chunk: Uint8Array): void {
    this.#received += chunk.byteLength;
    if (this.#received > this.#limit) throw new ProxyError('body_too_large');
    this.#kept.push(chunk);
  }
}
