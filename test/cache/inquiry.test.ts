import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ObjectWriter } from '../../src/cache/object-writer.ts';
import type { PurgeOrder } from '../../src/cache/purge/order.ts';
import { tempDir } from '../support/temp.ts';
import { FRESH, Scene, URL, whole } from './inquiry-scene.ts';

describe('a response in memory', () => {
  test.each([
    { name: 'is fresh', response: FRESH, has: true },
    { name: 'is fresh for 30 s more', response: ['cache-control', 'max-age=31'], has: true },
    { name: 'is fresh for less', response: ['cache-control', 'max-age=29'], has: false },
    { name: 'is so old already', response: ['cache-control', 'max-age=60', 'age', '40'], has: false },
    {
      name: 'has to be validated each time',
      response: ['cache-control', 'no-cache, max-age=60', 'etag', '"1"'],
      has: false,
    },
    { name: 'is a 404 with a lifetime', response: FRESH, status: 404, has: true },
    { name: 'says nothing of its freshness', response: ['etag', '"1"'], has: false },
  ])('that $name: $has', async ({ response, status = 200, has }) => {
    const scene = await Scene.open();
    scene.store(URL, response, [], status);
    expect(scene.both()).toEqual([has, has]);
    expect(scene.pins).toBe(0);
  });

  test('is told of with what it says, and how long it is fresh', async () => {
    const scene = await Scene.open();
    scene.store();
    scene.clock.ahead = 600_000;
    const holding = scene.inquiry.ask({ scheme: 'http', host: 'www.site.test', target: '/page', fields: undefined }, 0);
    expect(holding?.stored?.key).toBe(URL);
    expect((holding?.ttl as number) / 1000).toBeCloseTo(3_000, -1);
    scene.clock.ahead = 3_600_000;
    expect(scene.both()).toEqual([false, false]);
  });

  test.each([
    { name: 'another path', url: 'http://www.site.test/pag' },
    { name: 'another scheme', url: 'https://www.site.test/page' },
    { name: 'another port', url: 'http://www.site.test:8080/page' },
    { name: 'a query', url: 'http://www.site.test/page?' },
    { name: 'a host that no site answers for', url: 'http://www.site.example/page' },
  ])('is none for $name', async ({ url }) => {
    const scene = await Scene.open();
    scene.store();
    expect(scene.both(url)).toEqual([false, false]);
  });

  test('is found under a port that is neither the usual one nor ours', async () => {
    const scene = await Scene.open();
    scene.store('http://www.site.test:8080/page');
    expect(scene.both('http://www.site.test:8080/page')).toEqual([true, true]);
  });

  test.each([
    { url: 'http://www.site.test:8443/page', has: true },
    { url: 'http://www.site.test:80/page', has: false },
  ])('is found under a port of ours, but not under one that is left out by all: $url', async ({ url, has }) => {
    const scene = await Scene.open();
    scene.store();
    expect(scene.both(url)).toEqual([has, has]);
  });

  test('is found by what of its query counts', async () => {
    const scene = await Scene.open({ rules: { ignoreQuery: ['utm_*'] } });
    scene.store(`${URL}?a=1`);
    expect(scene.both(`${URL}?utm_source=x&a=1`)).toEqual([true, true]);
  });

  test('is none where the route does not cache any more', async () => {
    const scene = await Scene.open();
    scene.store();
    Object.assign(scene.rules, { enabled: false });
    expect(scene.both()).toEqual([false, false]);
  });

  test('is known by the fields that its key has, and not without them', async () => {
    const scene = await Scene.open({ rules: { keyHeaders: ['x-device'] } });
    scene.store(URL, FRESH, ['X-Device', 'phone']);
    expect([scene.has(URL, ['x-device', 'phone']), scene.has(URL, ['x-device', 'desk']), scene.has()]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('that is only a part is none', async () => {
    const scene = await Scene.open();
    const query = scene.query(URL, { fields: ['range', 'bytes=0-3'] });
    const context = scene.cache.storeContext(query, 'GET', Date.now(), true);
    const fields = [...FRESH, 'etag', '"1"', 'content-range', 'bytes 0-3/10'];
    const part = { first: 0, complete: 10 };
    const writer = scene.cache.store(query, { status: 206, fields }, context, scene.cache.nextSequence(), 4, part);
    whole(writer as ObjectWriter);
    expect(scene.both()).toEqual([false, false]);
  });

  test.each([
    { name: 'with a length is there', length: 4, has: true },
    { name: 'without a length is not, as it may grow too long', length: 'unknown' as const, has: false },
  ])('that is still coming, $name', async ({ length, has }) => {
    const scene = await Scene.open();
    const writer = scene.begin(URL, FRESH, [], 200, length);
    expect(scene.both()).toEqual([has, has]);
    whole(writer);
    expect(scene.both()).toEqual([true, true]);
  });

  test('is still there while the next one is coming', async () => {
    const scene = await Scene.open();
    scene.store();
    scene.begin(URL, FRESH, [], 200, 'unknown');
    expect(scene.both()).toEqual([true, true]);
  });

  test.each([
    { wish: 'no-cache', has: false },
    { wish: 'max-age=0', has: false },
    { wish: 'min-fresh=7200', has: false },
    { wish: 'max-age=600, only-if-cached', has: true },
    { wish: 'max-stale', has: true },
  ])('is held against the wishes of the request: $wish', async ({ wish, has }) => {
    const scene = await Scene.open();
    scene.store();
    expect(scene.has(URL, ['cache-control', wish])).toBe(has);
  });
});

describe('of variants', () => {
  const VARIED = [...FRESH, 'vary', 'Accept-Language'];

  test('the one that the fields select is found', async () => {
    const scene = await Scene.open();
    scene.store(URL, VARIED, ['Accept-Language', 'de']);
    scene.store(URL, VARIED, ['Accept-Language', 'fr']);
    const has = ['de', 'fr', 'en'].map((language) => scene.has(URL, ['accept-language', language]));
    expect([...has, scene.has(URL, [])]).toEqual([true, true, false, false]);
  });

  test('a blind question finds the only one', async () => {
    const scene = await Scene.open();
    scene.store(URL, VARIED, ['accept-language', 'de']);
    expect(scene.has()).toBe(true);
    scene.store(URL, VARIED, ['accept-language', 'de']);
    expect(scene.has()).toBe(true);
  });

  test('a blind question finds none of several', async () => {
    const scene = await Scene.open();
    scene.store(URL, VARIED, ['accept-language', 'de']);
    scene.store(URL, VARIED, ['accept-language', 'fr']);
    expect(scene.has()).toBe(false);
    expect(scene.pins).toBe(0);
  });

  test('codings that the route makes are told apart as for a client', async () => {
    const scene = await Scene.open({ rules: { compress: ['gzip'] } });
    scene.store(URL, [...FRESH, 'vary', 'accept-encoding'], ['accept-encoding', 'gzip, br']);
    expect([scene.has(URL, ['accept-encoding', 'gzip']), scene.has(URL, [])]).toEqual([true, false]);
  });
});

const PURGES: readonly { name: string; order: PurgeOrder }[] = [
  { name: 'its URL', order: { kind: 'url', text: URL } },
  { name: 'a prefix', order: { kind: 'prefix', text: 'http://www.site.test/' } },
  { name: 'everything', order: { kind: 'all' } },
];

describe('what was purged is not there', () => {
  const tag: PurgeOrder = { kind: 'tag', text: 'news' };

  test.each([...PURGES, { name: 'its tag', order: tag }])('by $name, hard or soft', async ({ order }) => {
    const scene = await Scene.open();
    for (const soft of [false, true]) {
      scene.store(URL, [...FRESH, 'surrogate-key', 'news']);
      expect(scene.both()).toEqual([true, true]);
      scene.purge(order, soft);
      expect(scene.both()).toEqual([false, false]);
    }
  });

  test('but what was stored since is', async () => {
    const scene = await Scene.open();
    scene.purge({ kind: 'all' });
    scene.store();
    expect(scene.both()).toEqual([true, true]);
  });

  test('nor what an unsafe request made invalid, nor what was being fetched then', async () => {
    const scene = await Scene.open();
    const writer = scene.begin(URL);
    scene.cache.invalidateBy(scene.query(URL, { method: 'POST' }), 'POST', { status: 204, fields: [] });
    whole(writer);
    expect(scene.both()).toEqual([false, false]);
  });
});

describe('a response on disk alone', () => {
  test.each([
    { name: 'fresh for long', response: FRESH, has: true },
    { name: 'fresh for less than it should be', response: ['cache-control', 'max-age=29'], has: false },
    { name: 'to be validated', response: ['cache-control', 'no-cache, max-age=60', 'etag', '"1"'], has: false },
  ])('is known after a restart: $name', async ({ response, has }) => {
    const next = await restarted((scene) => scene.store(URL, response));
    expect(next.both()).toEqual([has, has]);
    next.clock.ahead = 3_600_000;
    expect(next.both()).toEqual([false, false]);
  });

  test('is known in its variants', async () => {
    const varied = [...FRESH, 'vary', 'accept-language'];
    const next = await restarted((scene) => {
      scene.store(URL, varied, ['accept-language', 'de']);
      scene.store(URL, varied, ['accept-language', 'fr']);
    }, 2);
    expect([next.has(URL, ['accept-language', 'fr']), next.has(URL, []), next.has()]).toEqual([true, false, false]);
  });

  test('is known when its memory was given to others, and purges are held against it', async () => {
    const scene = await Scene.open({ directory: await directory() });
    // It is older than this one only by the index's own numbers, which count something else.
    for (let i = 0; i < 50; i++) scene.cache.nextSequence();
    scene.purge({ kind: 'all' });
    scene.store();
    await scene.onDisk(1);
    await evict(scene);
    expect(scene.both()).toEqual([true, true]);
    const question = { scheme: 'http', host: 'www.site.test', target: '/page', fields: undefined } as const;
    expect(scene.inquiry.ask(question, 0)?.stored).toBeUndefined();
    for (const wish of ['max-age=60', 'no-cache', 'min-fresh=7200'])
      expect(scene.has(URL, ['cache-control', wish])).toBe(false);
    scene.purge({ kind: 'url', text: 'http://www.site.test/other' });
    expect(scene.both()).toEqual([true, true]);
    scene.purge({ kind: 'url', text: URL }, true);
    expect(scene.both()).toEqual([false, false]);
    expect(scene.pins).toBe(0);
  });

  test.each(PURGES)('is not there when $name was purged', async ({ order }) => {
    const next = await restarted((scene) => scene.store());
    next.purge(order);
    expect(next.both()).toEqual([false, false]);
  });

  test('is as fresh as its record says, not as a 304 said that memory knows no more', async () => {
    const scene = await Scene.open({ directory: await directory() });
    scene.store(URL, ['cache-control', 'max-age=60', 'etag', '"1"']);
    await scene.onDisk(1);
    const query = scene.query(URL);
    const found = scene.cache.find(query);
    if (found.kind !== 'object') throw new Error('not found');
    const context = scene.cache.storeContext(query, 'GET', Date.now(), false);
    const response = { status: 304, fields: ['cache-control', 'max-age=3600', 'etag', '"1"'] };
    scene.cache.freshen(found.object, response, context, scene.cache.nextSequence());
    scene.clock.ahead = 600_000;
    expect(scene.both()).toEqual([true, true]);
    await evict(scene);
    expect(scene.both()).toEqual([false, false]);
    scene.clock.ahead = 0;
    expect(scene.both()).toEqual([true, true]);
  });
});

test('goes on with the memory that takes the place of a broken one', async () => {
  const scene = await Scene.open();
  scene.store();
  scene.memory.break();
  expect(scene.both()).toEqual([false, false]);
  await scene.shared.workerDied(0);
  scene.store();
  expect(scene.both()).toEqual([true, true]);
});

async function directory(): Promise<string> {
  return join(await tempDir('inquiry'), 'disk');
}

/** A node that has on disk alone what `begin` has stored. */
async function restarted(begin: (scene: Scene) => void, objects = 1): Promise<Scene> {
  const path = await directory();
  const first = await Scene.open({ directory: path });
  begin(first);
  await first.onDisk(objects);
  await first.close();
  const next = await Scene.open({ directory: path });
  await next.onDisk(objects);
  return next;
}

/** Stores more than there is memory, until nothing of what was there is in memory. */
async function evict(scene: Scene): Promise<void> {
  const long = [...FRESH, 'x-long', 'x'.repeat(16_000)];
  for (let i = 1; i <= 400; i++) {
    scene.store(`http://www.site.test/${i}`, long);
    if (i % 50 === 0) await scene.onDisk(i + 1);
  }
}
