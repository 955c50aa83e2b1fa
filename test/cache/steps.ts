import { randomFrom } from '../../bench/eviction/random.ts';
import type { Ask, Language, Purge, Resource } from './model.ts';

/** What happens to a cache, one step after the other: plain data, so that it can be printed and played again. */
export type Step =
  | ({ readonly step: 'request' } & Ask)
  | { readonly step: 'purge'; readonly purge: Purge }
  | { readonly step: 'advance'; readonly seconds: number }
  | { readonly step: 'change'; readonly path: string; readonly resource: Resource }
  | { readonly step: 'reach'; readonly reachable: boolean };

const PATHS = ['/a/plain', '/a/plain/v', '/a/etag', '/a/etag/v', '/b/plain', '/b/etag', '/b/etag/v'];
const PREFIXES = ['/a/', '/a/plain', '/b/e', '/c/'];
const TAGS = ['red', 'blue', 'green'];
const POLICIES: ReadonlyArray<Resource['policy']> = [0, 1, 5, 30, 30, 300, 'no-cache', 'no-store'];
const LANGUAGES: ReadonlyArray<Language | undefined> = ['en', 'fr', undefined];
const METHODS: ReadonlyArray<Ask['method']> = ['GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'HEAD', 'POST'];

/** First the origin gets something at each path; then so many steps, most of them requests. The same for the same seed. */
export function makeSteps(seed: number, count: number): Step[] {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let version = 0;
  const change = (path: string): Step => {
    version += 1;
    const status = random() < 0.1 ? 404 : 200;
    return { step: 'change', path, resource: { version, status, policy: pick(POLICIES), tag: pick(TAGS) } };
  };
  const purge = (): Purge => {
    const soft = random() < 0.5;
    const kind = pick(['url', 'url', 'prefix', 'tag', 'all'] as const);
    if (kind === 'all') return { kind, soft };
    return { kind, what: pick({ url: PATHS, prefix: PREFIXES, tag: TAGS }[kind]), soft };
  };
  const steps = PATHS.map(change);
  let reachable = true;
  while (steps.length < PATHS.length + count) {
    const dice = random();
    if (dice < 0.7)
      steps.push({ step: 'request', method: pick(METHODS), path: pick(PATHS), language: pick(LANGUAGES) });
    else if (dice < 0.8) steps.push({ step: 'advance', seconds: pick([1, 1, 4, 10, 29, 60, 400]) });
    else if (dice < 0.88) steps.push(change(pick(PATHS)));
    else if (dice < 0.96) steps.push({ step: 'purge', purge: purge() });
    else {
      reachable = !reachable;
      steps.push({ step: 'reach', reachable });
    }
  }
  return steps;
}
