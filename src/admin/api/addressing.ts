import { z } from 'zod';
import type { OriginState, PoolState } from '../../operator/model.ts';
import { Problem } from '../problem.ts';
import type { ApiContext } from './context.ts';

/** How a request names a pool or an origin. */

export const poolParams = z.strictObject({ pool: z.string().describe('The name of a pool.') });

export const originParams = poolParams.extend({
  id: z.string().describe('Of an origin: its name. Or - where url or route say which one.'),
});

/** For who knows an origin by something else than its id. */
export const BY_OTHER_NAMES = {
  url: z.string().optional().describe('As it stands in the file. With - for the id.'),
  route: z.string().optional().describe("Apache's route suffix. With - for the id."),
};

interface OtherNames {
  readonly url?: string | undefined;
  readonly route?: string | undefined;
}

export function poolOf({ operator }: ApiContext, name: string): PoolState {
  const pool = operator.pool(name);
  if (pool !== undefined) return pool;
  const names = operator.pools().map((each) => each.name);
  throw new Problem('unknown-pool', `expected one of ${names.join(', ')}, got ${JSON.stringify(name)}`);
}

export function originOf(context: ApiContext, params: { pool: string; id: string }, query: OtherNames): OriginState {
  const isByOther = params.id === '-' && (query.url ?? query.route) !== undefined;
  if (isByOther) {
    const pool = poolOf(context, params.pool);
    return onlyOne(originsBy(pool, query), pool);
  }
  const origin = context.operator.origin(params);
  if (origin !== undefined) {
    // Who asked once, while it was on its way out, is told later that it is out.
    if (origin.effective === 'removing') context.removed.add(params);
    return origin;
  }
  if (context.removed.has(params)) {
    throw new Problem('removed', `${params.pool}/${params.id} was removed, and nothing runs there any more`);
  }
  throw unknown(poolOf(context, params.pool), params.id);
}

/** Those that have this url and this route; all, where neither is said. */
export function originsBy(pool: PoolState, { url, route }: OtherNames): readonly OriginState[] {
  return pool.origins.filter(
    (origin) =>
      (url === undefined || isSameUrl(origin.configured.url, url)) && (route === undefined || origin.route === route),
  );
}

function onlyOne(origins: readonly OriginState[], pool: PoolState): OriginState {
  const [origin, ...others] = origins;
  if (origin === undefined) throw unknown(pool, undefined);
  if (others.length === 0) return origin;
  const ids = origins.map(({ id }) => id).join(', ');
  throw new Problem('unknown-origin', `expected a url or route that one origin has, got that of ${ids}`);
}

function unknown({ name, origins }: PoolState, id: string | undefined): Problem {
  const ids = origins.map((origin) => origin.id).join(', ');
  const got = id === undefined ? 'another url or route' : JSON.stringify(id);
  return new Problem('unknown-origin', `expected one of ${ids} in pool ${name}, got ${got}`);
}

/** `http://a` and `http://a:80/` are one. */
function isSameUrl(a: string, b: string): boolean {
  return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href);
}
