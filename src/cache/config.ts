import { z } from 'zod';
import { isPathPattern, PATH_PATTERN, PATH_PATTERN_START } from '../base/path-pattern.ts';
import { cidr, duration, expected, path, percent, size, text } from '../base/setting.ts';
import type { Bytes } from '../base/units.ts';

/** `cache:` at the top, in sites and in routes, and `compress:` beside the latter two. */

const diskSettings = z.strictObject({
  directory: path('the path of a directory').describe(
    'Where objects are kept across restarts; made with mode 0700 when it is not there. For this node alone.',
  ),
  size: size({ min: '64MiB' }).describe('How much the files in it may take together.'),
});

export const cacheSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        memory: size({ min: '1MiB' })
          .prefault('256MiB')
          .describe('Memory for objects, shared by all workers. A change needs a restart.'),
        memory_object_limit: size({ min: '1KiB' })
          .prefault('100KiB')
          .describe('The largest object in memory when there is a disk tier: larger ones are on disk only.'),
        object_limit: size({ min: '1KiB' })
          .prefault('32MiB')
          .describe(
            'The largest object that is stored at all: at most a quarter of the memory, through which all come, and of the disk tier.',
          ),
        disk: diskSettings.optional().describe('The disk tier. Absent: there is none. A change needs a restart.'),
        purge_from: z
          .array(cidr())
          .default(['127.0.0.1/32'])
          .describe('Clients that may send PURGE requests; others are refused (403). Empty: nobody.'),
        tell_status: z
          .boolean()
          .default(true)
          .describe('Whether replies say in Cache-Status what the cache did (RFC 9211). The access log always does.'),
      }),
    ],
    expected('off or a map'),
  )
  .prefault({});

/** Of a tier one object takes no more than this share: others must have room beside it. */
const OBJECT_SHARE = 1 / 4;

/** The largest object that may be asked for in these tiers together: on its way to disk it is in memory. */
export function objectCeiling({ memory, disk }: TierSettings): Bytes {
  return Math.floor(Math.min(memory, disk?.size ?? memory) * OBJECT_SHARE);
}

const refreshSettings = z.strictObject({
  path: text(PATH_PATTERN, isPathPattern, PATH_PATTERN_START).describe(
    '"/prefix", "= /exact" or "~ regular expression", matched against the decoded path.',
  ),
  min: lifetime().prefault('0').describe('The least freshness lifetime.'),
  percent: percent().prefault('20%').describe('Freshness lifetime as a share of Date − Last-Modified.'),
  max: lifetime().prefault('3d').describe('The greatest freshness lifetime.'),
});

/** What a site says of its cache; each has a default. Descriptions stand within, so that routes have them as well. */
const SITE = {
  default_ttl: lifetimeOrOff()
    .describe(
      'Freshness lifetime of a response that does not say it itself. off: 20% of Date − Last-Modified, at most 3d.',
    )
    .prefault('off'),
  ttl: lifetimeOrOff()
    .describe(
      'Freshness lifetime in place of whatever a response says; what forbids storing still does. off: as it says.',
    )
    .prefault('off'),
  stale_while_revalidate: lifetimeOrOff()
    .describe(
      'How long beyond its freshness a response is served while it is revalidated, unless it says so itself (RFC 5861).',
    )
    .prefault('off'),
  stale_if_error: lifetimeOrOff()
    .describe(
      'How long beyond its freshness a response is served when an origin fails, unless it says so itself (RFC 5861).',
    )
    .prefault('off'),
  ignore_query: z
    .union(
      [z.boolean(), z.array(parameterName())],
      expected('true, false or a list of query parameters such as [fbclid, utm_*]'),
    )
    .describe('Query parameters that do not tell one URL from another: true for all, or a list; utm_* is a prefix.')
    .default(false),
  key_headers: z
    .array(token('the name of a header field'))
    .describe('Request fields whose values tell one object from another, even when Vary does not name them.')
    .default([]),
  vary_cookies: z
    .array(token('the name of a cookie'))
    .describe('Where a response varies by Cookie, only these cookies count. Empty: all of them.')
    .default([]),
  set_cookie: z
    .enum(['bypass', 'strip', 'store'])
    .describe('A response with Set-Cookie is not stored, stored and served without it, or stored with it.')
    .default('bypass'),
  refresh: z
    .array(refreshSettings)
    .describe('Freshness lifetime by path, for responses that do not say it themselves; the first match wins.')
    .default([]),
};

/** What holds in a route that switches on what its site switched off. */
export const SITE_CACHE_DEFAULTS = z.strictObject(SITE).parse({});

export const siteCacheSettings = z.union([z.literal('off'), z.strictObject(SITE)], expected('off or a map'));
export const routeCacheSettings = z.union(
  [z.literal('off'), z.strictObject(withoutDefaults(SITE))],
  expected('off or a map'),
);

const codings = 'off or a list of zstd, br and gzip';
export const compressSettings = z
  .union([z.literal('off'), z.array(z.enum(['zstd', 'br', 'gzip']))], expected(codings))
  .describe('Codings, best first, into which text and the like is compressed when it is stored. Empty: off.');

export type CacheSettings = z.output<typeof cacheSettings>;
export type TierSettings = Exclude<CacheSettings, 'off'>;
export type SiteCacheSettings = z.output<typeof siteCacheSettings>;
export type RouteCacheSettings = z.output<typeof routeCacheSettings>;
export type CompressSettings = z.output<typeof compressSettings>;

/** The same settings where nothing stands for what is not said. */
function withoutDefaults<T extends Record<string, z.ZodDefault | z.ZodPrefault>>(
  shape: T,
): { [Name in keyof T]: z.ZodOptional<ReturnType<T[Name]['unwrap']>> } {
  return Object.fromEntries(
    Object.entries(shape).map(([name, each]) => [name, z.optional(each.unwrap() as z.ZodType)]),
  ) as never;
}

/** RFC 9111 knows no limit; beyond a year it is most often a unit that was left out. */
function lifetime() {
  return duration({ max: '366d' });
}

function lifetimeOrOff() {
  return z.union([z.literal('off'), lifetime()], expected('off or a time such as 30s, 5m, 2h or 1d, at most 366d'));
}

function parameterName() {
  const name = 'a query parameter, or the beginning of one as utm_*';
  return text(name, (input) => /^[^*&=?#\s]+\*?$/.test(input), /^[^*&=?#\s]+\*?$/);
}

function token(what: string) {
  return z.string(expected(what)).regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, expected(what));
}
