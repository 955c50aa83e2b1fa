import { describe, expect, test } from 'vitest';
import type { Cache } from '../../src/cache/cache.ts';
import { CacheCounters } from '../../src/cache/counters.ts';
import { Invalidations } from '../../src/cache/invalidations.ts';
import { CacheMemory } from '../../src/cache/memory/cache-memory.ts';
import type { CachePlan } from '../../src/cache/plan.ts';
import { BanBoard } from '../../src/cache/purge/ban-board.ts';
import type { CacheQuery } from '../../src/cache/query.ts';
import type { CacheShare } from '../../src/cache/share.ts';
import { WorkerCache } from '../../src/cache/worker-cache.ts';
import { queryOf } from './shared.ts';

const MIB = 1024 * 1024;
const SIZE = { bytes: MIB, entries: 100, seats: 2 };
const URL = 'https://www.example.com/';

const PLAN: CachePlan = {
  memory: MIB,
  memoryObjectLimit: MIB / 4,
  objectLimit: MIB / 4,
  disk: undefined,
  purgeFrom: [],
};

const LOG = { debug() {}, info() {}, warn() {}, error() {} };

function made(): { share: CacheShare; worker: WorkerCache; cache: Cache } {
  const share: CacheShare = {
    memory: CacheMemory.allocate(SIZE),
    bans: BanBoard.allocate({ bans: [], sequence: 1 }),
    counters: CacheCounters.allocate(2),
    stamps: new SharedArrayBuffer(4 * 1024),
    invalidations: Invalidations.allocate(),
    disk: undefined,
  };
  const worker = new WorkerCache(share, { worker: 0, workers: 1, log: LOG });
  worker.prepare(PLAN, 'edge-1');
  return { share, worker, cache: worker.current as Cache };
}

/** As what is read again from disk: its number says when it was fetched. */
function restored(cache: Cache, query: CacheQuery, sequence: number): string {
  const response = { status: 200, fields: ['cache-control', 'max-age=60', 'content-length', '0'] };
  const writer = cache.store(query, response, cache.storeContext(query, 'GET', Date.now(), false), sequence, 0);
  if (typeof writer === 'string') return writer;
  writer.complete();
  return cache.find(query).kind;
}

describe('between the loss of its memory and the next one', () => {
  test.each([
    ['a purge', (cache: Cache) => cache.purge([{ kind: 'url', text: URL }], false)],
    [
      'an unsafe request',
      (cache: Cache) => cache.invalidateBy(queryOf({ target: '/' }), 'POST', { status: 204, fields: [] }),
    ],
  ])('%s holds for what is found again', (_, undo) => {
    const { share, worker, cache } = made();
    const query = queryOf({ target: '/' });
    const sequence = cache.nextSequence();
    new CacheMemory(share.memory, 1).break();
    expect(worker.current).toBeDefined();
    undo(worker.current as Cache);
    worker.replace({ ...share, memory: CacheMemory.allocate({ ...SIZE, seed: share.memory.seed }) });
    const next = worker.current as Cache;
    expect(restored(next, query, sequence)).toBe('none');
    expect(restored(next, query, next.nextSequence())).toBe('object');
  });

  test('nothing is found and nothing is stored', () => {
    const { share, worker, cache } = made();
    const query = queryOf({ target: '/' });
    expect(restored(cache, query, cache.nextSequence())).toBe('object');
    new CacheMemory(share.memory, 1).break();
    expect(worker.current?.recall(query)).toBeUndefined();
    expect(restored(cache, query, cache.nextSequence())).toBe('no-room');
    expect(cache.join(query, '')).toBeUndefined();
  });
});
