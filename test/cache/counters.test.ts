import { describe, expect, test } from 'vitest';
import { CacheCounters } from '../../src/cache/counters.ts';
import type { ScalarFamily } from '../../src/observe/metric.ts';

describe('the counters of the cache', () => {
  test.each([
    { name: 'hits by tier', count: (c: CacheCounters) => c.hit('disk'), is: 'portico_cache_hits_total{tier=disk}' },
    { name: 'stale hits', count: (c: CacheCounters) => c.staleHit(), is: 'portico_cache_stale_hits_total' },
    {
      name: 'forwards by reason',
      count: (c: CacheCounters) => c.forwarded('vary-miss'),
      is: 'portico_cache_forwards_total{reason=vary-miss}',
    },
    { name: 'hits for miss', count: (c: CacheCounters) => c.hitForMiss(), is: 'portico_cache_hit_for_miss_total' },
    { name: 'collapsed requests', count: (c: CacheCounters) => c.collapsed(), is: 'portico_cache_collapsed_total' },
    {
      name: 'stores by tier',
      count: (c: CacheCounters) => c.stored('memory'),
      is: 'portico_cache_stores_total{tier=memory}',
    },
    {
      name: 'what is not stored, by reason',
      count: (c: CacheCounters) => c.notStored('set-cookie'),
      is: 'portico_cache_not_stored_total{reason=set-cookie}',
    },
    {
      name: 'bytes beyond 32 bits',
      count: (c: CacheCounters) => c.sent('cache', 2 ** 40 + 1),
      is: 'portico_cache_body_bytes_total{source=cache}',
      by: 2 ** 40 + 1,
    },
    {
      name: 'what goes wrong with the disk',
      count: (c: CacheCounters) => c.diskError('damaged'),
      is: 'portico_cache_disk_errors_total{kind=damaged}',
    },
    {
      name: 'purges by kind',
      count: (c: CacheCounters) => c.purged('tag'),
      is: 'portico_cache_purges_total{kind=tag}',
    },
  ])('count $name, and nothing else by it', ({ count, is, by = 1 }) => {
    const counters = new CacheCounters(CacheCounters.allocate(1), 0);
    count(counters);
    expect(counted(counters.snapshot())).toEqual({ [is]: by });
  });

  test('are added up over all seats, by whichever of them', () => {
    const memory = CacheCounters.allocate(3);
    const seats = [0, 1, 2].map((seat) => new CacheCounters(memory, seat));
    for (const [seat, counters] of seats.entries()) for (let i = 0; i <= seat; i++) counters.hit('local');
    for (const counters of seats) {
      expect(counted(counters.snapshot())).toEqual({ 'portico_cache_hits_total{tier=local}': 6 });
    }
  });

  test('go on where a thread that died on their seat stopped', () => {
    const memory = CacheCounters.allocate(1);
    new CacheCounters(memory, 0).staleHit();
    const next = new CacheCounters(memory, 0);
    next.staleHit();
    expect(counted(next.snapshot())).toEqual({ portico_cache_stale_hits_total: 2 });
  });

  test('come with the gauges of the tiers that there are', () => {
    const counters = new CacheCounters(CacheCounters.allocate(1), 0);
    const memory = { objects: 2, bytes: 2048, capacity: 4096, evictions: 7 };
    expect(counted(counters.snapshot({ memory }))).toEqual({
      'portico_cache_evictions_total{tier=memory}': 7,
      'portico_cache_objects{tier=memory}': 2,
      'portico_cache_bytes{tier=memory}': 2048,
      'portico_cache_capacity_bytes{tier=memory}': 4096,
    });
  });

  test('are told from the start, at nought, under names as Prometheus wants them', () => {
    const families = new CacheCounters(CacheCounters.allocate(1), 0).snapshot();
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
    for (const { name, type, help, samples } of families) {
      expect(name).toMatch(type === 'counter' ? /^portico_cache_[a-z_]+_total$/ : /^portico_cache_[a-z_]+$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      // How often a tier made room is told by those that there are.
      if (type === 'counter' && !name.includes('evictions')) expect(samples.length).toBeGreaterThan(0);
    }
  });
});

/** What is not nought, as a metrics page would name it. */
function counted(families: readonly ScalarFamily[]): Record<string, number> {
  const lines = families.flatMap(({ name, samples }) =>
    samples.map(({ labels, value }): [string, number] => {
      const inside = Object.entries(labels).map(([label, of]) => `${label}=${of}`);
      return [inside.length === 0 ? name : `${name}{${inside.join()}}`, value];
    }),
  );
  return Object.fromEntries(lines.filter(([, value]) => value !== 0));
}
