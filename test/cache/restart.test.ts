import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import type { Cache } from '../../src/cache/cache.ts';
import { Segments } from '../../src/cache/disk/segments.ts';
import { INVALIDATIONS_FILE } from '../../src/cache/invalidations-file.ts';
import { CacheMemory } from '../../src/cache/memory/cache-memory.ts';
import type { CacheResponse, Fields } from '../../src/cache/message.ts';
import type { CachedObject } from '../../src/cache/object.ts';
import type { ObjectWriter } from '../../src/cache/object-writer.ts';
import type { CachePlan } from '../../src/cache/plan.ts';
import { JOURNAL_FILE } from '../../src/cache/purge/journal.ts';
import type { CacheQuery } from '../../src/cache/query.ts';
import type { CacheRules } from '../../src/cache/rules.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { WorkerCache } from '../../src/cache/worker-cache.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { MIB } from './disk/records.ts';
import { type LoggedEvent, recordedLog } from './disk/scene.ts';
import { queryOf } from './shared.ts';

/** What is found again after the next start, and what is not. A stop writes what a kill would leave unwritten; no more is asked of it. */

const FRESH = ['cache-control', 'max-age=3600', 'etag', '"1"'];
const INDEXED = 'disk cache is indexed';

interface Lifetime {
  readonly workers?: number;
  readonly now?: () => Ms;
}

/** One life of a process, in a directory that outlives it. */
class Life {
  readonly shared: SharedCache;
  readonly workers: readonly WorkerCache[];
  readonly #events: LoggedEvent[];
  #over = false;

  /** `first`: before anything is found again. */
  static async begin(
    directory: string,
    { workers = 1, now = Date.now }: Lifetime = {},
    first: (life: Life) => void = () => {},
  ): Promise<Life> {
    const { log, events } = recordedLog();
    const plan: CachePlan = {
      memory: 4 * MIB,
      memoryObjectLimit: 100_000,
      objectLimit: MIB,
      disk: { directory, size: 64 * MIB },
      purgeFrom: [],
    };
    const shared = await SharedCache.open({ plan, workers, log, now });
    const threads = Array.from({ length: workers }, (_, worker) => {
      const thread = new WorkerCache(shared.share, { worker, workers, log });
      thread.prepare(plan, 'test');
      return thread;
    });
    shared.onRenewed = () => {
      for (const thread of threads) thread.replace(shared.share);
    };
    const life = new Life(shared, threads, events);
    atTeardown(() => life.end());
    first(life);
    await shared.recover();
    return life;
  }

  private constructor(shared: SharedCache, workers: readonly WorkerCache[], events: LoggedEvent[]) {
    this.shared = shared;
    this.workers = workers;
    this.#events = events;
  }

  cache(worker = 0): Cache {
    return this.workers[worker]?.current as Cache;
  }

