import type { Bytes, Ms } from '../base/units.ts';
import { objectCeiling } from '../cache/config.ts';
import type { Draft } from './draft.ts';
import type { Finding, Path } from './problem.ts';

/** What settings of the cache mean for one another. */
export function checkCache(draft: Draft, has: (path: Path) => boolean): Finding[] {
  return [...objectsFitTheirTiers(draft, has), ...refreshRulesHaveARange(draft), ...compressionHasACache(draft, has)];
}

/** Limits that the file does not name are brought down to what fits (`planCache`); those it names are told. */
function* objectsFitTheirTiers({ cache }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  if (cache === undefined || cache === 'off') return;
  const ceiling = objectCeiling(cache);
  const objectLimit = Math.min(cache.object_limit, ceiling);
  if (has(['cache', 'object_limit']) && cache.object_limit > ceiling) {
    const tier = cache.disk !== undefined && cache.disk.size < cache.memory ? 'disk.size' : 'memory';
    yield tooLarge('object_limit', `a quarter of ${tier}`, ceiling, cache.object_limit);
  }
  if (!has(['cache', 'memory_object_limit'])) return;
  if (cache.memory_object_limit > objectLimit) {
    yield tooLarge('memory_object_limit', 'object_limit', objectLimit, cache.memory_object_limit);
  }
}

function tooLarge(name: string, bound: string, most: Bytes, got: Bytes): Finding {
  const message = `expected at most ${bound} (${written(most, SIZES)}), got ${written(got, SIZES)}`;
  return { path: ['cache', name], message };
}

function* refreshRulesHaveARange({ sites }: Draft): Generator<Finding> {
  for (const { cache, path } of placesOf(sites)) {
    if (cache === undefined || cache === 'off') continue;
    for (const [at, { min, max }] of (cache.refresh ?? []).entries()) {
      if (min <= max) continue;
      const message = `expected at most max (${written(max, TIMES)}), got ${written(min, TIMES)}`;
      yield { path: [...path, 'cache', 'refresh', at, 'min'], message };
    }
  }
}

/** Responses are compressed when they are stored, so without a cache they are not. */
function* compressionHasACache({ sites }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  for (const { cache, compress, path } of placesOf(sites)) {
    if (cache !== 'off' || compress === undefined || compress === 'off' || compress.length === 0) continue;
    if (!has([...path, 'compress'])) continue;
    const message = 'does nothing beside cache: off, as responses are compressed when they are stored';
    yield { path: [...path, 'compress'], atKey: true, message, severity: 'warning' };
  }
}

/** Every site, and every route of it. */
function* placesOf(sites: Draft['sites']) {
  for (const [index, site] of sites.entries()) {
    if (site === undefined) continue;
    yield { cache: site.cache, compress: site.compress, path: ['sites', index] as Path };
    for (const [at, { cache, compress }] of site.routes.entries()) {
      yield { cache, compress, path: ['sites', index, 'routes', at] as Path };
    }
  }
}

const SIZES: Readonly<Record<string, Bytes>> = { TiB: 1024 ** 4, GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024 };
const TIMES: Readonly<Record<string, Ms>> = { d: 86400e3, h: 3600e3, m: 60e3, s: 1e3 };

/** As it would be written in a file, in the largest unit that needs no fraction. */
function written(value: number, units: Readonly<Record<string, number>>): string {
  const unit = Object.keys(units).find((name) => value > 0 && value % (units[name] as number) === 0);
  if (unit !== undefined) return `${value / (units[unit] as number)}${unit}`;
  return value === 0 ? '0' : `${value}${units === SIZES ? 'B' : 'ms'}`;
}
