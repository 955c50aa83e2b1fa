import { createHash } from 'node:crypto';
import type { PoolState } from '../../operator/model.ts';
import type { AdminRequest } from '../mount.ts';
import { Problem } from '../problem.ts';

/**
 * Versions as entity tags (RFC 9110 §8.8.3, §13). A version counts changes of what an operator can change, and of
 * health; not traffic, so a 304 says that nothing was switched, not that nothing was served.
 */

export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

/** Of several pools at once. */
export function etagOfAll(pools: readonly PoolState[]): string {
  const versions = pools.map(({ name, version }) => `${name} ${version}`).join('\n');
  return `"${createHash('sha256').update(versions).digest('hex').slice(0, 16)}"`;
}

/** Whether the client has this already. */
export function isKnown(request: AdminRequest, etag: string): boolean {
  const field = request.headers['if-none-match'];
  if (field === undefined) return false;
  const tags = tagsOf(field, 'If-None-Match');
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === etag);
}

/** Throws a `Problem` when the client saw another version. Returns it, so that it is held against once more at the change. */
export function matchedVersion(request: AdminRequest, current: { readonly version: number }): number | undefined {
  const field = request.headers['if-match'];
  if (field === undefined) return undefined;
  const tags = tagsOf(field, 'If-Match');
  const etag = etagOf(current);
  if (tags !== '*' && !tags.includes(etag)) {
    throw new Problem('version-mismatch', `expected If-Match: ${etag}, got ${field}`, { headers: { ETag: etag } });
  }
  return current.version;
}

export function requireIfMatch(request: AdminRequest): void {
  if (request.headers['if-match'] !== undefined) return;
  throw new Problem('precondition-required', 'expected If-Match with the ETag of the origin, or *, got none');
}

function tagsOf(field: string, name: string): readonly string[] | '*' {
  if (field.trim() === '*') return '*';
  const tags = field.split(',').map((tag) => tag.trim());
  if (tags.every((tag) => /^(W\/)?"[\x21\x23-\x7e]*"$/.test(tag))) return tags;
  throw new Problem('bad-request', `expected ${name} with entity tags such as "17", or *`);
}
