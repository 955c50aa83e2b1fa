import type { CacheResponse } from '../message.ts';
import { fieldValue } from '../select/field.ts';
import { mayTransform } from '../semantics/targeted.ts';

/** Whether a response gains by compression. What is decided here is decided once, when it is stored. */

/** Bytes. Smaller ones hardly get shorter, and cost every client the work of undoing it. */
const LENGTH_MIN = 512;

/** Beside all of text/* and what ends in +xml, +json, +yaml or +text. Fonts in WOFF and most images are compressed already. */
const COMPRESSIBLE: ReadonlySet<string> = new Set([
  'application/ecmascript',
  'application/graphql',
  'application/javascript',
  'application/json',
  'application/jsonl',
  'application/rtf',
  'application/sql',
  'application/toml',
  'application/vnd.apple.mpegurl',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-font-opentype',
  'application/x-font-ttf',
  'application/x-javascript',
  'application/x-ndjson',
  'application/xml',
  'application/xml-dtd',
  'application/yaml',
  'font/collection',
  'font/otf',
  'font/sfnt',
  'font/ttf',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
]);

/**
 * A 200 of a compressible type, without a coding of its own, whole, and not forbidden by no-transform (RFC 9110 §7.7).
 * `length` is that of the body, if it is known. A stream of events is none: each has to arrive when it happens.
 */
export function isCompressible({ status, fields }: CacheResponse, length: number | undefined): boolean {
  if (status !== 200 || (length !== undefined && length < LENGTH_MIN)) return false;
  if (fieldValue(fields, 'content-range') !== undefined) return false;
  if ((fieldValue(fields, 'content-encoding') ?? 'identity').toLowerCase() !== 'identity') return false;
  return isCompressibleType(fieldValue(fields, 'content-type')) && mayTransform(fields);
}

export function isCompressibleType(contentType: string | undefined): boolean {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';', 1);
  const mediaType = type.trim();
  if (mediaType === 'text/event-stream') return false;
  if (mediaType.startsWith('text/') || COMPRESSIBLE.has(mediaType)) return true;
  return /\+(?:json|text|xml|yaml)$/.test(mediaType);
}
