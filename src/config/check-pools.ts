import { show } from '../base/setting.ts';
import { originRoute } from '../proxy/pool/config.ts';
import type { Draft } from './draft.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

type Pool = NonNullable<NonNullable<Draft['pools']>[string]>;
type Has = (path: Path) => boolean;

/** What one setting of a pool means for another. */
export function checkPools({ pools = {} }: Draft, has: Has): Finding[] {
  return Object.entries(pools).flatMap(([name, pool]) => {
    if (pool === undefined) return [];
    const path = ['pools', name];
    return [
      ...hashIsUsed(pool, path, has),
      ...notAllAreSpares(pool, path),
      ...checksEndInTime(pool, path, has),
      ...checksCanSee(pool, path, has),
      ...ejectionsGrow(pool, path),
      ...stickyIsOneOfTwo(pool, path, has),
      ...routesTellOrigins(pool, path),
    ];
  });
}

function* hashIsUsed({ balance }: Pool, path: Path, has: Has): Generator<Finding> {
  if (balance === 'consistent-hash' || !has([...path, 'hash_on'])) return;
  const message = `is for balance: consistent-hash, got balance: ${balance}`;
  yield { path: [...path, 'hash_on'], atKey: true, message };
}

function* notAllAreSpares({ origins }: Pool, path: Path): Generator<Finding> {
  if (origins.some(({ role }) => role !== 'spare')) return;
  yield { path: [...path, 'origins'], message: 'expected an origin that is not a spare, got spares alone' };
}

/** A check that takes longer than it is to the next would have two under way. */
function* checksEndInTime({ health_check: check }: Pool, path: Path, has: Has): Generator<Finding> {
  // Where the file does not say it, it is shorter by itself.
  if (check === 'off' || check.timeout <= check.interval || !has([...path, 'health_check', 'timeout'])) return;
  const message = `expected at most interval (${check.interval}ms), got ${check.timeout}ms`;
  yield { path: [...path, 'health_check', 'timeout'], message };
}

/** What is never looked at would be taken for good, and what never comes for bad. */
function* checksCanSee({ health_check: check }: Pool, path: Path, has: Has): Generator<Finding> {
  if (check === 'off') return;
  const at = [...path, 'health_check'];
  if (check.type === 'tcp') {
    for (const setting of ['path', 'method', 'expect', 'body']) {
      if (has([...at, setting])) yield { path: [...at, setting], atKey: true, message: 'is for type: http, got tcp' };
    }
  } else if (check.method === 'HEAD' && check.body !== undefined) {
    yield { path: [...at, 'body'], atKey: true, message: 'is for method: GET, got HEAD, whose answers have none' };
  }
}

function* ejectionsGrow({ outlier }: Pool, path: Path): Generator<Finding> {
  if (outlier === 'off' || outlier.eject_for <= outlier.max_eject_for) return;
  const message = `expected at most max_eject_for (${outlier.max_eject_for}ms), got ${outlier.eject_for}ms`;
  yield { path: [...path, 'outlier', 'eject_for'], message };
}

function* stickyIsOneOfTwo({ sticky }: Pool, path: Path, has: Has): Generator<Finding> {
  if (sticky === 'off') return;
  const at = [...path, 'sticky'];
  const { cookie, route_of: routeOf } = sticky;
  if ((cookie === undefined) === (routeOf === undefined)) {
    const got = cookie === undefined ? 'neither' : 'both';
    yield { path: at, message: `expected either cookie or route_of, got ${got}` };
  }
  if (sticky.same_site === 'none' && sticky.secure === 'never') {
    yield { path: [...at, 'secure'], message: 'expected auto or always beside same_site: none, got never' };
  }
  if (routeOf === undefined || cookie !== undefined) return;
  for (const setting of ['same_site', 'secure', 'lifetime']) {
    if (!has([...at, setting])) continue;
    yield { path: [...at, setting], atKey: true, message: 'is for a cookie of our own, got route_of' };
  }
}

/** What a cookie says has to lead to one origin. */
function* routesTellOrigins({ sticky, origins }: Pool, path: Path): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [index, origin] of origins.entries()) {
    const at = [...path, 'origins', index];
    const route = originRoute(origin);
    const first = seen.get(route);
    if (first !== undefined && origin.route !== undefined) {
      const message = `${show(route)} is already at ${formatPath(first)}, expected it once`;
      yield { path: [...at, 'route'], message };
    }
    if (first === undefined) seen.set(route, at);
    if (sticky === 'off' || sticky.route_of === undefined || !route.includes('.')) continue;
    yield { path: at, message: `expected a route beside sticky.route_of, as the name has a dot, got ${show(route)}` };
  }
}
