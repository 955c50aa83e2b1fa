import { describe, expect, test } from 'vitest';
import { LARGE, MEDIUM, type PageSize, Pages, SMALL, UNITS_IN } from '../../../src/cache/memory/pages.ts';
import { Random } from './random.ts';

const MEBIBYTE = 2 ** 20;

function pages(bytes = MEBIBYTE): Pages {
  return new Pages(Pages.allocate(bytes));
}

describe('the arena', () => {
  test.each([
    { bytes: 1, chunks: [2 ** 18] },
    { bytes: 256 * MEBIBYTE, chunks: [1006 * 2 ** 18] },
    { bytes: 600 * MEBIBYTE, chunks: [2 ** 28, 2 ** 28, 310 * 2 ** 18] },
  ])('of $bytes bytes keeps its bookkeeping within them, and chunks of 256 MiB', ({ bytes, chunks }) => {
    const memory = Pages.allocate(bytes);
    expect(memory.chunks.map((chunk) => chunk.byteLength)).toEqual(chunks);
    const all = [...memory.chunks, memory.cells, memory.links].reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > 1) expect(all).toBeLessThanOrEqual(bytes);
  });

  test('of 100 GiB can be had, and one too large for a link is refused', () => {
    expect(pages(100 * 2 ** 30).free * 256).toBeGreaterThan(98 * 2 ** 30);
    expect(() => Pages.allocate(200 * 2 ** 30)).toThrow(RangeError);
  });

  test('gives pages of each size that lie side by side, in the order of their addresses', () => {
    const arena = pages();
    expect([arena.take(LARGE), arena.take(LARGE)]).toEqual([0, 1024]);
    expect([arena.take(MEDIUM), arena.take(MEDIUM)]).toEqual([2048, 2080]);
    expect([arena.take(SMALL), arena.take(SMALL)]).toEqual([2112, 2113]);
  });

  test('has no large page for who wants less, nor when none is whole', () => {
    const arena = pages(2 ** 18);
    expect([31, 32, 1023, 1024].map((units) => arena.sizeFor(units))).toEqual([SMALL, MEDIUM, MEDIUM, LARGE]);
    arena.take(SMALL);
    expect([31, 32, 1023, 1024].map((units) => arena.sizeFor(units))).toEqual([SMALL, MEDIUM, MEDIUM, MEDIUM]);
    for (let i = 0; i < 31; i++) arena.take(MEDIUM);
    expect(arena.sizeFor(1024)).toBe(SMALL);
  });

  test('is whole again when all parts were given back, in whatever order', () => {
    const random = new Random(1);
    const arena = pages();
    const before = arena.whole;
    const units = Array.from({ length: arena.total }, () => arena.take(SMALL));
    expect([arena.free, new Set(units).size]).toEqual([0, arena.total]);
    while (units.length > 0) {
      const at = random.below(units.length);
      arena.give(units[at] as number, SMALL);
      units[at] = units.at(-1) as number;
      units.pop();
    }
    expect(arena.whole).toEqual(before);
    expect(arena.take(LARGE) % 1024).toBe(0);
  });

  test('knows of each unit whether it is used, whatever was taken, split and given back', () => {
    const random = new Random(3);
    const arena = pages(2 * MEBIBYTE);
    const taken: { unit: number; size: PageSize }[] = [];
    const used = new Set<number>();
    const mark = (unit: number, count: number, how: 'add' | 'delete'): void => {
      for (let i = unit; i < unit + count; i++) used[how](i);
    };
    for (let i = 0; i < 20_000; i++) {
      if (random.below(100) < 52 && arena.free > 1024) {
        const size = arena.sizeFor(random.pick([1, 40, 2000]));
        const unit = arena.take(size);
        mark(unit, UNITS_IN[size], 'add');
        taken.push({ unit, size });
      } else if (taken.length > 0) {
        const [{ unit, size }] = taken.splice(random.below(taken.length), 1) as [{ unit: number; size: PageSize }];
        mark(unit, UNITS_IN[size], 'delete');
        if (size === SMALL || random.below(3) > 0) arena.give(unit, size);
        else {
          const kept = 1 + random.below(UNITS_IN[size] - 1);
          arena.split(unit, size, kept);
          mark(unit, kept, 'add');
          const mediums = size === LARGE ? kept >> 5 : 0;
          for (let m = 0; m < mediums; m++) taken.push({ unit: unit + 32 * m, size: MEDIUM });
          for (let s = mediums * 32; s < kept; s++) taken.push({ unit: unit + s, size: SMALL });
        }
      }
      if (i % 1000 === 0) arena.check((unit) => used.has(unit));
      if (arena.free !== arena.total - used.size) throw new Error(`${arena.free} are free`);
    }
    for (const { unit, size } of taken) arena.give(unit, size);
    expect(arena.whole).toEqual(pages(2 * MEBIBYTE).whole);
  });

  test('tells when a unit is leaked', () => {
    const arena = pages();
    const unit = arena.take(SMALL);
    expect(() => arena.check(() => false)).toThrow(`unit ${unit} is leaked`);
  });
});
