import type { CacheRequest, CacheRequestFields, CacheResponse } from '../../../src/cache/message.ts';
import type { CacheRules } from '../../../src/cache/rules.ts';
import type { StoreContext } from '../../../src/cache/semantics/storable.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';

/** Requests, rules and stored responses that say nothing but what a test says. */

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
export const DAY = 24 * HOUR;

export function httpDate(seconds: number): string {
  return new Date(NOW + seconds * SECOND).toUTCString();
}

const NOTHING_KNOWN: CacheRequestFields = {
  acceptEncoding: undefined,
  authorization: undefined,
  cacheControl: undefined,
  cookie: undefined,
  ifMatch: undefined,
  ifModifiedSince: undefined,
  ifNoneMatch: undefined,
  ifRange: undefined,
  ifUnmodifiedSince: undefined,
  pragma: undefined,
  range: undefined,
};

export function requestOf(known: Partial<CacheRequestFields> = {}, method = 'GET'): CacheRequest {
  return { method, target: '/page?a=1', fields: [], known: { ...NOTHING_KNOWN, ...known } };
}

/** Made now, unless `fields` have a Date. */
export function responseOf(fields: Readonly<Record<string, string>>, status = 200): CacheResponse {
  const flat = Object.entries({ date: httpDate(0), ...fields }).flat();
  return { status, fields: flat };
}

export function rulesOf(rules: Partial<CacheRules> = {}): CacheRules {
  return {
    enabled: true,
    defaultTtl: undefined,
    ttl: undefined,
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
    ignoreQuery: false,
    keyHeaders: [],
    varyCookies: [],
    setCookie: 'bypass',
    refresh: [],
    staleBeforeSplash: 0,
    compress: [],
    tellStatus: true,
    ...rules,
  };
}

export function contextOf(context: Partial<StoreContext> = {}): StoreContext {
  return {
    request: requestOf(),
    uri: 'https://www.example.com/page?a=1',
    rules: rulesOf(),
    refresh: undefined,
    times: { requestTime: NOW, responseTime: NOW },
    partUsable: false,
    objectLimit: 32 * 1024 * 1024,
    ...context,
  };
}

/** Came now and is fresh for a minute. */
export function storedOf(stored: Partial<StoredResponse> = {}): StoredResponse {
  return {
    key: 'https://www.example.com/page?a=1',
    status: 200,
    fields: ['date', httpDate(0), 'content-type', 'text/html'],
    requestTime: NOW,
    responseTime: NOW,
    initialAge: 0,
    lifetime: 60 * SECOND,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    alwaysValidate: false,
    mustRevalidate: false,
    vary: [],
    variant: '',
    tags: [],
    etag: undefined,
    lastModified: undefined,
    part: undefined,
    sequence: 1,
    ...stored,
  };
}
