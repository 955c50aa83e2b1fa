/** What caches must know of status codes. */

/** Those that may be kept though nothing in them says so. RFC 9110 §15.1. */
const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/** The final codes of RFC 9110 §15 and others whose requirements on caches we conform to (RFC 9111 §5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  ...[200, 201, 202, 203, 204, 205, 206],
  ...[300, 301, 302, 303, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 415, 421, 422, 425, 426, 451],
  ...[500, 501, 502, 503, 504, 505],
]);

/**
 * Never kept. What answers a condition, a range or an expectation of this very request says nothing to the next one;
 * 407 and 426 belong to a connection; 408 to a slow client; 421 and 425 to the way the request came; RFC 6585 forbids
 * 428, 429, 431 and 511.
 */
const NEVER_STORED: ReadonlySet<number> = new Set([304, 407, 408, 412, 416, 417, 421, 425, 426, 428, 429, 431, 511]);

/** What counts as an error for stale-if-error. RFC 5861 §4. */
const ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);

export function isHeuristicallyCacheable(status: number): boolean {
  return HEURISTICALLY_CACHEABLE.has(status);
}

export function isUnderstood(status: number): boolean {
  return UNDERSTOOD.has(status);
}

/** A final code that no other rule keeps out; a 206 is its range's business. */
export function isStorable(status: number): boolean {
  return status >= 200 && status <= 599 && !NEVER_STORED.has(status);
}

export function isStaleIfErrorStatus(status: number): boolean {
  return ERRORS.has(status);
}
