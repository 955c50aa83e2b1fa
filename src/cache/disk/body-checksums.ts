import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Bytes } from '../../base/units.ts';
import { BLOCK } from './record.ts';

/** What is summed without letting others have the event loop: less than a millisecond's work. */
const AT_ONCE: Bytes = 4 * 1024 * 1024;

/** The CRC-32 of each block of a body that comes in pieces of any length. */
export class BodyChecksums {
  readonly checksums: number[] = [];
  #current = 0;
  #filled: Bytes = 0;

  add(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) {
      const part = rest.length > BLOCK - this.#filled ? rest.subarray(0, BLOCK - this.#filled) : rest;
      this.#current = crc32(part, this.#current);
      this.#filled += part.length;
      if (this.#filled === BLOCK) this.#endBlock();
      rest = rest.subarray(part.length);
    }
  }

  end(): number[] {
    if (this.#filled > 0) this.#endBlock();
    return this.checksums;
  }

  #endBlock(): void {
    this.checksums.push(this.#current);
    this.#current = 0;
    this.#filled = 0;
  }
}

export function bodyChecksums(body: readonly Buffer[]): number[] {
  const sums = new BodyChecksums();
  for (const piece of body) sums.add(piece);
  return sums.end();
}

/** The same for bodies of any length, of which the event loop should see as little as possible. */
export async function largeBodyChecksums(body: readonly Buffer[]): Promise<number[]> {
  const sums = new BodyChecksums();
  let done = 0;
  for (const piece of body) {
    for (let at = 0; at < piece.length; at += AT_ONCE) {
      const part = piece.subarray(at, at + AT_ONCE);
      sums.add(part);
      done += part.length;
      if (done < AT_ONCE) continue;
      done = 0;
      await setImmediate();
    }
  }
  return sums.end();
}
