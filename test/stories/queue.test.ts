import { expect, test } from 'vitest';
import { answer, type OriginRequest, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw } from '../support/raw-client.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** Origins that get so many requests at once and no more, and the requests that wait. */

/** Answers each request when it is told to; and knows how many there were at once. */
class Counter {
  most = 0;
  now = 0;
  readonly held: (() => void)[] = [];
  isHolding = false;

  readonly script: Script = (request) => this.#play(request);

  async *#play(request: OriginRequest) {
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    await request.arrived;
    if (this.isHolding) await new Promise<void>((resolve) => this.held.push(resolve));
    else await new Promise((resolve) => setTimeout(resolve, 2));
    this.now -= 1;
    yield answer('ok');
  }

  releaseAll(): void {
    this.isHolding = false;
    for (const release of this.held.splice(0)) release();
  }
}

async function scene(pool: object, counters: readonly Counter[] = [new Counter()]) {
  const origins = await Promise.all(counters.map(({ script }) => startOrigin(script)));
  const config = frontDoor({ origins: origins.map(({ url }) => url), pool, site: { cache: 'off' } });
  const portico = await startPortico(config, { env: INSPECTABLE });
  return { portico, origins, origin: origins[0] as ScriptedOrigin, counter: counters[0] as Counter };
}

async function arrived(origin: ScriptedOrigin, count: number): Promise<void> {
  while (origin.requests.length < count) await origin.arrivals.waitFor(() => true, { from: origin.requests.length });
}

test('an origin never has more than max_in_flight, over both workers, and everybody is answered', async () => {
  const counters = [new Counter(), new Counter()];
  const { portico, origins } = await scene({ max_in_flight: 3 }, counters);
  const clients = Array.from({ length: 40 }, async (_, client) => {
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await fetchRaw(portico.port(), `/${client}-${i}`)).status);
    return statuses;
  });
  expect(new Set((await Promise.all(clients)).flat())).toEqual(new Set([200]));
  expect(counters.map(({ most }) => most)).toEqual([3, 3]);
  expect(origins.map(({ requests }) => requests.length).reduce((a, b) => a + b)).toBe(400);
  const inspector = await WorkerInspector.attach(portico);
  expect(await inspector.inFlight()).toBe(0);
});

test('one more than the queue holds gets the splash page at once, and those in it are served', async () => {
  const { portico, counter, origin } = await scene({ max_in_flight: 1, queue: { size: 2, timeout: '10s' } });
  counter.isHolding = true;
  const served = [fetchRaw(portico.port(), '/first')];
  await arrived(origin, 1);
  served.push(fetchRaw(portico.port(), '/waits'), fetchRaw(portico.port(), '/waits-too'));
  const inspector = await WorkerInspector.attach(portico);
  while ((await inspector.queued(0)) < 2);
  expect((await fetchRaw(portico.port(), '/refused')).status).toBe(503);
  expect(await portico.accessLog.lineFor('/refused')).toMatchObject({ error: 'queue_full', attempts: 0, splash: true });
  counter.releaseAll();
  expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('who waits too long gets the splash page, and its place in the queue is free', async () => {
  const { portico, counter, origin } = await scene({ max_in_flight: 1, queue: { size: 1, timeout: '100ms' } });
  counter.isHolding = true;
  const first = fetchRaw(portico.port(), '/first');
  await arrived(origin, 1);
  for (const target of ['/a', '/b']) {
    expect((await fetchRaw(portico.port(), target)).status).toBe(503);
    expect(await portico.accessLog.lineFor(target)).toMatchObject({ error: 'queue_timeout', attempts: 0 });
  }
  counter.releaseAll();
  expect((await first).status).toBe(200);
});

test('who leaves while it waits leaves the queue, and its request never comes to the origin', async () => {
  const { portico, counter, origin } = await scene({ max_in_flight: 1, queue: { size: 1, timeout: '10s' } });
  counter.isHolding = true;
  const first = fetchRaw(portico.port(), '/first');
  await arrived(origin, 1);
  const client = await connectRaw(portico.port());
  await client.send('GET /left HTTP/1.1\r\nHost: a\r\n\r\n');
  client.close();
  expect((await portico.accessLog.lineFor('/left')).error).toBe('client_disconnected');
  const next = fetchRaw(portico.port(), '/next');
  counter.releaseAll();
  expect([(await first).status, (await next).status]).toEqual([200, 200]);
  expect(origin.requests.map(({ target }) => target)).toEqual(['/first', '/next']);
});

test('before the first good check of any, requests wait for it, and go on at once', async () => {
  const pool = { health_check: { path: '/health', interval: '1h', timeout: '10s' }, queue: { timeout: '10s' } };
  const [counter, other] = [new Counter(), new Counter()];
  counter.isHolding = true;
  other.isHolding = true;
  const { portico, origins } = await scene(pool, [counter, other]);
  const asked = () => origins.flatMap(({ requests }) => requests.filter(({ target }) => target !== '/health'));
  const requests = Array.from({ length: 10 }, (_, i) => fetchRaw(portico.port(), `/${i}`));
  // All of them are with Portico by then, as one that is refused is answered after them.
  await fetchRaw(portico.port(), '/', { method: 'TRACE' });
  expect(asked()).toHaveLength(0);
  counter.releaseAll();
  expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(asked()).toHaveLength(10);
  other.releaseAll();
});

test('a worker that dies takes its places along, and those who wait in the other one have them', async () => {
  const { portico, counter, origin } = await scene({ max_in_flight: 4, queue: { timeout: '20s' } });
  const inspector = await WorkerInspector.attach(portico);
  counter.isHolding = true;
  const clients = Array.from({ length: 24 }, (_, i) => fetchRaw(portico.port(), `/${i}`).catch(() => undefined));
  await arrived(origin, 4);
  await inspector.throwIn(await inspector.worker('worker 0'));
  await portico.events.waitFor('worker replaced', { limit: 9000 });
  counter.releaseAll();
  const statuses = (await Promise.all(clients)).map((response) => response?.status);
  expect(statuses.every((status) => status === 200 || status === undefined)).toBe(true);
  expect(await inspector.inFlight()).toBe(0);
  expect((await fetchRaw(portico.port(), '/after')).status).toBe(200);
});
