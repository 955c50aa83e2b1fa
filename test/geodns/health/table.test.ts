import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { DatacenterTable } from '../../../src/geodns/health/table.ts';
import { NO_LIMIT } from '../../../src/geodns/health/ttl.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';

test('all are in service at first, without limits', () => {
  const table = DatacenterTable.create(3);
  expect([...table.inService]).toEqual([1, 1, 1]);
  expect([...table.ttlLimits]).toEqual([NO_LIMIT, NO_LIMIT, NO_LIMIT]);
});

test.each([0, 1, 2, 3, 255])('%d of them are the same to whoever has the memory', (count) => {
  const table = DatacenterTable.create(count);
  for (let position = 0; position < count; position++) table.set(position, position % 2 === 0, position + 5);
  const other = new DatacenterTable(table.memory);
  expect([...other.inService]).toEqual([...table.inService]);
  expect([...other.ttlLimits]).toEqual([...table.ttlLimits]);
  expect(other.inService).toHaveLength(count);
});

test('what is so already is no news', () => {
  const table = DatacenterTable.create(2);
  expect(table.set(0, true, NO_LIMIT)).toBe(false);
  expect(table.set(0, false, NO_LIMIT)).toBe(true);
  expect(table.set(0, false, 7)).toBe(true);
  expect(table.set(0, false, 7)).toBe(false);
  expect([...table.inService]).toEqual([0, 1]);
});

test('another thread that sees the version sees what it stands for', async () => {
  const table = DatacenterTable.create(4);
  const worker = new Worker(WATCHER, { eval: true, workerData: table.memory });
  atTeardown(() => worker.terminate());
  await within(once(worker, 'message'), 'the thread to look');
  table.set(2, false, 9);
  table.tell();
  const [seen] = await within(once(worker, 'message'), 'what the thread sees');
  expect(seen).toEqual({ version: 1, inService: [1, 1, 0, 1], limit: 9 });
});

const WATCHER = `
const { parentPort, workerData } = require('node:worker_threads');
const version = new Int32Array(workerData, 0, 1);
parentPort.postMessage('looking');
while (Atomics.load(version, 0) === 0);
const inService = [...new Uint8Array(workerData, 4 + 4 * 4, 4)];
parentPort.postMessage({ version: version[0], inService, limit: new Int32Array(workerData, 4, 4)[2] });
`;
