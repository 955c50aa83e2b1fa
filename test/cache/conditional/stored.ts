import type { Fields } from '../../../src/cache/message.ts';
import { fieldValue } from '../../../src/cache/select/field.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';

/** 12:00:00 on 1 June 2025; `at(-60)` is a minute before it, as HTTP writes it. */
export const NOON = Date.UTC(2025, 5, 1, 12);

export function at(seconds: number): string {
  return new Date(NOON + seconds * 1000).toUTCString();
}

/** A stored response of which a test says only what matters. */
export function storedResponse(fields: Fields, rest: Partial<StoredResponse> = {}): StoredResponse {
  return {
    key: 'https://www.example.com/',
    status: 200,
    fields,
    requestTime: NOON,
    responseTime: NOON,
    initialAge: 0,
    lifetime: 0,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    alwaysValidate: false,
    mustRevalidate: false,
    vary: [],
    variant: '',
    tags: [],
    etag: fieldValue(fields, 'etag'),
    lastModified: fieldValue(fields, 'last-modified'),
    part: undefined,
    sequence: 0,
    ...rest,
  };
}
