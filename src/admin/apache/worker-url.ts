import type { OriginState, PoolState } from '../../operator/model.ts';

/** How Apache writes the URL of a worker: without a slash at its end. */
export function workerUrl({ configured }: OriginState): string {
  return configured.url.replace(/\/$/, '');
}

/**
 * The origins of a pool at this URL: scheme and host in any case, with or without a slash at its end, encoded once more
 * than it had to be. Several only where a pool has one server several times.
 */
export function originsAt(pool: PoolState, url: string): readonly OriginState[] {
  const wanted = plain(url);
  return wanted === undefined ? [] : pool.origins.filter(({ configured }) => plain(configured.url) === wanted);
}

/** By a name in any case, with or without `balancer://`. */
export function poolNamed(pools: readonly PoolState[], text: string): PoolState | undefined {
  const name = text.replace(/^balancer:\/\//i, '');
  const lower = name.toLowerCase();
  return pools.find((pool) => pool.name === name) ?? pools.find((pool) => pool.name.toLowerCase() === lower);
}

function plain(text: string): string | undefined {
  const url = parsed(text) ?? parsed(decodedOnce(text));
  return url && `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`;
}

function parsed(text: string): URL | undefined {
  const isUrl = /^https?:\/\//i.test(text) && URL.canParse(text);
  return isUrl ? new URL(text) : undefined;
}

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
