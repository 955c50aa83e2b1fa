import type { AccessEntry } from '../../src/observe/access-entry.ts';

/** The line of an exchange of which only this much matters. */
export function entryOf(said: Partial<AccessEntry>): AccessEntry {
  return {
    time: 0,
    id: '1',
    client: '192.0.2.1',
    peer: '192.0.2.1',
    method: 'GET',
    scheme: 'http',
    authority: 'www.example.com',
    target: '/',
    version: '1.1',
    status: 200,
    bytesSent: 0,
    bytesReceived: 0,
    duration: 0,
    firstByte: undefined,
    pool: undefined,
    origin: undefined,
    attempts: 0,
    sibling: undefined,
    fromSibling: false,
    error: undefined,
    splash: false,
    cache: undefined,
    cacheDetail: undefined,
    collapsed: false,
    referer: undefined,
    userAgent: undefined,
    ...said,
  };
}
