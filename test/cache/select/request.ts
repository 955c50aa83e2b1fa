import type { CacheRequest } from '../../../src/cache/message.ts';
import { fieldValue } from '../../../src/cache/select/field.ts';

/** A request of which a test says only what matters. What the cache itself reads is found in `fields`. */
export function cacheRequest({ method = 'GET', target = '/', fields = [] }: Partial<CacheRequest>): CacheRequest {
  const of = (name: string) => fieldValue(fields, name);
  const known = {
    acceptEncoding: of('accept-encoding'),
    authorization: of('authorization'),
    cacheControl: of('cache-control'),
    cookie: of('cookie'),
    ifMatch: of('if-match'),
    ifModifiedSince: of('if-modified-since'),
    ifNoneMatch: of('if-none-match'),
    ifRange: of('if-range'),
    ifUnmodifiedSince: of('if-unmodified-since'),
    pragma: of('pragma'),
    range: of('range'),
  };
  return { method, target, fields, known };
}
