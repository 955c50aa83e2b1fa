import { describe, expect, test } from 'vitest';
import {
  cacheSettings,
  compressSettings,
  routeCacheSettings,
  type SiteCacheSettings,
  siteCacheSettings,
} from '../../src/cache/config.ts';
import { type CachePlan, type CacheSaid, planCache, planRules } from '../../src/cache/plan.ts';
import type { CacheRules } from '../../src/cache/rules.ts';

const KIB = 1024;
const MIB = 1024 ** 2;

describe('the tiers', () => {
  test('are memory alone where nothing is said', () => {
    expect(tiers({})).toEqual({
      memory: 256 * MIB,
      memoryObjectLimit: 32 * MIB,
      objectLimit: 32 * MIB,
      disk: undefined,
      purgeFrom: ['127.0.0.1/32'],
    });
  });

  test('are none where the cache is off', () => {
    expect(planCache(cacheSettings.parse('off'))).toBeUndefined();
  });

  test.each([
    { name: 'large objects on disk only', said: { disk: disk('10GiB') }, memory: 100 * KIB, object: 32 * MIB },
    {
      name: 'no default that is too large for the memory',
      said: { memory: '1MiB' },
      memory: 256 * KIB,
      object: 256 * KIB,
    },
    {
      name: 'no default that is too large for the disk',
      said: { disk: disk('64MiB') },
      memory: 100 * KIB,
      object: 16 * MIB,
    },
    {
      name: 'none larger in memory than at all',
      said: { object_limit: '50KiB', disk: disk('1GiB') },
      memory: 50 * KIB,
      object: 50 * KIB,
    },
    {
      name: 'objects in memory up to object_limit without a disk',
      said: { object_limit: '1MiB', memory_object_limit: '1KiB' },
      memory: MIB,
      object: MIB,
    },
  ])('have $name', ({ said, memory, object }) => {
    expect(tiers(said)).toMatchObject({ memoryObjectLimit: memory, objectLimit: object });
  });

  function tiers(said: object): CachePlan | undefined {
    return planCache(cacheSettings.parse(said));
  }

  function disk(size: string): object {
    return { directory: '/var/cache/portico', size };
  }
});

describe('the rules of a site', () => {
  test('are those of RFC 9111 where it says nothing', () => {
    expect(rules({})).toEqual({
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
    });
  });

  test('are what it says, in milliseconds and fractions', () => {
    const cache = {
      default_ttl: '1h',
      ttl: 0,
      stale_while_revalidate: '30s',
      stale_if_error: '1d',
      ignore_query: ['utm_*'],
      key_headers: ['X-Region', 'Accept-Language', 'x-region'],
      vary_cookies: ['Lang'],
      set_cookie: 'strip',
      refresh: [{ path: '/a' }, { path: '~ b$', min: '1m', percent: '50%', max: '1h' }],
    };
    expect(rules({ cache, compress: ['br', 'gzip', 'br'] })).toMatchObject({
      defaultTtl: 3_600_000,
      ttl: 0,
      staleWhileRevalidate: 30_000,
      staleIfError: 86_400_000,
      ignoreQuery: ['utm_*'],
      keyHeaders: ['accept-language', 'x-region'],
      varyCookies: ['Lang'],
      setCookie: 'strip',
      refresh: [
        { path: '/a', min: 0, percent: 0.2, max: 259_200_000 },
        { path: '~ b$', min: 60_000, percent: 0.5, max: 3_600_000 },
      ],
      compress: ['br', 'gzip'],
    });
  });
});

describe('the rules of a route', () => {
  test.each([
    { name: 'what its site says', site: { ttl: '1m' }, route: {}, is: { enabled: true, ttl: 60_000 } },
    {
      name: 'its own word on one thing, and its site’s on the others',
      site: { ttl: '1m', key_headers: ['a'] },
      route: { cache: { ttl: '2m', ignore_query: true } },
      is: { ttl: 120_000, ignoreQuery: true, keyHeaders: ['a'] },
    },
    {
      name: 'what responses say, where the site has another time',
      site: { ttl: '1m', default_ttl: '1h' },
      route: { cache: { ttl: 'off' } },
      is: { ttl: undefined, defaultTtl: 3_600_000 },
    },
    {
      name: 'an empty list in place of a list',
      site: { refresh: [{ path: '/' }], vary_cookies: ['a'] },
      route: { cache: { refresh: [] } },
      is: { refresh: [], varyCookies: ['a'] },
    },
    { name: 'no cache', site: { ttl: '1m' }, route: { cache: 'off' }, is: { enabled: false } },
    { name: 'no cache, as its site', site: 'off', route: {}, is: { enabled: false } },
    {
      name: 'a cache with defaults, where its site has none',
      site: 'off',
      route: { cache: { ttl: '1m' } },
      is: { enabled: true, ttl: 60_000, setCookie: 'bypass' },
    },
    { name: 'a cache by an empty map', site: 'off', route: { cache: {} }, is: { enabled: true } },
    { name: 'compression of its own', site: {}, route: { compress: ['zstd'] }, is: { compress: ['zstd'] } },
    { name: 'no compression', site: {}, compress: ['gzip'], route: { compress: 'off' }, is: { compress: [] } },
    { name: 'the compression of its site', site: {}, compress: ['gzip'], route: {}, is: { compress: ['gzip'] } },
  ])('have $name', ({ site, compress, route, is }) => {
    expect(rules({ cache: site, compress }, route)).toMatchObject(is);
  });

  test('have no cache, whatever they say, where all of it is off', () => {
    expect(rules({ top: 'off' }, { cache: { ttl: '1m' } })).toMatchObject({ enabled: false, tellStatus: false });
    expect(rules({ top: { tell_status: false } })).toMatchObject({ enabled: true, tellStatus: false });
  });
});

interface Site {
  readonly top?: unknown;
  readonly cache?: unknown;
  readonly compress?: unknown;
}

function rules(
  { top = {}, cache = {}, compress = 'off' }: Site,
  route: { cache?: unknown; compress?: unknown } = {},
): CacheRules {
  const said: CacheSaid = {
    cache: routeCacheSettings.optional().parse(route.cache),
    compress: compressSettings.optional().parse(route.compress),
  };
  const site: SiteCacheSettings = siteCacheSettings.parse(cache);
  return planRules(cacheSettings.parse(top), { cache: site, compress: compressSettings.parse(compress) }, said, 0);
}
