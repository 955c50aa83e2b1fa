import { type Entry, type FileOrigins, holding, type Kept, keptOf } from './kept.ts';
import type { Configured } from './model.ts';
import type { FileOrigin, FilePool, FilePools } from './parts.ts';

/** The pools of a file with what operators added and removed. Pure. */

type IdOf = (origin: FileOrigin) => string;

/** What the file says, in the form in which it is compared. */
export function fileOrigins(pools: FilePools, idOf: IdOf): FileOrigins {
  return new Map(
    Object.entries(pools).map(([name, { origins }]) => [
      name,
      new Map(origins.map((origin) => [idOf(origin), configuredOf(origin)])),
    ]),
  );
}

export function configuredOf({ url, weight, role = 'primary', set = 0, route }: FileOrigin): Configured {
  return { url, weight, role, set, ...(route !== undefined && { route }) };
}

function routeIn(entry: Entry): string | undefined {
  return entry.kind === 'override' ? entry.value?.values.route : undefined;
}

/** What of this holds with this file, whatever the time. */
export function keptWith(kept: Kept, pools: FilePools, idOf: IdOf): Kept {
  return holding(kept, fileOrigins(pools, idOf), Number.NEGATIVE_INFINITY);
}

/** A removed origin that still has requests, and so stays where it is. */
export interface Lingering {
  readonly pool: string;
  readonly id: string;
  readonly configured: Configured;
}

export function adjusted<Pool extends FilePool>(
  pools: Readonly<Record<string, Pool>>,
  kept: Kept,
  idOf: IdOf,
  lingering: readonly Lingering[],
): Record<string, Pool> {
  const holds = keptWith(kept, pools, idOf);
  return Object.fromEntries(
    Object.entries(pools).map(([name, pool]) => {
      const lingers = lingering.filter((each) => each.pool === name);
      const origins = originsOf(name, pool.origins, holds, idOf, lingers);
      return [name, origins === pool.origins ? pool : { ...pool, origins }];
    }),
  );
}

function originsOf(
  pool: string,
  origins: FilePool['origins'],
  holds: Kept,
  idOf: IdOf,
  lingering: readonly Lingering[],
): FilePool['origins'] {
  const ids = new Set(origins.map(idOf));
  const stays = (id: string) =>
    keptOf(holds, 'removed', pool, id) === undefined || lingering.some((each) => each.id === id);
  const added = [...holds.values()].flatMap((entry) =>
    entry.kind === 'added' && entry.pool === pool && entry.value !== null
      ? [{ name: entry.id, ...configuredOf(entry.value) }]
      : [],
  );
  const leaving = lingering.filter(({ id }) => !ids.has(id)).map(({ id, configured }) => ({ name: id, ...configured }));
  const stay = origins.filter((origin) => stays(idOf(origin)));
  const isRouted = [...holds.values()].some((entry) => entry.pool === pool && routeIn(entry) !== undefined);
  if (stay.length === origins.length && added.length + leaving.length === 0 && !isRouted) return origins;
  return [...stay, ...added, ...leaving].map((origin) => {
    const route = keptOf(holds, 'override', pool, idOf(origin))?.values.route;
    return route === undefined ? origin : { ...origin, route };
  });
}
