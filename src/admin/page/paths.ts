import type { OriginId } from '../../operator/commands.ts';

/** Where pages are. */

export const CACHE_PATH = '/cache';
export const PURGE_PATH = '/cache/purge';
export const SIBLINGS_PATH = '/siblings';
export const DNS_PATH = '/dns';
export const ADDRESSES_PATH = '/addresses';

export function poolPath(pool: string): string {
  return `/pools/${encodeURIComponent(pool)}`;
}

export function maintenancePath(pool: string): string {
  return `${poolPath(pool)}/maintenance`;
}

export function originPath({ pool, id }: OriginId): string {
  return `${poolPath(pool)}/origins/${encodeURIComponent(id)}`;
}

export function datacenterPath(name: string): string {
  return `${DNS_PATH}/datacenters/${encodeURIComponent(name)}`;
}

/** As `anchorOf` of an origin. */
export function datacenterAnchor(name: string): string {
  return `datacenter-${encodeURIComponent(name)}`;
}

export function addressPath(instance: string): string {
  return `${ADDRESSES_PATH}/${encodeURIComponent(instance)}`;
}

/** As `anchorOf` of an origin. */
export function addressAnchor(instance: string): string {
  return `addresses-${encodeURIComponent(instance)}`;
}

/** The id of an origin's row, and the fragment that leads there. */
export function anchorOf({ pool, id }: OriginId): string {
  return `${encodeURIComponent(pool)}/${encodeURIComponent(id)}`;
}

/** Where to go when something is done: to the page it was asked from. Anything else that is asked for is not believed. */
export function backPath(asked: string | null | undefined, pool: string): string {
  return asked === '/' ? '/' : poolPath(pool);
}
