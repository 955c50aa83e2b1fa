import { describe, expect, test } from 'vitest';
import { EntryTable, HASH_HIGH, HASH_LOW, REVISION, VERSION } from '../../../src/cache/memory/entry-table.ts';

function linked(table: EntryTable, high: number, low: number): number {
  const slot = table.take();
  table.set(slot, HASH_HIGH, high);
  table.set(slot, HASH_LOW, low);
  table.link(slot);
  return slot;
}

function all(table: EntryTable, hash: { high: number; low: number }): number[] {
  const slots: number[] = [];
  for (let slot = table.first(hash); slot !== 0; slot = table.after(slot, hash)) slots.push(slot);
  return slots.sort();
}

describe('the entry table', () => {
  test('gives slots densely, then those that came back, then none', () => {
    const table = new EntryTable(EntryTable.allocate(3));
    expect([table.take(), table.take(), table.take(), table.take()]).toEqual([1, 2, 3, 0]);
    table.give(2);
    expect([table.used, table.take(), table.take(), table.highest]).toEqual([2, 2, 0, 3]);
  });

  test('finds all slots of one hash among those that share the bucket', () => {
    const table = new EntryTable(EntryTable.allocate(7));
    const first = [linked(table, 1, 8), linked(table, 1, 8)];
    const other = linked(table, 2, 8);
    const neighbour = linked(table, 1, 0);
    expect(all(table, { high: 1, low: 8 })).toEqual(first);
    expect(all(table, { high: 2, low: 8 })).toEqual([other]);
    expect(all(table, { high: 1, low: 0 })).toEqual([neighbour]);
    for (const slot of [first[0] as number, neighbour]) table.unlink(slot);
    expect(all(table, { high: 1, low: 8 })).toEqual([first[1]]);
    expect(all(table, { high: 1, low: 0 })).toEqual([]);
    expect([...table.linkedSlots()].sort()).toEqual([first[1], other]);
  });

  test('goes on counting revisions and versions when a slot is given to another', () => {
    const table = new EntryTable(EntryTable.allocate(1));
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const slot = table.take();
      expect(seen.has(table.load(slot, REVISION))).toBe(false);
      seen.add(table.load(slot, REVISION));
      table.add(slot, VERSION, 1);
      table.give(slot);
    }
    expect(table.load(1, VERSION)).toBe(200);
  });

  test.each([0, -1, 2 ** 26])('of %d entries is refused', (capacity) => {
    expect(() => EntryTable.allocate(capacity)).toThrow(RangeError);
  });
});
