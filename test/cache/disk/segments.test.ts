import { describe, expect, test } from 'vitest';
import { Segments } from '../../../src/cache/disk/segments.ts';

const PAGE = 4096;

function table(limitPages = 100, rows = 8): Segments {
  const segments = new Segments(Segments.allocate(rows));
  segments.setLimit(limitPages * PAGE, PAGE);
  return segments;
}

/** A sealed segment of this size. */
function sealed(segments: Segments, pages: number, owner = 0): number {
  const claimed = segments.claim(owner, pages * PAGE);
  if (claimed === undefined) throw new Error('the table is full');
  segments.open(claimed.row);
  segments.seal(claimed.row, pages * PAGE);
  return claimed.number;
}

describe('the table of segments', () => {
  test('gives numbers that rise, above those that were found', () => {
    const segments = table();
    segments.startAfter(41);
    expect([segments.adopt(40, PAGE), segments.adopt(41, PAGE)]).toEqual([true, true]);
    expect([segments.claim(0, PAGE)?.number, segments.claim(1, PAGE)?.number]).toEqual([42, 43]);
    expect([40, 41, 42, 44].map((number) => segments.isLive(number))).toEqual([true, true, false, false]);
  });

  test('counts a segment with all it may become, and when it is sealed with what it is', () => {
    const segments = table();
    const claimed = segments.claim(0, 10 * PAGE);
    if (claimed === undefined) throw new Error('the table is full');
    expect([segments.used, segments.count]).toEqual([10 * PAGE, 0]);
    segments.open(claimed.row);
    expect([segments.used, segments.count]).toEqual([10 * PAGE, 1]);
    segments.seal(claimed.row, 2 * PAGE + 1);
    expect(segments.used).toBe(3 * PAGE);
    segments.free(claimed.row);
    expect([segments.used, segments.count, segments.isLive(claimed.number)]).toEqual([0, 0, false]);
  });

  test('evicts the oldest that is sealed, never one that is written', () => {
    const segments = table();
    const open = segments.claim(0, PAGE);
    if (open === undefined) throw new Error('the table is full');
    segments.open(open.row);
    const [second, third] = [sealed(segments, 1), sealed(segments, 1)];
    const evicted = segments.evictOldest(3);
    expect(evicted?.number).toBe(second);
    expect([segments.isLive(second), segments.used]).toEqual([false, 3 * PAGE]);
    expect(segments.evictOldest(3)?.number).toBe(third);
    expect(segments.evictOldest(3)).toBeUndefined();
    expect([segments.isLive(open.number), segments.evictions]).toEqual([true, 2]);
  });

  test('is full at its last row, and finds a segment wherever its row is', () => {
    const segments = table(100, 4);
    const numbers = [sealed(segments, 1), sealed(segments, 1), sealed(segments, 1), sealed(segments, 1)];
    expect(segments.claim(0, PAGE)).toBeUndefined();
    expect(segments.adopt(99, PAGE)).toBe(false);
    const evicted = segments.evictOldest(0);
    segments.free(evicted?.row as number);
    const last = sealed(segments, 1);
    expect([...numbers, last].map((number) => segments.isLive(number))).toEqual([false, true, true, true, true]);
  });

  test('of a dead worker: what it wrote is sealed, what it began or removed is left to be removed', () => {
    const segments = table();
    const old = sealed(segments, 1);
    const [written, begun, others] = [segments.claim(2, PAGE), segments.claim(2, PAGE), segments.claim(3, PAGE)];
    if (written === undefined || begun === undefined || others === undefined) throw new Error('the table is full');
    segments.open(written.row);
    segments.open(others.row);
    expect(segments.evictOldest(2)?.number).toBe(old);
    const left = segments.abandon(2);
    expect(left.map(({ number }) => number).sort()).toEqual([old, begun.number].sort());
    for (const { row } of left) segments.free(row);
    expect(segments.used).toBe(2 * PAGE);
    expect(segments.abandon(2)).toEqual([]);
    expect([segments.evictOldest(3)?.number, segments.evictOldest(3)]).toEqual([written.number, undefined]);
  });
});
