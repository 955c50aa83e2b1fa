import { describe, expect, test } from 'vitest';
import { SlotAllocator } from '../../src/workers/slots.ts';

const idle = () => false;

describe('a row of the table', () => {
  test('is one name’s own, and the same for as long as it is in use', () => {
    const slots = new SlotAllocator(3);
    expect([slots.take('a'), slots.take('b'), slots.take('a')]).toEqual([0, 1, 0]);
    slots.release(new Set(['a', 'b']), idle);
    expect([slots.take('b'), slots.take('a'), slots.take('c')]).toEqual([1, 0, 2]);
  });

  test('is free for another name once its own is no longer used', () => {
    const slots = new SlotAllocator(2);
    slots.take('a');
    slots.take('b');
    slots.release(new Set(['b']), idle);
    expect(slots.take('c')).toBe(0);
    expect(slots.take('b')).toBe(1);
  });

  test('stays its name’s while requests are counted in it, and is free after the next release', () => {
    const slots = new SlotAllocator(2);
    const row = slots.take('a');
    slots.release(new Set(), (slot) => slot === row);
    expect(slots.take('b')).not.toBe(row);
    expect(slots.take('a')).toBe(row);
    slots.release(new Set(['b']), idle);
    expect(slots.take('c')).toBe(row);
  });

  test('is refused when there is none, and given again when there is', () => {
    const slots = new SlotAllocator(2);
    slots.take('a');
    slots.take('b');
    for (let i = 0; i < 3; i++) expect(() => slots.take('c')).toThrow(RangeError);
    expect(slots.take('a')).toBe(0);
    slots.release(new Set(['a']), idle);
    expect(slots.take('c')).toBe(1);
    expect(() => slots.take('d')).toThrow('more than 2');
  });

  test('is told of each time that a name gets it, and not while it keeps it', () => {
    const given: number[] = [];
    const slots = new SlotAllocator(2, (slot) => given.push(slot));
    slots.take('a');
    slots.take('a');
    slots.take('b');
    slots.release(new Set(['b']), idle);
    slots.take('c');
    expect(given).toEqual([0, 1, 0]);
    expect(slots.names).toEqual(['b', 'c']);
  });

  test('is never given twice, through many reloads', () => {
    const slots = new SlotAllocator(50);
    for (let reload = 0; reload < 100; reload++) {
      const names = Array.from({ length: 25 }, (_, i) => `origin ${reload * 7 + i}`);
      const rows = names.map((name) => slots.take(name));
      expect(new Set(rows).size).toBe(names.length);
      expect(Math.max(...rows)).toBeLessThan(50);
      slots.release(new Set(names), idle);
    }
  });
});
