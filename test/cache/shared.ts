import type { BodySink } from '../../src/cache/body.ts';
import { CacheMemory } from '../../src/cache/memory/cache-memory.ts';
import { NO_VARIANT } from '../../src/cache/memory/hash.ts';
import { CachedObject } from '../../src/cache/object.ts';
import { CacheQuery } from '../../src/cache/query.ts';
import type { CacheRules } from '../../src/cache/rules.ts';
import type { StoredResponse } from '../../src/cache/stored.ts';
import { encodeHead } from '../../src/cache/stored-head.ts';
import { Watch } from '../../src/cache/watch.ts';
import { storedResponse } from './conditional/stored.ts';
import { cacheRequest } from './select/request.ts';

/** What one thread has of a memory that several share. */
export interface Thread {
  readonly memory: CacheMemory;
  readonly watch: Watch;
}

export function threads(count = 2): Thread[] {
  const handle = CacheMemory.allocate({ bytes: 1024 * 1024, entries: 100, seats: count });
  return Array.from({ length: count }, (_, seat) => {
    const memory = new CacheMemory(handle, seat);
    return { memory, watch: new Watch(memory) };
  });
}

/** An object whose body begins to come, with the pin of who fills it. */
export function filling(
  { memory }: Thread,
  key: string,
  length?: number,
  rest: Partial<StoredResponse> = {},
): CachedObject {
  const stored = storedResponse([], { key, ...rest });
  const found = memory.claim(memory.hashOf(key), () => undefined, {
    spec: 0,
    variant: NO_VARIANT,
    after: Number.POSITIVE_INFINITY,
  });
  if (found === undefined) throw new Error('the index is full');
  const head = encodeHead(stored);
  if (!memory.publish(found.slot, { head, spec: 0, variant: NO_VARIANT, length })) throw new Error('no room');
  return new CachedObject(stored, found.slot, found.revision, length, undefined);
}

/** One that is whole, and has a pin. */
export function complete(thread: Thread, key: string, body: Buffer): CachedObject {
  const object = filling(thread, key, body.length);
  thread.memory.append(object.slot, body);
  thread.memory.complete(object.slot);
  return object;
}

export const RULES: CacheRules = {
  enabled: true,
  defaultTtl: undefined,
  ttl: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  ignoreQuery: false,
  keyHeaders: [],
  varyCookies: [],
  setCookie: 'bypass',
  refresh: [],
  staleBeforeSplash: 0,
  compress: [],
  tellStatus: true,
};

export function queryOf(request: Parameters<typeof cacheRequest>[0], rules: Partial<CacheRules> = {}): CacheQuery {
  return new CacheQuery(cacheRequest(request), 'https', 'www.example.com', { ...RULES, ...rules }, undefined);
}

/** Takes a body, as many pieces at once as it is told to. */
export class CollectingSink implements BodySink {
  readonly pieces: Buffer[] = [];
  readonly releases: (() => void)[] = [];
  outcome: 'open' | 'ended' | 'failed' = 'open';
  /** Pieces after which it wants to be waited for. */
  takes: number;

  constructor(takes = Number.POSITIVE_INFINITY) {
    this.takes = takes;
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  piece(chunk: Uint8Array, release: () => void): boolean {
    this.pieces.push(Buffer.from(chunk));
    this.releases.push(release);
    this.takes -= 1;
    return this.takes > 0;
  }

  releaseAll(): void {
    for (const release of this.releases.splice(0)) release();
  }

  end(): void {
    this.outcome = 'ended';
  }

  failed(): void {
    this.outcome = 'failed';
  }
}
