import type { Bytes, Ms } from '../base/units.ts';
import {
  type CacheSettings,
  type CompressSettings,
  objectCeiling,
  type RouteCacheSettings,
  SITE_CACHE_DEFAULTS,
  type SiteCacheSettings,
} from './config.ts';
import type { CacheRules } from './rules.ts';

/** What workers are told of the cache: plain data, made of checked settings. */

/** The tiers, and who may purge. */
export interface CachePlan {
  readonly memory: Bytes;
  /** The largest body in memory. Without a disk tier it is `objectLimit`. */
  readonly memoryObjectLimit: Bytes;
  /** The largest body that is stored at all. */
  readonly objectLimit: Bytes;
  /** The directory by its absolute path. */
  readonly disk: { readonly directory: string; readonly size: Bytes } | undefined;
  readonly purgeFrom: readonly string[];
}

/** What a site and a route say of the cache; a route may say nothing. */
export interface CacheSaid {
  readonly cache?: RouteCacheSettings | undefined;
  readonly compress?: CompressSettings | undefined;
}

/** `undefined`: `cache: off`. A limit at its default that is too large for small tiers is brought down to what fits. */
export function planCache(settings: CacheSettings): CachePlan | undefined {
  if (settings === 'off') return undefined;
  const { memory, disk, purge_from: purgeFrom } = settings;
  const objectLimit = Math.min(settings.object_limit, objectCeiling(settings));
  const memoryObjectLimit = disk === undefined ? objectLimit : Math.min(settings.memory_object_limit, objectLimit);
  return { memory, memoryObjectLimit, objectLimit, disk, purgeFrom };
}

/** What a route does not say, its site says, field by field; a map in a route is on, whatever the site is. */
export function planRules(
  top: CacheSettings,
  site: { readonly cache: SiteCacheSettings; readonly compress: CompressSettings },
  route: CacheSaid,
  staleBeforeSplash: Ms,
): CacheRules {
  const { cache = site.cache, compress = site.compress } = route;
  const base: SiteMap = site.cache === 'off' ? SITE_CACHE_DEFAULTS : site.cache;
  const over = route.cache === undefined || route.cache === 'off' ? {} : (route.cache as Partial<SiteMap>);
  const said = <Name extends keyof SiteMap>(name: Name): SiteMap[Name] => over[name] ?? base[name];
  return {
    enabled: top !== 'off' && cache !== 'off',
    defaultTtl: orUndefined(said('default_ttl')),
    ttl: orUndefined(said('ttl')),
    staleWhileRevalidate: orUndefined(said('stale_while_revalidate')),
    staleIfError: orUndefined(said('stale_if_error')),
    ignoreQuery: said('ignore_query'),
    keyHeaders: [...new Set(said('key_headers').map((name) => name.toLowerCase()))].sort(),
    varyCookies: said('vary_cookies'),
    setCookie: said('set_cookie'),
    refresh: said('refresh'),
    staleBeforeSplash,
    compress: compress === 'off' ? [] : [...new Set(compress)],
    tellStatus: top !== 'off' && top.tell_status,
  };
}

type SiteMap = Exclude<SiteCacheSettings, 'off'>;

function orUndefined(lifetime: Ms | 'off'): Ms | undefined {
  return lifetime === 'off' ? undefined : lifetime;
}
