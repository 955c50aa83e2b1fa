import { describe, expect, test } from 'vitest';
import type { Cache } from '../../src/cache/cache.ts';
import type { CachedObject } from '../../src/cache/object.ts';
import type { CacheQuery } from '../../src/cache/query.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { WorkerCache } from '../../src/cache/worker-cache.ts';
import { atTeardown } from '../support/teardown.ts';
import { MIB } from './disk/records.ts';
import { recordedLog } from './disk/scene.ts';
import { queryOf } from './shared.ts';

const FRESH = ['cache-control', 'max-age=3600', 'etag', '"1"'];

async function begin(memory = 4 * MIB) {
  const { log } = recordedLog();
  let clock = Date.now();
  const plan = { memory, memoryObjectLimit: MIB, objectLimit: MIB, disk: undefined, purgeFrom: [] };
  const shared = await SharedCache.open({ plan, workers: 1, log, now: () => clock });
  const worker = new WorkerCache(shared.share, { worker: 0, workers: 1, log });
  worker.prepare(plan, 'test');
  atTeardown(async () => {
    await worker.close();
    await shared.close();
  });
  const pass = (ms: number) => {
    clock += ms;
  };
  return { shared, cache: worker.current as Cache, pass };
}

function store(cache: Cache, query: CacheQuery, fields: readonly string[] = FRESH, status = 200): CachedObject {
  const context = cache.storeContext(query, 'GET', Date.now(), false);
  const writer = cache.store(query, { status, fields }, context, cache.nextSequence(), 4);
  if (typeof writer === 'string') throw new Error(writer);
  writer.append(Buffer.from('body'));
  writer.complete();
  return writer.object;
}

async function urls(shared: SharedCache, count = 1000): Promise<string[]> {
  const keys = shared.hottest(count);
  const found: string[] = [];
  for (let piece = await keys.next(7); piece.length > 0; piece = await keys.next(7)) {
    expect(piece.length).toBeLessThanOrEqual(7);
    found.push(...piece.map(({ url }) => url.replace('https://www.example.com/', '')));
  }
  return found;
}

const at = (target: string) => queryOf({ target: `/${target}` });

describe('what is asked for most', () => {
  test('comes first, and no more than is wanted', async () => {
    const { shared, cache } = await begin();
    const objects = Array.from({ length: 40 }, (_, i) => store(cache, at(String(i))));
    for (const [i, object] of objects.entries()) for (let hit = 0; hit < i % 4; hit++) cache.touch(object);
    const found = await urls(shared);
    expect(found).toHaveLength(40);
    expect(found.map((each) => Number(each) % 4)).toEqual([3, 2, 1, 0].flatMap((heat) => Array(10).fill(heat)));
    expect(await urls(shared, 10)).toEqual(found.slice(0, 10));
  });

  test('is told by what selects it among its variants', async () => {
    const { shared, cache } = await begin();
    const vary = [...FRESH, 'vary', 'Accept-Language, Accept-Encoding'];
    const query = queryOf({ target: '/v', fields: ['Accept-Language', 'de, en;q=0.5', 'Accept-Encoding', 'br, gzip'] });
    store(cache, query, vary);
    const [key, ...more] = await shared.hottest(10).next(10);
    expect(more).toEqual([]);
    expect(key).toMatchObject({ url: 'https://www.example.com/v', bytes: 4 });
    expect(cache.find(queryOf({ target: '/v', fields: [...(key?.fields ?? [])] })).kind).toBe('object');
    expect(key?.fields).toEqual(['accept-encoding', 'gzip, br', 'accept-language', 'de, en;q=0.999']);
  });

  test('is left out when it is stale, purged, made invalid, to be validated, or no 200', async () => {
    const { shared, cache, pass } = await begin();
    for (const name of ['good', 'purged', 'soft', 'posted']) store(cache, at(name));
    store(cache, at('short'), ['cache-control', 'max-age=10']);
    store(cache, at('no-cache'), ['cache-control', 'no-cache', 'etag', '"1"']);
    store(cache, at('missing'), FRESH, 404);
    store(cache, queryOf({ target: '/by-device', fields: ['x-device', 'a'] }, { keyHeaders: ['x-device'] }));
    shared.purge([{ kind: 'url', text: at('purged').key }], false);
    shared.purge([{ kind: 'url', text: at('soft').key }], true);
    cache.invalidateBy(at('posted'), 'POST', { status: 204, fields: [] });
    pass(20_000);
    expect(await urls(shared)).toEqual(['good']);
  });

  test('is nothing of what is only being fetched, or has been evicted', async () => {
    const { shared, cache } = await begin(MIB);
    cache.join(at('flight'), '');
    const query = at('filling');
    cache.store(query, { status: 200, fields: FRESH }, cache.storeContext(query, 'GET', 0, false), 1, 4);
    expect(await urls(shared)).toEqual([]);
    for (let i = 0; i < 6000; i++) store(cache, at(String(i)));
    const found = await urls(shared, 10_000);
    expect(found.length).toBeGreaterThan(500);
    expect(found.length).toBeLessThan(3000);
  });

  test('keeps others waiting for no more than some milliseconds', async () => {
    const { shared, cache } = await begin(16 * MIB);
    for (let i = 0; i < 20_000; i++) store(cache, at(String(i)));
    let longest = 0;
    let last = performance.now();
    const turns = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    atTeardown(() => clearInterval(turns));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const keys = shared.hottest(20_000);
    let count = 0;
    for (let piece = await keys.next(10_000); piece.length > 0; piece = await keys.next(10_000)) count += piece.length;
    expect(count).toBe(20_000);
    expect(longest).toBeLessThan(100);
  });
});
