import type { Openings } from './batch-socket.ts';
import type { BatchSystem } from './batch-system.ts';

/** Of all listen addresses of a thread. */
export const MOST_SOCKETS = 1_024;

/**
 * Which sockets a thread has open, in memory that outlives it. Node closes what it has opened itself when a thread ends; it
 * does not know of ours, and a socket that nobody reads takes its share of the queries for nothing. So the successor
 * closes what was left. A number is written as soon as it is known, and erased before it is given back, so that none
 * is ever closed that is somebody else's by now.
 *
 *     0        4        8
 *     +--------+--------+--
 *     | fd + 1 | fd + 1 |     0: free
 *     +--------+--------+--
 */
export class LeftOpen implements Openings {
  readonly #cells: Int32Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * MOST_SOCKETS);
  }

  constructor(memory: SharedArrayBuffer = LeftOpen.allocate()) {
    this.#cells = new Int32Array(memory);
  }

  opened(fd: number): void {
    const free = this.#cells.indexOf(0);
    if (free === -1) throw new RangeError(`more than ${MOST_SOCKETS} sockets`);
    this.#cells[free] = fd + 1;
  }

  closing(fd: number): void {
    const cell = this.#cells.indexOf(fd + 1);
    if (cell !== -1) this.#cells[cell] = 0;
  }

  /** For who is alone with the table: the owner that ends, or its successor. */
  closeAll({ libc }: BatchSystem): void {
    for (const [cell, value] of this.#cells.entries()) {
      if (value === 0) continue;
      this.#cells[cell] = 0;
      libc.close(value - 1);
    }
  }
}
