import { randomBytes } from 'node:crypto';
import type { Bytes } from '../../src/base/units.ts';

const BLOCK = 1_000_003;
const noise = randomBytes(BLOCK);
/** Twice, so that a piece can begin anywhere. */
const twice = Buffer.concat([noise, noise]);

/** The longest piece that `patternAt` gives. */
export const PIECE: Bytes = 2 ** 19;

/**
 * A body of any size whose every byte is known: noise that repeats in a step which no buffer has, so that a piece that is
 * lost, doubled or moved does not go unseen.
 */
export function patternAt(offset: number, length: Bytes = PIECE): Buffer {
  const start = offset % BLOCK;
  return twice.subarray(start, start + length);
}

/** Follows such a body as it comes. */
export class PatternReader {
  /** How much has come. */
  received: Bytes = 0;
  /** Where it was not what it should be. */
  wrongAt: number | undefined;

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      if (!piece.equals(patternAt(this.received, piece.length))) this.wrongAt ??= this.received;
      this.received += piece.length;
    }
  }
}
