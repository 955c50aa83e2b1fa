import { closest } from '../base/closest.ts';
import { Failure } from './command.ts';
import type { OriginReply, PoolReply } from './replies.ts';
import { visible } from './screen.ts';

/** One origin that a command is about. */
export interface Target {
  readonly pool: string;
  readonly origin: OriginReply;
}

/** `app/app1`: how it is called on the command line. */
export function nameOf({ pool, origin }: Target): string {
  return visible(`${pool}/${origin.id}`);
}

/**
 * `POOL/ORIGIN`, or `ORIGIN` alone where it is in one pool only. An origin goes by its name or its url. Throws a `Failure`
 * that says what was most likely meant.
 */
export function findTarget(text: string, pools: readonly PoolReply[]): Target {
  const slash = text.indexOf('/');
  const pool = slash === -1 ? undefined : pools.find(({ name }) => name === text.slice(0, slash));
  if (pool !== undefined) return inPool(text.slice(slash + 1), pool);
  const found = pools.flatMap(({ name, origins }) =>
    origins.filter((origin) => isCalled(origin, text)).map((origin) => ({ pool: name, origin })),
  );
  const [only] = found;
  if (only === undefined) throw new Failure(`there is no origin ${JSON.stringify(text)}${hint(text, namesIn(pools))}`);
  if (found.length === 1) return only;
  throw new Failure(`${text} is in several pools: which of ${found.map(nameOf).join(', ')}?`);
}

export function findPool(name: string, pools: readonly PoolReply[]): PoolReply {
  const found = pools.find((pool) => pool.name === name);
  if (found !== undefined) return found;
  const names = pools.map((pool) => pool.name);
  throw new Failure(`there is no pool ${JSON.stringify(name)}${hint(name, names)}`);
}

function inPool(id: string, { name, origins }: PoolReply): Target {
  const origin = origins.find((one) => isCalled(one, id));
  if (origin !== undefined) return { pool: name, origin };
  const meant = hint(
    id,
    origins.map((one) => one.id),
    `${name}/`,
  );
  throw new Failure(`pool ${name} has no origin ${JSON.stringify(id)}${meant}`);
}

function isCalled({ id, url }: OriginReply, text: string): boolean {
  return id === text || (url !== undefined && url.replace(/\/$/, '') === text.replace(/\/$/, ''));
}

/** Names of origins alone, for who left the pool out, and with it. */
function namesIn(pools: readonly PoolReply[]): readonly string[] {
  return pools.flatMap(({ name, origins }) => origins.flatMap(({ id }) => [id, `${name}/${id}`]));
}

function hint(word: string, known: readonly string[], before = ''): string {
  const meant = closest(word, known);
  return meant === undefined ? '' : `, did you mean ${before}${meant}?`;
}
