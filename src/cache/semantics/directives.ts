import type { Ms } from '../../base/units.ts';
import { listMembers } from '../select/field.ts';

/** Cache directives (RFC 9111 §5.2), whichever field they came in: each becomes one property here. */

/** What a response says of how it may be kept. RFC 9111 §5.2.2, RFC 5861, RFC 8246. */
export interface ResponseDirectives {
  readonly maxAge: Ms | undefined;
  readonly sMaxage: Ms | undefined;
  readonly noStore: boolean;
  /** Without an argument, or with one that names no fields. */
  readonly noCache: boolean;
  /** The fields of `no-cache="…"`, in lower case: they alone are not to be reused. */
  readonly noCacheFields: readonly string[];
  readonly private: boolean;
  /** The fields of `private="…"`, in lower case: they alone are for one user. */
  readonly privateFields: readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  readonly staleWhileRevalidate: Ms | undefined;
  readonly staleIfError: Ms | undefined;
}

/** What a client asks of caches. RFC 9111 §5.2.1. */
export interface RequestDirectives {
  readonly maxAge: Ms | undefined;
  /** `Infinity` for `max-stale` without an argument. */
  readonly maxStale: Ms | undefined;
  readonly minFresh: Ms | undefined;
  readonly noCache: boolean;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
}

export const NO_RESPONSE_DIRECTIVES: ResponseDirectives = Object.freeze({
  maxAge: undefined,
  sMaxage: undefined,
  noStore: false,
  noCache: false,
  noCacheFields: [],
  private: false,
  privateFields: [],
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  immutable: false,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
});

export const NO_REQUEST_DIRECTIVES: RequestDirectives = Object.freeze({
  maxAge: undefined,
  maxStale: undefined,
  minFresh: undefined,
  noCache: false,
  noStore: false,
  onlyIfCached: false,
});

/** An argument that cannot be read. What forbids holds even so, a time is zero, and what permits does not count. */
export const MALFORMED: unique symbol = Symbol('malformed');

/** A directive's argument, unquoted; `undefined` without one. */
export type Argument = string | undefined | typeof MALFORMED;

export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** RFC 9111 §1.2.2: what is larger counts as 2^31 seconds. */
const MAX_DELTA_SECONDS = 2 ** 31;

/** delta-seconds as milliseconds; `undefined` if it is none. RFC 9111 §1.2.2. */
export function parseDeltaSeconds(text: string): Ms | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  return Math.min(Number(text), MAX_DELTA_SECONDS) * 1000;
}

/**
 * Takes one more directive, its name in lower case, of a response. Where one comes twice the first counts, and freshness
 * that cannot be read is none (RFC 9111 §4.2.1).
 */
export function addResponseDirective(draft: Draft<ResponseDirectives>, name: string, argument: Argument): void {
  switch (name) {
    case 'max-age':
      draft.maxAge ??= secondsOf(argument) ?? 0;
      break;
    case 's-maxage':
      draft.sMaxage ??= secondsOf(argument) ?? 0;
      break;
    case 'stale-while-revalidate':
      draft.staleWhileRevalidate ??= secondsOf(argument) ?? 0;
      break;
    case 'stale-if-error':
      draft.staleIfError ??= secondsOf(argument) ?? 0;
      break;
    case 'no-store':
      draft.noStore = true;
      break;
    case 'no-cache': {
      const fields = fieldNames(argument);
      if (fields.length === 0) draft.noCache = true;
      else draft.noCacheFields = [...draft.noCacheFields, ...fields];
      break;
    }
    case 'private': {
      const fields = fieldNames(argument);
      if (fields.length === 0) draft.private = true;
      else draft.privateFields = [...draft.privateFields, ...fields];
      break;
    }
    case 'must-revalidate':
      draft.mustRevalidate = true;
      break;
    case 'proxy-revalidate':
      draft.proxyRevalidate = true;
      break;
    case 'must-understand':
      draft.mustUnderstand = argument !== MALFORMED;
      break;
    case 'no-transform':
      draft.noTransform = true;
      break;
    case 'public':
      draft.public = argument !== MALFORMED;
      break;
    case 'immutable':
      draft.immutable = argument !== MALFORMED;
      break;
  }
}

/** Takes one more directive of a request. What cannot be read is no wish. */
export function addRequestDirective(draft: Draft<RequestDirectives>, name: string, argument: Argument): void {
  switch (name) {
    case 'max-age':
      draft.maxAge ??= secondsOf(argument);
      break;
    case 'max-stale':
      draft.maxStale ??= argument === undefined ? Number.POSITIVE_INFINITY : secondsOf(argument);
      break;
    case 'min-fresh':
      draft.minFresh ??= secondsOf(argument);
      break;
    case 'no-cache':
      draft.noCache = true;
      break;
    case 'no-store':
      draft.noStore = true;
      break;
    case 'only-if-cached':
      draft.onlyIfCached = true;
      break;
  }
}

function secondsOf(argument: Argument): Ms | undefined {
  return typeof argument === 'string' ? parseDeltaSeconds(argument) : undefined;
}

/** Nothing unless every name in it is one, so that a list which cannot be read counts for all fields. */
function fieldNames(argument: Argument): readonly string[] {
  if (typeof argument !== 'string') return [];
  const names = listMembers(argument.toLowerCase());
  return names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) ? names : [];
}
