import type { Bytes } from '../../base/units.ts';

const NOTHING = Buffer.alloc(0);

/** Bytes that came in on a connection and that nobody has taken yet. */
export class Unread {
  bytes: Buffer = NOTHING;
  /** Memory of our own that `bytes` is a part of, and where in it they end. */
  #room: Buffer = NOTHING;
  #end: Bytes = 0;

  /**
   * Adds what came. Room doubles where it runs out: who sends byte by byte makes us copy each of them a few times, not
   * thousands. What was taken before stays as it is, for whoever has it.
   */
  add(chunk: Buffer): void {
    if (this.bytes.length === 0) {
      this.bytes = chunk;
      return;
    }
    if (this.#room.length - this.#end < chunk.length) this.#grow(chunk.length);
    chunk.copy(this.#room, this.#end);
    const start = this.#end - this.bytes.length;
    this.#end += chunk.length;
    this.bytes = this.#room.subarray(start, this.#end);
  }

  /** Takes the first `count`. */
  take(count: Bytes): void {
    if (count < this.bytes.length) this.bytes = this.bytes.subarray(count);
    else this.clear();
  }

  /** For memory that was only lent: what is left of it becomes our own. */
  keep(): void {
    if (this.bytes.length > 0 && this.#room.length === 0) this.#grow(0);
  }

  clear(): void {
    this.bytes = NOTHING;
    this.#room = NOTHING;
    this.#end = 0;
  }

  #grow(more: Bytes): void {
    const { bytes } = this;
    const room = Buffer.allocUnsafeSlow(2 * (bytes.length + more));
    bytes.copy(room);
    this.#room = room;
    this.#end = bytes.length;
    this.bytes = room.subarray(0, this.#end);
  }
}
