import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { youngGeneration } from '../../src/workers/heaps.ts';

test.each([
  [1, 12],
  [2, 12],
  [3, 8],
  [4, 6],
  [31, 6],
])('of %i workers each has %i MiB for what is young', (workers, expected) => {
  expect(youngGeneration(workers)).toBeCloseTo(expected, 5);
});

test('what may get old is as much as without that limit', async () => {
  const report = "require('worker_threads').parentPort.postMessage(require('v8').getHeapStatistics().heap_size_limit)";
  const worker = new Worker(report, {
    eval: true,
    resourceLimits: { maxYoungGenerationSizeMb: youngGeneration(4) },
  });
  const limit = await new Promise<number>((resolve) => worker.once('message', resolve));
  expect(limit / getHeapStatistics().heap_size_limit).toBeGreaterThan(0.9);
});
