import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { DiskDirectory, segmentSize } from '../../../src/cache/disk/disk-directory.ts';
import { tempDir } from '../../support/temp.ts';
import { MIB } from './records.ts';
import { recordedLog, recovered } from './scene.ts';

const THREAD = new URL('./writing-thread.ts', import.meta.url);

interface Report {
  readonly written: number;
  readonly refused: number;
  readonly read: number;
  readonly gone: number;
  readonly problems: readonly string[];
  readonly forgotten: readonly number[];
}

test('workers that write, read and evict at once stay within the size and read nothing wrong', async () => {
  const [path, size, workers] = [await tempDir('disk'), 24 * MIB, 3];
  const { log } = recordedLog();
  const options = { directory: path, size, workers, forget: () => {}, log };
  const directory = await DiskDirectory.open(options);
  const threads = Array.from({ length: workers }, (_, worker) => {
    return new Worker(THREAD, { workerData: { plan: directory.plan, worker, records: 1000 } });
  });
  const most = { counted: 0, onDisk: 0 };
  const watching = setInterval(() => {
    most.counted = Math.max(most.counted, directory.usage.bytes);
    most.onDisk = Math.max(most.onDisk, sizeOnDisk(path));
  }, 5);
  const reports = (await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0]))) as Report[];
  clearInterval(watching);
  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  expect(most.onDisk).toBeLessThanOrEqual(size);
  // A segment that is to be counts before there is room for it; its file is not made before.
  expect(most.counted).toBeLessThanOrEqual(size + workers * segmentSize(size, workers));
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
  expect([sum(({ refused }) => refused), sum(({ written }) => written)]).toEqual([0, 3000]);
  expect([sum(({ read }) => read) > 100, sum(({ gone }) => gone) > 100]).toEqual([true, true]);
  const forgotten = reports.flatMap((report) => report.forgotten);
  expect(new Set(forgotten).size).toBe(forgotten.length);
  expect(directory.usage.evictions).toBe(forgotten.length);
  await directory.close();
  const again = await DiskDirectory.open(options);
  expect((await recovered(again)).size).toBeGreaterThan(200);
  await again.close();
});

function sizeOnDisk(path: string): number {
  let size = 0;
  for (const name of readdirSync(path)) size += statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0;
  return size;
}
