import type { Ms } from '../../base/units.ts';
import { normalisedAcceptEncoding } from '../../cache/compress/accept-encoding.ts';
import { ifNoneMatchForOrigin } from '../../cache/compress/transformed.ts';
import { completionFields } from '../../cache/conditional/part.ts';
import { validationFields } from '../../cache/conditional/validate.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { CacheQuery } from '../../cache/query.ts';
import { SURROGATE_CAPABILITY } from '../../cache/semantics/surrogate-control.ts';
import { isAll } from './sharable.ts';

/**
 * The fields of a request whose response is to be stored. Those of the client that make it conditional or partial are
 * held against what is stored afterwards; the origin is asked for the whole, unless that is what we have already. Of the
 * codings it is told those that tell one variant from another.
 */
export function fetchFields(query: CacheQuery, candidate: CachedObject | undefined, now: Ms): string[] {
  const { fields, known } = query.request;
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!isReplaced(name) && !isUnkeyed(name, query.rules.keyHeaders)) kept.push(name, fields[i + 1] as string);
  }
  kept.push('accept-encoding', normalisedAcceptEncoding(known.acceptEncoding, query.rules.compress));
  kept.push('surrogate-capability', SURROGATE_CAPABILITY);
  if (candidate === undefined) return kept;
  const conditions = validationFields([candidate.stored], now);
  const weakens = query.rules.compress.length > 0;
  for (let i = 0; i + 1 < conditions.length; i += 2) {
    const name = conditions[i] as string;
    const value = conditions[i + 1] as string;
    // Compressed, the origin's strong tag was made weak; not all origins know their own again.
    kept.push(name, name === 'if-none-match' && weakens ? ifNoneMatchForOrigin(value) : value);
  }
  return kept;
}

/**
 * The same for a fetch that one client waits for. A stored `part` is asked for what it lacks; with nothing stored, a
 * range goes to the origin as it came, unless it is all.
 */
export function fieldsToFill(
  query: CacheQuery,
  candidate: CachedObject | undefined,
  part: CachedObject | undefined,
  now: Ms,
): string[] {
  const { range, ifRange } = query.request.known;
  const fields = fetchFields(query, candidate, now);
  if (part?.length !== undefined) fields.push(...completionFields(part.stored, part.length, now));
  else if (range !== undefined && candidate === undefined && !isAll(range)) {
    fields.push('range', range);
    if (ifRange !== undefined) fields.push('if-range', ifRange);
  }
  return fields;
}

const REPLACED: ReadonlySet<string> = new Set([
  'accept-encoding',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'range',
  'surrogate-capability',
]);

/**
 * Fields by which some applications let a client say where it came in, or what it really wants. The key does not have
 * them: what an origin answers to them must not be stored for others, unless the route makes them part of the key.
 */
const UNKEYED: ReadonlySet<string> = new Set([
  'front-end-https',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
  'x-url-scheme',
]);

function isUnkeyed(name: string, keyHeaders: readonly string[]): boolean {
  const first = name.charCodeAt(0) | 0x20;
  // "x" or "f": most names begin otherwise.
  if (first !== 0x78 && first !== 0x66) return false;
  const lower = name.toLowerCase();
  return UNKEYED.has(lower) && !keyHeaders.includes(lower);
}

/** By length first: most names are none of them, and need no lower-casing. */
function isReplaced(name: string): boolean {
  switch (name.length) {
    case 5:
    case 8:
    case 13:
    case 15:
    case 17:
    case 20:
      return REPLACED.has(name.toLowerCase());
    default:
      return false;
  }
}
