import type { Ms } from '../../base/units.ts';
import { sfString, tokenOrString } from './structured.ts';

/** Cache-Status: what this cache did with a request. RFC 9211. */

/** Why a request went on to the origin. RFC 9211 §2.2. */
export type ForwardReason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial';

/** What happened to a request that was forwarded, or that waited for one that was. */
export interface ForwardStatus {
  readonly forward: ForwardReason;
  /** The origin's status, where the client gets another one. */
  readonly status?: number | undefined;
  /** What came was stored. */
  readonly stored?: boolean | undefined;
  /** Answered by what another request had fetched; `false`: it waited for that in vain, and a request of its own was made. */
  readonly collapsed?: boolean | undefined;
  readonly ttl?: Ms | undefined;
  readonly key?: string | undefined;
  /** A stable code, such as that of a decision not to store. */
  readonly detail?: string | undefined;
}

/** How this cache is called in the field, ready to be written: a token if it is one, else a string. */
export function cacheStatusName(name: string): string {
  return tokenOrString(name);
}

/** For a reply from the cache: below zero, `ttl` tells how long it has been stale. `name`: see `cacheStatusName`. */
export function hitStatus(name: string, ttl: Ms, detail?: string): string {
  const status = `${name}; hit; ttl=${ttlSeconds(ttl)}`;
  return detail === undefined ? status : `${status}; detail=${tokenOrString(detail)}`;
}

/** For a reply that was fetched. `name`: see `cacheStatusName`. */
export function forwardStatus(name: string, report: ForwardStatus): string {
  let status = `${name}; fwd=${report.forward}`;
  if (report.status !== undefined) status += `; fwd-status=${report.status}`;
  if (report.ttl !== undefined) status += `; ttl=${ttlSeconds(report.ttl)}`;
  if (report.stored === true) status += '; stored';
  if (report.collapsed !== undefined) status += report.collapsed ? '; collapsed' : '; collapsed=?0';
  if (report.key !== undefined) status += `; key=${sfString(report.key)}`;
  if (report.detail !== undefined) status += `; detail=${tokenOrString(report.detail)}`;
  return status;
}

/** For a reply of our own for want of a stored one: only-if-cached, or a request that was refused before. */
export function localStatus(name: string, detail: string): string {
  return `${name}; detail=${tokenOrString(detail)}`;
}

/** After what caches nearer to the origin said: the list goes from the origin to the client (RFC 9211 §2). */
export function appendStatus(upstream: string | undefined, status: string): string {
  return upstream === undefined || upstream === '' ? status : `${upstream}, ${status}`;
}

function ttlSeconds(ttl: Ms): number {
  return Math.floor(ttl / 1000);
}
