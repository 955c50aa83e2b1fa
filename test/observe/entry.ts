import type { AccessEntry } from '../../src/observe/access-entry.ts';

/** An ordinary exchange; a test says what is different in its own. */
export function entryOf(different: Partial<AccessEntry> = {}): AccessEntry {
  return {
    time: Date.UTC(2026, 10, 20, 21, 5, 0, 123),
    id: '4bf92f3577b34da6',
    client: '203.0.113.7',
    peer: '203.0.113.7',
    method: 'GET',
    scheme: 'https',
    authority: 'www.example.com',
    target: '/index.html?q=1',
    version: '1.1',
    status: 200,
    bytesSent: 1024,
    bytesReceived: 0,
    duration: 12.3456,
    firstByte: 11,
    pool: 'app',
    origin: 'app2',
    attempts: 1,
    sibling: undefined,
    fromSibling: false,
    error: undefined,
    splash: false,
    cache: undefined,
    cacheDetail: undefined,
    collapsed: false,
    referer: undefined,
    userAgent: 'curl/8.5.0',
    ...different,
  };
}
