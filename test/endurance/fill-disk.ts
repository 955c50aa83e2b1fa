import { DiskDirectory } from '../../src/cache/disk/disk-directory.ts';
import { DiskTier } from '../../src/cache/disk/disk-tier.ts';
import { diskKey } from '../../src/cache/disk-key.ts';
import { InvalidationsFile } from '../../src/cache/invalidations-file.ts';
import type { StoredResponse } from '../../src/cache/stored.ts';
import { encodeHead } from '../../src/cache/stored-head.ts';
import { eventLevels } from '../../src/observe/event-forward.ts';
import { bodyOfKept, HOST, pathOfKept } from './kept-objects.ts';

/**
 * Fills a directory with objects as a node would have stored them an hour ago, by the product's own writer:
 *
 *     node fill-disk.ts DIRECTORY SIZE COUNT
 */

const HOUR = 3_600_000;
/** As many as fit into what may wait to be written. */
const AT_ONCE = 4_000;

const [directory, size, count] = process.argv.slice(2) as [string, string, string];
const now = Date.now();
const log = eventLevels(({ event }) => {
  throw new Error(event);
});
const options = { directory, size: Number(size), workers: 1, forget: () => {}, log };
const opened = await DiskDirectory.open(options);
// Nothing is invalid.
InvalidationsFile.restore(directory, 1, 0);
const tier = new DiskTier(opened.plan, { worker: 0, forget: () => {}, log });
for (let number = 0; number < Number(count); number++) {
  const stored = storedResponse(number);
  const written = tier.append({
    key: diskKey(stored, now + 23 * HOUR),
    head: encodeHead(stored),
    body: [bodyOfKept(number)],
    sequence: stored.sequence,
    expiresAt: now + 1000 * HOUR,
  });
  void written.then((place) => {
    if (place === undefined) throw new Error(`${number} was refused`);
  });
  if (number % AT_ONCE === 0) await tier.flush();
}
await tier.close();
await opened.close();

function storedResponse(number: number): StoredResponse {
  const etag = `"5f3c-${number.toString(16)}"`;
  const lastModified = 'Tue, 03 Nov 2026 10:00:00 GMT';
  const fields = {
    date: new Date(now - HOUR).toUTCString(),
    server: 'Apache/2.4.62 (Debian)',
    'last-modified': lastModified,
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=86400',
    'surrogate-key': `page section-${number % 100}`,
    'content-type': 'text/html; charset=utf-8',
    'x-frame-options': 'DENY',
    'strict-transport-security': 'max-age=31536000',
  };
  return {
    key: `http://${HOST}${pathOfKept(number)}`,
    status: 200,
    fields: Object.entries(fields).flat(),
    requestTime: now - HOUR,
    responseTime: now - HOUR,
    initialAge: 0,
    lifetime: 24 * HOUR,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    alwaysValidate: false,
    mustRevalidate: false,
    vary: [],
    variant: '',
    tags: ['page', `section-${number % 100}`],
    etag,
    lastModified,
    part: undefined,
    sequence: (now - HOUR) * 1000 + number,
  };
}
