import type { Bytes, Ms } from '../../base/units.ts';
import { type AnnouncedPart, announcedPart } from '../../cache/conditional/part.ts';
import type { CacheResponse } from '../../cache/message.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { NotWritten, ObjectWriter } from '../../cache/object-writer.ts';
import type { CompressCoding } from '../../cache/rules.ts';
import { isSafeMethod } from '../../cache/semantics/invalidation.ts';
import { mayServeStale } from '../../cache/semantics/reuse.ts';
import { isStaleIfErrorStatus } from '../../cache/semantics/status-codes.ts';
import type { StoreContext } from '../../cache/semantics/storable.ts';
import { type OriginFields, storableFields } from '../headers.ts';
import type { FillParts } from './fill-parts.ts';
import { lengthOf, type StoredForm, storedForm } from './stored-form.ts';

/** What becomes of a response, when its head is there. */
export type Received =
  /** A 304: what was stored is good again. */
  | { readonly kind: 'freshened'; readonly object: CachedObject }
  /** A 304, or a part, of something else than what is stored. */
  | { readonly kind: 'unfit' }
  /** An error, in place of which what is stored may be served. */
  | { readonly kind: 'error' }
  /** `coding`: what its body, which comes in this length, is compressed with. */
  | {
      readonly kind: 'stored';
      readonly writer: ObjectWriter;
      readonly coding?: CompressCoding | undefined;
      readonly length?: Bytes | undefined;
    }
  /** It is a part: it passes, and is stored beside. */
  | { readonly kind: 'part'; readonly writer: ObjectWriter }
  /** It is not stored, for this reason. */
  | { readonly kind: 'passing'; readonly reason: NotWritten };

/** Tells the cache of a response, and begins to store it if it may be. `sequence`: of the request, in the order of all. */
export function receive(
  parts: FillParts,
  status: number,
  fields: OriginFields,
  sequence: number,
  requestTime: Ms,
): Received {
  const { cache, query, order, candidate, part } = parts;
  const response: CacheResponse = { status, fields: storableFields(fields) };
  const announced = status === 206 ? announcedPart(response.fields, lengthOf(response)) : undefined;
  const context = cache.storeContext(query, order.head.method, requestTime, announced !== undefined);
  // Of a HEAD, it is about the client's own condition.
  if (candidate !== undefined && status === 304 && order.head.method === 'GET') {
    const object = cache.freshen(candidate, response, context, sequence);
    return object === undefined ? UNFIT : { kind: 'freshened', object };
  }
  if (candidate !== undefined && isStaleIfErrorStatus(status) && mayServe(parts, candidate)) return { kind: 'error' };
  // What was asked for is what a stored part lacks.
  if (part !== undefined && (status === 206 || status === 416)) {
    const writer = cache.join206(query, part, response, { ...context, partUsable: false }, sequence);
    return writer === undefined ? UNFIT : { kind: 'stored', writer };
  }
  cache.invalidateBy(query, order.head.method, response);
  if (candidate !== undefined && order.head.method === 'HEAD')
    cache.updateByHead(query, candidate, response, context, sequence);
  return store(parts, response, context, sequence, announced);
}

/** The number under which to store what a sibling has sent; or that it will not do. See `Cache.vet`. */
export function vetted(
  { cache, query, order, candidate }: FillParts,
  status: number,
  fields: OriginFields,
  requestTime: Ms,
): number | 'unsure' | undefined {
  const context = cache.storeContext(query, order.head.method, requestTime, false);
  return cache.vet(query, candidate, { status, fields: storableFields(fields) }, context);
}

function store(
  { cache, query, order, candidate, mayStore }: FillParts,
  response: CacheResponse,
  context: StoreContext,
  requestSequence: number,
  part: AnnouncedPart | undefined,
): Received {
  const length = part?.length ?? lengthOf(response);
  const form: StoredForm = mayStore && part === undefined ? storedForm(query, response, length) : { response, length };
  // What a POST brings for GETs is newer than what it has made invalid.
  const sequence = isSafeMethod(order.head.method) ? requestSequence : cache.nextSequence();
  const writer = mayStore ? cache.store(query, form.response, context, sequence, form.length, part) : 'bypass';
  if (typeof writer === 'string') {
    if (candidate !== undefined) cache.overtaken(candidate, response.status, writer);
    return { kind: 'passing', reason: writer };
  }
  return part !== undefined ? { kind: 'part', writer } : { kind: 'stored', writer, coding: form.coding, length };
}

const UNFIT: Received = { kind: 'unfit' };

function mayServe({ cache, query }: FillParts, candidate: CachedObject): boolean {
  if (!cache.isKept(candidate)) return false;
  return mayServeStale(candidate.stored, 'error', query.rules, cache.now(), candidate.purged);
}
