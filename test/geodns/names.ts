import type { WireName } from '../../src/geodns/model.ts';
import { nameFromText, ROOT } from '../../src/geodns/wire/name.ts';
import { Problem } from '../../src/geodns/wire/problem.ts';

/** A name that is known to be one. */
export function name(text: string): WireName {
  const read = nameFromText(text, ROOT);
  if (read instanceof Problem) throw read;
  return read;
}

/** Bytes that look random, and are the same in each run: xorshift. */
export function randomBytes(seed: number): (count: number) => Buffer {
  let state = seed;
  return (count) => {
    const bytes = Buffer.alloc(count);
    for (let i = 0; i < count; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[i] = state >>> 11;
    }
    return bytes;
  };
}
