import type { Bytes } from '../../base/units.ts';
import { LONGEST_MESSAGE, PIECE } from './tcp-limits.ts';

/** Collects messages, each behind its length, for one write: one call of the system, and mostly one packet, for all of them. */
export class Outbox {
  readonly #bytes = Buffer.allocUnsafeSlow(PIECE + 2 + LONGEST_MESSAGE);
  #length = 0;

  get length(): Bytes {
    return this.#length;
  }

  add(message: Buffer, length: Bytes): void {
    this.#length = this.#bytes.writeUInt16BE(length, this.#length);
    message.copy(this.#bytes, this.#length, 0, length);
    this.#length += length;
  }

  /** All of it, in memory of its own: a socket keeps what it cannot send at once. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(taken, 0, 0, this.#length);
    this.#length = 0;
    return taken;
  }

  clear(): void {
    this.#length = 0;
  }
}
