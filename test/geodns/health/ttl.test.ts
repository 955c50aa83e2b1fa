import { describe, expect, test } from 'vitest';
import { DatacenterTable } from '../../../src/geodns/health/table.ts';
import { limitedTtl, NO_LIMIT, ttlLimit } from '../../../src/geodns/health/ttl.ts';

const NOW = 1_700_000_000_000;

describe('the limit before a change', () => {
  test.each([
    { name: 'is none when none is due', due: undefined, limit: NO_LIMIT },
    { name: 'is the time to it, in whole seconds', due: 12_999, limit: 12 },
    { name: 'is 5 s at least', due: 1000, limit: 5 },
    { name: 'is 5 s when it is overdue', due: -60_000, limit: 5 },
    { name: 'is none that no TTL reaches', due: 100 * 366 * 86_400_000, limit: NO_LIMIT },
  ])('$name', ({ due, limit }) => {
    expect(ttlLimit(due === undefined ? undefined : NOW + due, NOW)).toBe(limit);
  });
});

describe('the TTL of an answer', () => {
  /** Datacenters 0 to 3: whether each is in service, and its limit. */
  function table(...each: readonly (readonly [serving: boolean, limit?: number])[]): DatacenterTable {
    const made = DatacenterTable.create(each.length);
    for (const [position, [serving, limit = NO_LIMIT]] of each.entries()) made.set(position, serving, limit);
    return made;
  }

  test.each([
    { name: "is its record's, as a rule", of: table([true], [true]), order: [0, 1], picked: [0], ttl: 60 },
    { name: 'is the limit of the one that it has', of: table([true, 9], [true]), order: [0, 1], picked: [0], ttl: 9 },
    { name: "is its record's where the limit is longer", of: table([true, 90]), order: [0], picked: [0], ttl: 60 },
    { name: 'does not mind one that it has not', of: table([true], [true, 9]), order: [0, 1], picked: [0], ttl: 60 },
    { name: 'minds one that may come back', of: table([false, 9], [true]), order: [0, 1], picked: [1], ttl: 9 },
    { name: 'does not mind one of other orders', of: table([true], [false, 9]), order: [0], picked: [0], ttl: 60 },
    { name: 'is the least of all that it has', of: table([true, 9], [true, 7]), order: [0, 1], picked: [0, 1], ttl: 7 },
    { name: 'minds all when all are out', of: table([false], [false, 9]), order: [0, 1], picked: [0], ttl: 9 },
    { name: 'is 0 where the record says so', of: table([true, 9]), order: [0], picked: [0], record: 0, ttl: 0 },
  ])('$name', ({ of, order, picked, record = 60, ttl }) => {
    expect(limitedTtl(record, order, picked, of)).toBe(ttl);
  });
});
