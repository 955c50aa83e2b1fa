import { describe, expect, test } from 'vitest';
import { type Chain, EMPTY_CHAIN, PageChains } from '../../../src/cache/memory/page-chain.ts';
import { Pages, SMALL } from '../../../src/cache/memory/pages.ts';
import { content, wrongByte } from './content.ts';
import { Random } from './random.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

function scene(bytes: number): { pages: Pages; chains: PageChains } {
  const memory = Pages.allocate(bytes);
  const pages = new Pages(memory);
  return { pages, chains: new PageChains(pages, memory) };
}

function stored(chains: PageChains, seed: number, length: number): Chain {
  const units = Math.ceil(length / 256);
  const chain = chains.grow(EMPTY_CHAIN, units, units);
  chains.write(chain, EMPTY_CHAIN, 0, content(seed, 0, length));
  return chain;
}

/** An arena of which every second unit is taken. */
function sieve(bytes: number): { pages: Pages; chains: PageChains } {
  const { pages, chains } = scene(bytes);
  const units = Array.from({ length: pages.total }, () => pages.take(SMALL));
  for (const unit of units) if (unit % 2 === 1) pages.give(unit, SMALL);
  return { pages, chains };
}

describe('a chain', () => {
  test.each([
    { what: 'a head of 400 bytes', length: 400, units: 2 },
    { what: 'a body of 1 KiB', length: KIBIBYTE, units: 4 },
    { what: 'a body of 100 KiB', length: 100 * KIBIBYTE, units: 400 },
    { what: 'a body of 10 MiB and a byte', length: 10 * MEBIBYTE + 1, units: 40 * KIBIBYTE + 1 },
  ])('of $what takes no unit more than it needs, and is one piece in an arena that is not fragmented', (sample) => {
    const { pages, chains } = scene(12 * MEBIBYTE);
    const chain = stored(chains, 1, sample.length);
    expect([chain.units, pages.total - pages.free]).toEqual([sample.units, sample.units]);
    const views = chains.views(chain.first - 1, 0, 0, sample.length);
    expect(views.length).toBe(1);
    expect(wrongByte(1, 0, views)).toBe(-1);
    chains.free(chain);
    expect(pages.free).toBe(pages.total);
  });

  test('goes from one chunk to the next', () => {
    const { chains } = scene(300 * MEBIBYTE);
    const before = chains.grow(EMPTY_CHAIN, 255 * 4 * KIBIBYTE, 2 ** 30);
    const chain = stored(chains, 2, 3 * MEBIBYTE);
    expect(chain.first).toBe(before.units + 1);
    const views = chains.views(chain.first - 1, 0, 0, 3 * MEBIBYTE);
    expect(views.map((view) => view.length)).toEqual([MEBIBYTE, 2 * MEBIBYTE]);
    expect(wrongByte(2, 0, views)).toBe(-1);
  });

  test('can have all that is free, however scattered', () => {
    const { pages, chains } = sieve(MEBIBYTE);
    const length = pages.free * 256;
    const chain = stored(chains, 3, length);
    expect(pages.free).toBe(0);
    expect(wrongByte(3, 0, chains.views(chain.first - 1, 0, 0, length))).toBe(-1);
    chains.free(chain);
    expect(pages.free).toBe(pages.total / 2);
  });

  test('is read from any place to any other, from its beginning or from where reading ended', () => {
    const random = new Random(4);
    for (const { chains } of [scene(2 * MEBIBYTE), sieve(2 * MEBIBYTE)]) {
      const length = 300 * KIBIBYTE + 17;
      const chain = stored(chains, 4, length);
      let at = { unit: chain.first - 1, position: 0 };
      for (let i = 0; i < 300; i++) {
        const from = random.below(length);
        const to = from + 1 + random.below(Math.min(length - from, 20_000));
        const begin = at.position <= from ? at : { unit: chain.first - 1, position: 0 };
        const views = chains.views(begin.unit, begin.position, from, to, (position, unit) => {
          at = { unit, position };
        });
        expect(views.reduce((sum, view) => sum + view.length, 0)).toBe(to - from);
        expect(wrongByte(4, from, views)).toBe(-1);
      }
    }
  });

  test.each([1, 255, 256, 257, 8191, 8192, 8193, 100_000, 262_143, 262_144, 262_145, 600_000])(
    'of unknown length that ends after %d bytes gives back what it took beyond, and every byte stays in its place',
    (length) => {
      const { pages, chains } = scene(2 * MEBIBYTE);
      let chain = EMPTY_CHAIN;
      for (let filled = 0; filled < length; ) {
        const end = Math.min(length, filled + 5000);
        const needed = Math.ceil(end / 256) - chain.units;
        const before = chain;
        if (needed > 0) chain = chains.grow(chain, needed, chain.units);
        chains.write(chain, before, filled, content(6, filled, end));
        filled = end;
      }
      const early = chains.views(chain.first - 1, 0, 0, length);
      chain = chains.trim(chain, length);
      expect([chain.units, pages.total - pages.free]).toEqual([Math.ceil(length / 256), Math.ceil(length / 256)]);
      const late = chains.views(chain.first - 1, 0, 0, length);
      expect([wrongByte(6, 0, early), wrongByte(6, 0, late)]).toEqual([-1, -1]);
      const used = new Set<number>();
      expect(chains.visit(chain, (unit) => used.add(unit))).toBe(chain.units);
      pages.check((unit) => used.has(unit));
      chains.free(chain);
      pages.check(() => false);
    },
  );
});
