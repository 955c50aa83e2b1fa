import { describe, expect, test } from 'vitest';
import { type Ask, ModelCache, type Purge, type Reply, type Resource } from './model.ts';
import { type CacheUnderTest, expectAgreement } from './play.ts';
import { makeSteps } from './steps.ts';

describe('the model cache', () => {
  test('answers from what it stored until its lifetime is over, and says how old that is', () => {
    const cache = modelWith({ policy: 30 });
    expect(cache.request(get('/a/etag'))).toEqual({ status: 200, body: '/a/etag version 1.', age: 0, forwarded: 1 });
    cache.advance(29);
    expect(cache.request(get('/a/etag'))).toMatchObject({ age: 29, forwarded: 0 });
    cache.advance(1);
    expect(cache.request(get('/a/etag'))).toMatchObject({ age: 0, forwarded: 1 });
  });

  test.each(['no-store', 'no-cache', 0] as const)('asks the origin each time where it says %s', (policy) => {
    const cache = modelWith({ policy });
    cache.request(get('/a/etag'));
    expect(cache.request(get('/a/etag'))).toMatchObject({ forwarded: 1 });
  });

  test('keeps variants apart, and a HEAD gets the one for GET', () => {
    const cache = modelWith({ policy: 30 });
    cache.request(get('/a/etag/v', 'en'));
    expect(cache.request(get('/a/etag/v', 'fr'))).toMatchObject({ forwarded: 1 });
    expect(cache.request({ ...get('/a/etag/v', 'en'), method: 'HEAD' })).toMatchObject({ body: '', forwarded: 0 });
  });

  test('forgets a resource, all variants of it, after a POST', () => {
    const cache = modelWith({ policy: 30 });
    cache.request(get('/a/etag/v', 'en'));
    cache.request({ ...get('/a/etag/v', 'fr'), method: 'POST' });
    expect(cache.request(get('/a/etag/v', 'en'))).toMatchObject({ forwarded: 1 });
  });

  test.each<[Purge, boolean]>([
    [{ kind: 'url', what: '/a/etag', soft: false }, true],
    [{ kind: 'url', what: '/a/', soft: false }, false],
    [{ kind: 'prefix', what: '/a/', soft: false }, true],
    [{ kind: 'prefix', what: '/b/', soft: false }, false],
    [{ kind: 'tag', what: 'red', soft: false }, true],
    [{ kind: 'tag', what: 'blue', soft: false }, false],
    [{ kind: 'all', soft: false }, true],
    [{ kind: 'all', soft: true }, true],
  ])('purges by %j: %s', (purge, purged) => {
    const cache = modelWith({ policy: 30, tag: 'red' });
    cache.request(get('/a/etag'));
    cache.purge(purge);
    expect(cache.request(get('/a/etag')).forwarded).toBe(purged ? 1 : 0);
  });

  test.each([
    { name: 'shows what is stale', policy: 30, soft: undefined, status: 200 },
    { name: 'shows what was purged softly', policy: 300, soft: true, status: 200 },
    { name: 'has nothing that was purged', policy: 300, soft: false, status: 'unreachable' },
    {
      name: 'does not show what must be validated',
      policy: 'no-cache' as const,
      soft: undefined,
      status: 'unreachable',
    },
  ])('$name while the origin cannot be reached', ({ policy, soft, status }) => {
    const cache = modelWith({ policy });
    cache.request(get('/a/etag'));
    cache.advance(60);
    if (soft !== undefined) cache.purge({ kind: 'all', soft });
    cache.reach(false);
    expect(cache.request(get('/a/etag'))).toMatchObject({ status, forwarded: 0 });
  });
});

describe('the comparison', () => {
  test('makes the same steps for the same seed, of every kind', () => {
    expect(makeSteps(1, 300)).toEqual(makeSteps(1, 300));
    const kinds = new Set(makeSteps(1, 300).map(({ step }) => step));
    expect([...kinds].sort()).toEqual(['advance', 'change', 'purge', 'reach', 'request']);
  });

  test('finds nothing where both are the same', async () => {
    for (let seed = 1; seed <= 20; seed++) await expectAgreement(seed, 300, async () => new Subject());
  });

  test.each<[string, () => Subject]>([
    [
      'forgets to purge',
      () =>
        new (class extends Subject {
          override async purge() {}
        })(),
    ],
    [
      'purges for good what it should keep as stale',
      () =>
        new (class extends Subject {
          override purge(purge: Purge) {
            return super.purge({ ...purge, soft: false });
          }
        })(),
    ],
    [
      'mixes up variants',
      () =>
        new (class extends Subject {
          override request(ask: Ask) {
            return super.request({ ...ask, language: 'en' });
          }
        })(),
    ],
    [
      'is a second late',
      () =>
        new (class extends Subject {
          override advance(seconds: number) {
            super.advance(seconds - 1);
          }
        })(),
    ],
  ])('finds a cache that %s, and tells it in a few steps', async (_, create) => {
    const found = await firstDisagreement(async () => create());
    expect(found).toMatch(/^seed \d+:\n/);
    expect(found.split('\n').length).toBeLessThan(12);
  });
});

/** The model itself, as something to be compared with the model. */
class Subject implements CacheUnderTest {
  readonly #cache = new ModelCache();

  async request(ask: Ask): Promise<Reply> {
    return this.#cache.request(ask);
  }

  async purge(purge: Purge): Promise<void> {
    this.#cache.purge(purge);
  }

  advance(seconds: number): void {
    this.#cache.advance(seconds);
  }

  change(path: string, resource: Resource): void {
    this.#cache.change(path, resource);
  }

  reach(reachable: boolean): void {
    this.#cache.reach(reachable);
  }

  async close(): Promise<void> {}
}

async function firstDisagreement(create: () => Promise<CacheUnderTest>): Promise<string> {
  for (let seed = 1; seed <= 20; seed++) {
    try {
      await expectAgreement(seed, 200, create);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return 'none';
}

function modelWith(resource: Partial<Resource>): ModelCache {
  const cache = new ModelCache();
  for (const path of ['/a/etag', '/a/etag/v']) {
    cache.change(path, { version: 1, status: 200, policy: 30, tag: 'red', ...resource });
  }
  return cache;
}

function get(path: string, language?: Ask['language']): Ask {
  return { method: 'GET', path, language };
}
