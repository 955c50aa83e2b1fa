import { describe, expect, test } from 'vitest';
import { hashOf, sameHash } from '../../../src/cache/memory/hash.ts';

const SEED = { high: 0x12345678, low: 0x0badcafe };

const urls = Array.from(
  { length: 200_000 },
  (_, i) => `https://www.example.com/section/${i % 97}/page-${i}.html?id=${i}`,
);

describe('the hash of a key', () => {
  test('is the same for the same text and seed, and another for another seed', () => {
    const again = ['https://', 'www.example.com/'].join('');
    expect(sameHash(hashOf(SEED, 'https://www.example.com/'), hashOf(SEED, again))).toBe(true);
    expect(sameHash(hashOf(SEED, again), hashOf({ high: 1, low: 1 }, again))).toBe(false);
  });

  test.each([
    ['', '\0'],
    ['a', 'a\0'],
    ['abcd', 'abcde'],
    ['abcdefg', 'abcdegf'],
    ['https://a/b', 'https://a/c'],
    ['\x7f', '\xff'],
  ])('differs for %j and %j', (a, b) => {
    expect(sameHash(hashOf(SEED, a), hashOf(SEED, b))).toBe(false);
  });

  test.each(['high', 'low'] as const)('fills the buckets of its %s half evenly', (half) => {
    const buckets = new Uint32Array(1024);
    for (const url of urls)
      buckets[hashOf(SEED, url)[half] & 1023] = (buckets[hashOf(SEED, url)[half] & 1023] as number) + 1;
    const mean = urls.length / buckets.length;
    const chiSquared = buckets.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 1023 degrees of freedom: a standard deviation is 45.
    expect(Math.abs(chiSquared - 1023)).toBeLessThan(5 * 45);
  });

  test('has no more equal halves than chance, and no equal whole', () => {
    const halves = [new Set<number>(), new Set<number>()] as const;
    const wholes = new Set<string>();
    for (const url of urls) {
      const { high, low } = hashOf(SEED, url);
      halves[0].add(high);
      halves[1].add(low);
      wholes.add(`${high} ${low}`);
    }
    // n² / 2^33 = 4.7 pairs are expected.
    for (const half of halves) expect(urls.length - half.size).toBeLessThan(20);
    expect(wholes.size).toBe(urls.length);
  });

  test('changes half of its bits for one bit of the text', () => {
    let flipped = 0;
    let compared = 0;
    for (const url of urls.slice(0, 2000)) {
      const before = hashOf(SEED, url);
      const at = compared % url.length;
      const changed = url.slice(0, at) + String.fromCharCode(url.charCodeAt(at) ^ 1) + url.slice(at + 1);
      const after = hashOf(SEED, changed);
      flipped += bits(before.high ^ after.high) + bits(before.low ^ after.low);
      compared += 1;
    }
    expect(Math.abs(flipped / compared - 32)).toBeLessThan(0.5);
  });
});

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
