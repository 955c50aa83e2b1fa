import { randomBytes } from 'node:crypto';
import type { ByteRange, Satisfied } from './range.ts';

/**
 * The media type multipart/byteranges (RFC 9110 §14.6): what stands around the pieces of a body, which whoever sends it
 * puts between.
 *
 *     --boundary CRLF  Content-Type: … CRLF  Content-Range: bytes first-last/complete CRLF  CRLF  piece  CRLF
 *     --boundary CRLF  …
 *     --boundary-- CRLF
 */
export interface Multipart {
  /** For Content-Type. */
  readonly mediaType: string;
  /** Bytes of the whole body, for Content-Length. */
  readonly length: number;
  readonly parts: readonly MultipartPart[];
  /** What follows the last piece; latin1. */
  readonly tail: string;
}

export interface MultipartPart {
  /** What goes before the piece; latin1. */
  readonly head: string;
  readonly range: ByteRange;
}

/** `contentType` is that of the representation. `complete`: its length, if it is known. */
export function multipartByteranges(
  ranges: Satisfied,
  complete: number | undefined,
  contentType: string | undefined,
  boundary: string = newBoundary(),
): Multipart {
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
  const parts = ranges.map((range, place): MultipartPart => {
    const delimiter = `${place === 0 ? '' : '\r\n'}--${boundary}\r\n`;
    return { head: `${delimiter}${type}Content-Range: ${contentRange(range, complete)}\r\n\r\n`, range };
  });
  const tail = `\r\n--${boundary}--\r\n`;
  const length = parts.reduce(
    (sum, { head, range: [first, last] }) => sum + head.length + last - first + 1,
    tail.length,
  );
  return { mediaType: `multipart/byteranges; boundary=${boundary}`, length, parts, tail };
}

/** RFC 9110 §14.4. */
export function contentRange([first, last]: ByteRange, complete: number | undefined): string {
  return `bytes ${first}-${last}/${complete ?? '*'}`;
}

/** Of 128 random bits, new for each response: nobody can have put it into a body. */
function newBoundary(): string {
  return randomBytes(16).toString('hex');
}
