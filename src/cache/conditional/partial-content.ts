import type { Fields } from '../message.ts';
import { fieldValue, withoutFields } from '../select/field.ts';
import { contentRange, type MultipartPart, multipartByteranges } from './multipart.ts';
import type { Satisfied } from './range.ts';

/** A 206 (RFC 9110 §15.3.7) as it is sent: each part's head, then its bytes, and at last the tail. */
export interface PartialContent {
  /** Without Content-Length, which is `length`. */
  readonly fields: string[];
  readonly length: number;
  readonly parts: readonly MultipartPart[];
  readonly tail: string;
}

const OF_THE_BODY: ReadonlySet<string> = new Set(['content-length', 'content-range']);

/** One range goes as it is, several as multipart/byteranges. `stored` are the fields of the 200 or 206 that is stored. */
export function partialContent(
  stored: Fields,
  ranges: Satisfied,
  complete: number | undefined,
  boundary?: string,
): PartialContent {
  const [range] = ranges;
  if (range !== undefined && ranges.length === 1) {
    const fields = withoutFields(stored, (name) => OF_THE_BODY.has(name));
    fields.push('content-range', contentRange(range, complete));
    return { fields, length: range[1] - range[0] + 1, parts: [{ head: '', range }], tail: '' };
  }
  const multipart = multipartByteranges(ranges, complete, fieldValue(stored, 'content-type'), boundary);
  const fields = withoutFields(stored, (name) => OF_THE_BODY.has(name) || name === 'content-type');
  fields.push('content-type', multipart.mediaType);
  return { fields, length: multipart.length, parts: multipart.parts, tail: multipart.tail };
}
