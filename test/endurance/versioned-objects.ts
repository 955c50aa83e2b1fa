import { createCipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Bytes } from '../../src/base/units.ts';

/**
 * Objects whose every byte follows from their number, their version and the flavor that they were asked for in, so that
 * whoever gets a reply can say whether it is what its own head says. What an object is like follows from its number.
 */

export const KIB: Bytes = 1024;

/** Objects with one prefix, and with one tag. */
const GROUPS = 8;
const TAGS = 10;

export const FLAVORS = ['sweet', 'sour', 'salty'] as const;

export interface Traits {
  readonly path: string;
  readonly tag: string;
  /** Its length is told by chunks only. */
  readonly chunked: boolean;
  /** Vary: X-Flavor. */
  readonly varies: boolean;
  /** Now and then the origin breaks off within the body, or before the head. */
  readonly breaks: boolean;
  /** Never served stale. */
  readonly strict: boolean;
  /** Can be compressed. */
  readonly text: boolean;
  readonly cacheControl: string;
}

export function traitsOf(number: number): Traits {
  const breaks = number % 13 === 0;
  const strict = number % 2 === 0 && !breaks;
  const text = number % 11 === 0;
  const lifetime = [1, 3600, 3, 60][number % 4];
  const stale = strict ? 'must-revalidate' : number % 7 === 0 ? 'stale-while-revalidate=60' : 'stale-if-error=60';
  return {
    path: `/group-${number % GROUPS}/${text ? 'text' : 'noise'}/${number}`,
    tag: `tag-${number % TAGS}`,
    chunked: number % 3 === 0,
    varies: number % 5 === 0,
    breaks,
    strict,
    text,
    cacheControl: `max-age=${lifetime}, ${stale}`,
  };
}

export function numberOf(path: string): number {
  return Number(path.slice(path.lastIndexOf('/') + 1));
}

/** Of no use to guess one from another. `version` is 0 or higher. */
export function bodyOf(number: number, version: number, flavor: string): Buffer {
  const name = `${number} ${version} ${flavor}`;
  const seed = crc32(name);
  const length = lengthFrom(seed);
  if (traitsOf(number).text) return Buffer.alloc(length, `${name}, as every line of this text says\n`);
  const start = seed % PERIOD;
  return TWICE.subarray(start, start + length);
}

/** From nothing to 300 KiB; most are small. */
function lengthFrom(seed: number): Bytes {
  const share = (seed >>> 8) % 100;
  const fraction = (Math.imul(seed, 0x9e3779b1) >>> 0) / 2 ** 32;
  if (share < 5) return 0;
  if (share < 50) return Math.ceil(fraction * 2 * KIB);
  if (share < 80) return Math.ceil(fraction * 20 * KIB);
  if (share < 95) return Math.ceil(fraction * 100 * KIB);
  return Math.ceil(fraction * 300 * KIB);
}

export function etagOf(version: number, flavor: string): string {
  return `"${version}-${flavor}"`;
}

/** A prime: no page or block is a multiple of it. */
const PERIOD = 1_000_003;
const NOISE = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(PERIOD));
const TWICE = Buffer.concat([NOISE, NOISE]);
