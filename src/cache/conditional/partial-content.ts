import type { Fields } from '../message.ts';
import { fieldValue } from '../select/field.ts';
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

/** One range goes as it is, several as multipart/byteranges. `stored` are the fields of the 200 or 206 that is stored. */
export function partialContent(
  stored: Fields,
  ranges: Satisfied,
  complete: number | undefined,
  boundary?: string,
): PartialContent {
  const [range] = ranges;
  if (range !== undefined && ranges.length === 1) {
    const fields = without(stored, ['content-length', 'content-range']);
    fields.push('content-range', contentRange(range, complete));
    return { fields, length: range[1] - range[0] + 1, parts: [{ head: '', range }], tail: '' };
  }
  const multipart = multipartByteranges(ranges, complete, fieldValue(stored, 'content-type'), boundary);
  const fields = without(stored, ['content-length', 'content-range', 'content-type']);
  fields.push('content-type', multipart.mediaType);
  return { fields, length: multipart.length, parts: multipart.parts, tail: multipart.tail };
}

function without(fields: Fields, names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!names.includes(fields[i] as string)) kept.push(fields[i] as string, fields[i + 1] as string);
  }
  return kept;
}
