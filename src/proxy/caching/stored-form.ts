import type { Bytes } from '../../base/units.ts';
import { preferredCoding } from '../../cache/compress/accept-encoding.ts';
import { isCompressible } from '../../cache/compress/compressible.ts';
import { compressedFields, variedByEncoding } from '../../cache/compress/transformed.ts';
import type { CacheResponse } from '../../cache/message.ts';
import type { CacheQuery } from '../../cache/query.ts';
import type { CompressCoding } from '../../cache/rules.ts';
import { firstValue } from '../../cache/select/field.ts';

/** A response as it is to be stored. */
export interface StoredForm {
  readonly response: CacheResponse;
  /** Of its body; `undefined`: nobody knows yet. */
  readonly length: Bytes | undefined;
  /** What its body is to be compressed with; without it, that stays as it is. */
  readonly coding?: CompressCoding;
}

/** Where the route compresses, once for each coding that clients like best. `length`: of the body as it comes. */
export function storedForm(query: CacheQuery, response: CacheResponse, length: Bytes | undefined): StoredForm {
  const { compress } = query.rules;
  if (compress.length === 0 || !isCompressible(response, length)) return { response, length };
  const coding = preferredCoding(query.request.known.acceptEncoding, compress);
  const { status, fields } = response;
  // For this client it stays as it is; the next one may like another coding better.
  if (coding === 'identity') return { response: { status, fields: variedByEncoding(fields) }, length };
  return { response: { status, fields: compressedFields(fields, coding) }, length: undefined, coding };
}

/** What Content-Length says of the body. */
export function lengthOf({ status, fields }: CacheResponse): Bytes | undefined {
  if (status === 204) return 0;
  const length = firstValue(fields, 'content-length');
  return length === undefined ? undefined : Number(length);
}