  begin(query: CacheQuery, fields: Fields = FRESH): ObjectWriter {
    const cache = this.cache();
    const response = { status: 200, fields };
    const writer = cache.store(query, response, this.#context(query), cache.nextSequence(), 4);
    if (typeof writer === 'string') throw new Error(writer);
    return writer;
  }

  store(query: CacheQuery, fields?: Fields): CachedObject {
    const writer = this.begin(query, fields);
    writer.append(Buffer.from('body'));
    writer.complete();
    return writer.object;
  }

  post(query: CacheQuery, worker = 0): void {
    this.cache(worker).invalidateBy(query, 'POST', { status: 204, fields: [] });
  }

  freshen(query: CacheQuery, object: CachedObject, response: CacheResponse): CachedObject | undefined {
    return this.cache().freshen(object, response, this.#context(query), this.cache().nextSequence());
  }

  /** The disk takes no more for now. */
  pauseDisk(): void {
    const memory = this.shared.share.disk?.memory;
    if (memory !== undefined) new Segments(memory).pauseUntil(Date.now() + 1_000_000);
  }

  /** Resolves when all that was stored is on disk. */
  async written(objects: number): Promise<void> {
    await expect.poll(() => new CacheMemory(this.shared.share.memory, 0).stats().onDisk).toBe(objects);
  }

  async found(query: CacheQuery): Promise<CachedObject | undefined> {
    const found = this.cache().find(query);
    if (found.kind === 'loading') return found.object;
    return found.kind === 'object' ? found.object : undefined;
  }

  /** The memory is left half-changed; another one takes its place. */
  async renew(): Promise<void> {
    const from = this.#events.length;
    new CacheMemory(this.shared.share.memory, 0).break();
    await this.shared.workerDied(this.workers.length);
    await expect.poll(() => this.#events.slice(from).some(({ event }) => event === INDEXED)).toBe(true);
  }

  async end(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    for (const worker of this.workers) await worker.close();
    await this.shared.close();
  }

  #context(query: CacheQuery) {
    return this.cache().storeContext(query, 'GET', Date.now(), false);
  }
}

async function begin(lifetime?: Lifetime) {
  const directory = join(await tempDir('restart'), 'disk');
  const life = await Life.begin(directory, lifetime);
  const again = async (next?: Lifetime, first?: (life: Life) => void) => {
    await life.end();
    return Life.begin(directory, next, first);
  };
  return { directory, life, again };
}

const PAGE = queryOf({ target: '/page' });
const OTHER = queryOf({ target: '/other' });

const BY_DEVICE: Partial<CacheRules> = { keyHeaders: ['x-device'] };
const onDevice = (device: string, method = 'GET') =>
  queryOf({ method, target: '/device', fields: ['x-device', device] }, BY_DEVICE);

describe('what an unsafe request has made invalid', () => {
  test('is not found after the next start, other things are', async () => {
    const { life, again } = await begin();
    life.store(PAGE);
    life.store(OTHER);
    await life.written(2);
    life.post(PAGE);
    const next = await again();
    expect(await next.found(PAGE)).toBeUndefined();
    expect(await next.found(OTHER)).toBeDefined();
  });

  test('nor when the disk takes no more', async () => {
    const { life, again } = await begin();
    life.store(PAGE);
    await life.written(1);
    life.pauseDisk();
    life.post(PAGE);
    expect(await (await again()).found(PAGE)).toBeUndefined();
  });

  test('nor when it was on its way to disk, or still being fetched', async () => {
    const { life, again } = await begin();
    life.store(OTHER);
    life.post(OTHER);
    const writer = life.begin(PAGE);
    life.post(PAGE);
    writer.append(Buffer.from('body'));
    writer.complete();
    const next = await again();
    for (const query of [PAGE, OTHER]) expect(await next.found(query)).toBeUndefined();
  });

  test('nor by whatever fields its route adds to the key', async () => {
    const { life, again } = await begin();
    for (const device of ['phone', 'desk']) life.store(onDevice(device));
    await life.written(2);
    life.post(onDevice('watch', 'POST'));
    for (const device of ['phone', 'desk']) expect(await life.found(onDevice(device))).toBeUndefined();
    const next = await again();
    for (const device of ['phone', 'desk']) expect(await next.found(onDevice(device))).toBeUndefined();
  });

  test('by any worker, however many there are afterwards', async () => {
    const { life, again } = await begin({ workers: 3 });
    life.store(PAGE);
    life.store(OTHER);
    await life.written(2);
    life.post(PAGE, 2);
    const next = await again({ workers: 5 });
    expect([await next.found(PAGE), await next.found(OTHER)]).toMatchObject([undefined, {}]);
    next.post(OTHER, 4);
    expect(await next.found(OTHER)).toBeUndefined();
  });

  test('is found if it was stored since, and after two more starts as well', async () => {
    const { directory, life, again } = await begin();
    life.store(PAGE);
    life.post(PAGE);
    life.store(PAGE);
    await life.written(1);
    const next = await again();
    expect(await next.found(PAGE)).toBeDefined();
    await next.end();
    const third = await Life.begin(directory);
    expect(await third.found(PAGE)).toBeDefined();
    third.post(PAGE);
    await third.end();
    expect(await (await Life.begin(directory)).found(PAGE)).toBeUndefined();
  });

  test('does not come back when the memory begins anew', async () => {
    const { life } = await begin();
    life.store(PAGE);
    life.store(OTHER);
    await life.written(2);
    life.post(PAGE);
    await life.renew();
    expect(await life.found(PAGE)).toBeUndefined();
    expect(await life.found(OTHER)).toBeDefined();
    life.post(OTHER);
    expect(await life.found(OTHER)).toBeUndefined();
  });
});

describe('of which memory knew better', () => {
  test.each([
    { name: 'a policy as before', fields: FRESH, comesBack: true },
    { name: 'a longer lifetime', fields: ['cache-control', 'max-age=9999'], comesBack: true },
    { name: 'a shorter lifetime', fields: ['cache-control', 'max-age=60'], comesBack: false },
    { name: 'no-cache', fields: ['cache-control', 'no-cache'], comesBack: false },
    { name: 'no-store', fields: ['cache-control', 'no-store'], comesBack: false },
  ])('a 304 has brought $name: it comes back as it was is $comesBack', async ({ fields, comesBack }) => {
    const { life, again } = await begin();
    const object = life.store(PAGE);
    await life.written(1);
    expect(life.freshen(PAGE, object, { status: 304, fields })).toBeDefined();
    expect((await (await again()).found(PAGE)) !== undefined).toBe(comesBack);
  });

  test.each([
    { name: 'memory that is needed for others', evicts: true },
    { name: 'memory that begins anew', evicts: false },
  ])('a 304 has brought no-cache: it is not as it was, with $name', async ({ evicts }) => {
    const { life } = await begin();
    const object = life.store(PAGE);
    await life.written(1);
    life.freshen(PAGE, object, { status: 304, fields: ['cache-control', 'no-cache'] });
    // Of these, a thousand are four times the memory, which has to wait for the disk now and then.
    for (let i = 0; evicts && i < 1_000; i++) {
      life.store(queryOf({ target: `/${i}` }), [...FRESH, 'x-long', 'x'.repeat(16_000)]);
      if (i % 50 === 0) await life.written(i + 1);
    }
    if (!evicts) await life.renew();
    expect((await life.found(PAGE))?.stored.alwaysValidate ?? true).toBe(true);
  });

  test('it was overtaken by what is not stored', async () => {
    const { life, again } = await begin();
    const object = life.store(PAGE, ['cache-control', 'no-cache, stale-if-error=100', 'etag', '"1"']);
    life.store(OTHER);
    await life.written(2);
    life.cache().overtaken(object, 200, 'no-store');
    expect(await life.found(PAGE)).toBeUndefined();
    const next = await again();
    expect([await next.found(PAGE), await next.found(OTHER)]).toMatchObject([undefined, {}]);
  });
});

describe('nothing that is on disk is taken', () => {
  test('when it is not known what became invalid', async () => {
    const { directory, life, again } = await begin();
    life.store(PAGE);
    await life.written(1);
    rmSync(join(directory, INVALIDATIONS_FILE));
    const next = await again();
    expect(await next.found(PAGE)).toBeUndefined();
    next.store(PAGE);
    await next.written(1);
    await next.end();
    expect(await (await Life.begin(directory)).found(PAGE)).toBeDefined();
  });

  test('when it is newer than now, and who could say why is gone', async () => {
    const { directory, life, again } = await begin({ now: () => Date.now() + 1_000_000_000 });
    life.store(PAGE);
    await life.written(1);
    const kept = await again();
    expect(await kept.found(PAGE)).toBeDefined();
    await kept.end();
    rmSync(join(directory, JOURNAL_FILE));
    expect(await (await Life.begin(directory)).found(PAGE)).toBeUndefined();
  });

  test('when a clock that was set back makes its number one that is given out again, not even once that is', async () => {
    let now = Date.now();
    const { life, again } = await begin({ now: () => now });
    now += 10_000_000;
    // Its number is the clock's, and those of this worker go on from there.
    life.shared.purge([{ kind: 'tag', text: 'any' }], false);
    life.cache().nextSequence();
    life.cache().nextSequence();
    life.store(PAGE);
    await life.written(1);
    const next = await again();
    expect(await next.found(PAGE)).toBeUndefined();
    for (let i = 0; i < 10; i++) next.cache().nextSequence();
    await next.renew();
    expect(await next.found(PAGE)).toBeUndefined();
    next.store(PAGE);
    expect(await next.found(PAGE)).toBeDefined();
  });
});

describe('what may have been purged at a sibling while the node was away', () => {
  const purgedOf = async (life: Life, query: CacheQuery) => {
    const object = await life.found(query);
    return object === undefined ? 'nothing' : (object.purged ?? 'trusted');
  };

  test('is suspect until that is known, what is stored or confirmed since is not', async () => {
    const { life, again } = await begin();
    life.store(PAGE);
    life.store(OTHER);
    await life.written(2);
    const next = await again({}, ({ shared }) => shared.suspectStored());
    expect(await purgedOf(next, PAGE)).toBe('suspect');
    const object = (await next.found(PAGE)) as CachedObject;
    expect(next.freshen(PAGE, object, { status: 304, fields: FRESH })).toBeDefined();
    expect(await purgedOf(next, PAGE)).toBe('trusted');
    expect(await purgedOf(next, OTHER)).toBe('suspect');
    next.store(OTHER);
    expect(await purgedOf(next, OTHER)).toBe('trusted');
  });

  test('is good again when it was not, also where a thread has decoded it meanwhile', async () => {
    const { life, again } = await begin();
    for (const query of [PAGE, OTHER]) life.store(query);
    await life.written(2);
    const next = await again({}, ({ shared }) => shared.suspectStored());
    const object = (await next.found(PAGE)) as CachedObject;
    next.shared.purge([{ kind: 'url', text: OTHER.key }], false);
    next.shared.trustStored();
    expect(next.cache().isKept(object)).toBe(true);
    expect(object.purged).toBeUndefined();
    expect(await purgedOf(next, OTHER)).toBe('nothing');
  });

  test('is not suspect at the start after the next, if nobody says so', async () => {
    const { life, again } = await begin();
    life.store(PAGE);
    await life.written(1);
    const next = await again({}, ({ shared }) => shared.suspectStored());
    await next.end();
    expect(await purgedOf(await again(), PAGE)).toBe('trusted');
  });
});
