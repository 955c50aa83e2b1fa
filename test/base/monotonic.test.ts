import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { monotonicNow } from '../../src/base/monotonic.ts';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../src/base/monotonic.ts')).href;

test('the monotonic clock is the same in all threads', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads';
    import { monotonicNow } from ${JSON.stringify(MODULE)};
    parentPort.postMessage(monotonicNow());`;
  const before = monotonicNow();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const [there] = await once(worker, 'message');
  expect(there).toBeGreaterThan(before);
  expect(there).toBeLessThan(monotonicNow());
});
