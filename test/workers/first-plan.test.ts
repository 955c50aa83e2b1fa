import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from '../../src/workers/messages.ts';
import { OriginTable } from '../../src/workers/origin-table.ts';
import { recordedLog } from '../cache/disk/scene.ts';
import { planned } from '../proxy/planned.ts';
import { freePorts } from '../support/free-ports.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { fetchRaw, fieldOf } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';

/** A real worker that has prepared its first plan, so that it listens, and has not been told yet to serve by it. */
async function prepared() {
  const origin = await startOrigin(() => answer('ok', { fields: ['Cache-Control: max-age=3600'] }));
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const log = join(await tempDir(), 'access.log');
  const plan = planOf(origin.url, port, log);
  if (plan.proxy.cache === undefined) throw new Error('the plan has no cache');
  const { log: events } = recordedLog();
  const cache = await SharedCache.open({ plan: plan.proxy.cache, workers: 1, log: events, now: Date.now });
  const start: WorkerStart = {
    index: 0,
    workers: 1,
    originTable: OriginTable.allocate(1),
    trafficTable: undefined,
    maintained: new Map(),
    drainingIdle: undefined,
    cache: cache.share,
    peerTable: undefined,
  };
  const worker = new Worker(new URL('../../src/worker.ts', import.meta.url), { workerData: start });
  const tell = (message: ToWorker) => worker.postMessage(message);
  atTeardown(async () => {
    await worker.terminate();
    await cache.close();
  });
  tell({ type: 'prepare', plan });
  const [said] = (await within(once(worker, 'message'), 'a worker that is prepared')) as [FromWorker];
  expect(said).toMatchObject({ type: 'prepared', problem: undefined });
  const stopped = async () => {
    tell({ type: 'stop', within: 0 });
    await within(once(worker, 'exit'), 'the end of the worker');
  };
  return { origin, port, log, stopped };
}

function planOf(origin: string, port: number, log: string): WorkerPlan {
  const { plan } = planned(
    {
      listeners: [{ address: `127.0.0.1:${port}`, protocol: 'http' }],
      pools: { app: { origins: [origin] } },
      cache: { memory: '4MiB', object_limit: '1MiB' },
    },
    { ports: [port] },
  );
  return {
    generation: 1,
    proxy: plan,
    accessLog: { file: log, format: 'json', skip_from: [], skip_paths: [] },
    siblings: undefined,
  };
}

describe('who comes when a worker listens, before all workers are ready,', () => {
  test('is answered by the cache', async () => {
    const { port, origin } = await prepared();
    expect(fieldOf(await fetchRaw(port, '/a'), 'cache-status')).toContain('stored');
    expect(fieldOf(await fetchRaw(port, '/a'), 'cache-status')).toContain('hit');
    expect(origin.requests.length).toBe(1);
  });

  test('purges here, and not at the origin', async () => {
    const { port, origin } = await prepared();
    await fetchRaw(port, '/a');
    expect(await fetchRaw(port, '/a', { method: 'PURGE' })).toMatchObject({ status: 200 });
    expect(fieldOf(await fetchRaw(port, '/a'), 'cache-status')).toContain('stored');
    expect(origin.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('has a line in the access log', async () => {
    const { port, log, stopped } = await prepared();
    await fetchRaw(port, '/a');
    await stopped();
    expect(await readFile(log, 'utf8')).toContain('"target":"/a"');
  });
});
