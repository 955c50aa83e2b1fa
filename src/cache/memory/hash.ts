import { randomInt } from 'node:crypto';

/** 64 bits as two signed halves. Comparing both tells keys apart, but for those that somebody made to collide. */
export interface KeyHash {
  readonly high: number;
  readonly low: number;
}

/** Of the values that the selecting fields of a request have. */
export type VariantHash = KeyHash;

/** The variant of a response without Vary, whose spec is 0. */
export const NO_VARIANT: VariantHash = { high: 0, low: 0 };

export function sameHash(a: KeyHash, b: KeyHash): boolean {
  return a.low === b.low && a.high === b.high;
}

export function randomSeed(): KeyHash {
  return { high: randomInt(2 ** 32) | 0, low: randomInt(2 ** 32) | 0 };
}

/**
 * The seeded hash of a text of latin1. Two lanes after MurmurHash3's step, four characters at a time, each fed with the
 * other's state. Not a cryptographic one: who knows the seed can make keys that collide, so full keys are compared as well.
 */
export function hashOf(seed: KeyHash, text: string): KeyHash {
  let a = seed.high ^ text.length;
  let b = seed.low;
  const { length } = text;
  for (let i = 0; i < length; i += 4) {
    let word = text.charCodeAt(i);
    if (i + 3 < length) {
      word ^= (text.charCodeAt(i + 1) << 8) ^ (text.charCodeAt(i + 2) << 16) ^ (text.charCodeAt(i + 3) << 24);
    } else {
      if (i + 1 < length) word ^= text.charCodeAt(i + 1) << 8;
      if (i + 2 < length) word ^= text.charCodeAt(i + 2) << 16;
    }
    let k = Math.imul(word, 0xcc9e2d51);
    a ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    a = (Math.imul((a << 13) | (a >>> 19), 5) + b + 0xe6546b64) | 0;
    k = Math.imul(word, 0xab0e9789);
    b ^= Math.imul((k << 16) | (k >>> 16), 0x38b34ae5);
    b = (Math.imul((b << 17) | (b >>> 15), 5) + a + 0x561ccd1b) | 0;
  }
  a = mixed((a + b) | 0);
  b = mixed((b + a) | 0);
  return { high: (a + b) | 0, low: b };
}

/** MurmurHash3's finalizer: every bit of the input moves every bit of the output. */
function mixed(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
