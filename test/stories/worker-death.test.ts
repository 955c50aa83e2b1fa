import { describe, expect, test } from 'vitest';
import { wrk } from '../support/load.ts';
import { startNginx } from '../support/nginx.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, type RawClient, type RawResponse } from '../support/raw-client.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** A worker throws where nothing catches: who was connected to it is lost, and nobody else. */

const DIED = 'worker died, a new one is started';
const REPLACED = 'worker replaced';

async function start(config: object): Promise<{ portico: Portico; inspector: WorkerInspector }> {
  const portico = await startPortico(config, { env: INSPECTABLE });
  return { portico, inspector: await WorkerInspector.attach(portico) };
}

/** Kills this worker, and resolves when its successor serves. */
async function kill(portico: Portico, inspector: WorkerInspector, name = 'worker 0'): Promise<void> {
  const from = portico.events.all.length;
  const worker = inspector.workers.findLast((each) => each.name === name);
  if (worker === undefined) throw new Error(`there is no ${name}`);
  await inspector.throwIn(worker);
  await portico.events.waitFor(REPLACED, { from, limit: 9000 });
}

describe('when a worker dies', () => {
  test('the log tells it, with the cause, and that a successor serves', async () => {
    const origin = await startOrigin();
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url] }));
    await inspector.worker('worker 1');
    await kill(portico, inspector, 'worker 1');
    const died = await portico.events.waitFor(DIED);
    expect(died).toMatchObject({ level: 'error', worker: 1, backoff_ms: 100 });
    expect(JSON.stringify(died.error)).toContain('killed by the test');
    expect(await portico.events.waitFor(REPLACED)).toMatchObject({ level: 'info', worker: 1 });
    inspector.detach();
    expect(await portico.stop()).toBe(0);
  });

  test('connections of the others go on, and its own are closed', async () => {
    const origin = await startOrigin();
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url] }));
    await inspector.worker('worker 0');
    const clients = await Promise.all(Array.from({ length: 30 }, () => connectRaw(portico.port())));
    for (const client of clients) expect(await asks(client)).toBe(200);

    await kill(portico, inspector);
    const statuses = await Promise.all(clients.map(asks));
    const lost = statuses.filter((status) => status === undefined).length;
    expect(statuses.filter((status) => status === 200).length).toBe(30 - lost);
    // The kernel spread them over two workers.
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(30);
  });

  test('new connections are served within a second, by the other one and then by both', async () => {
    const origin = await startOrigin();
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url] }));
    await inspector.throwIn(await inspector.worker('worker 0'));
    await portico.events.waitFor(DIED);
    const served = performance.now();
    for (const listener of [0, 1]) expect(await visit(portico, listener)).toMatchObject({ status: 200 });
    expect(performance.now() - served).toBeLessThan(1000);
    await portico.events.waitFor(REPLACED, { limit: 9000 });
    for (let i = 0; i < 40; i++) expect(await visit(portico, i % 2)).toMatchObject({ status: 200 });
  });

  test('and no other is left, all is served again as soon as its successor is there', async () => {
    const origin = await startOrigin();
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url], node: { workers: 1 } }));
    await inspector.worker('worker 0');
    await kill(portico, inspector);
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 200 });
  });

  test('the successor serves by the newest configuration, and hears of the next one', async () => {
    const [old, young] = [await startOrigin(() => answer('old')), await startOrigin(() => answer('new'))];
    const { portico, inspector } = await start(frontDoor({ origins: [old.url], node: { workers: 1 } }));
    await inspector.worker('worker 0');
    await portico.reload(frontDoor({ origins: [young.url], node: { workers: 1 } }));
    await kill(portico, inspector);
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ body: 'new' });
    await portico.reload(frontDoor({ origins: [old.url], node: { workers: 1 } }));
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ body: 'old' });
  });

  test('a reload at the same time reaches the successor too', async () => {
    const [old, young] = [await startOrigin(() => answer('old')), await startOrigin(() => answer('new'))];
    const { portico, inspector } = await start(frontDoor({ origins: [old.url], node: { workers: 1 } }));
    const worker = await inspector.worker('worker 0');
    await inspector.throwIn(worker);
    await portico.events.waitFor(DIED);
    const config = frontDoor({ origins: [young.url], node: { workers: 1 } }) as { listeners: object[] };
    const more = { ...config, listeners: [...config.listeners, { address: '127.0.0.1:0', protocol: 'http' }] };
    expect(await portico.reload(more)).toMatchObject({ message: 'reloaded' });
    await portico.events.waitFor(REPLACED);
    expect(await fetchRaw(portico.port(0), '/')).toMatchObject({ body: 'new' });
    expect(await fetchRaw(portico.port(2), '/')).toMatchObject({ body: 'new' });
    inspector.detach();
    expect(await portico.stop()).toBe(0);
  });

  test('a stop at the same time still ends with status 0', async () => {
    const origin = await startOrigin();
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url] }));
    await inspector.throwIn(await inspector.worker('worker 0'));
    await portico.events.waitFor(DIED);
    inspector.detach();
    expect(await portico.stop()).toBe(0);
  });

  test('its requests in flight are counted no more, those of the others are', async () => {
    const held: Array<() => void> = [];
    const origin = await startOrigin(async function* (request) {
      await new Promise<void>((resolve) => held.push(resolve));
      yield answer(request.target);
    });
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url] }));
    await inspector.worker('worker 0');
    const clients = await Promise.all(Array.from({ length: 30 }, () => connectRaw(portico.port())));
    // Of one target, there would be one request for all of them.
    const heldBy = (index: number) => `GET /held?${index} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`;
    await Promise.all(clients.map((client, index) => client.send(heldBy(index))));
    await origin.arrivals.waitFor(() => origin.requests.length === clients.length);
    expect(await inspector.inFlight()).toBe(30);

    await kill(portico, inspector);
    const alive = clients.filter(({ socket }) => socket.readyState === 'open').length;
    expect(alive).toBeLessThan(30);
    expect(alive).toBeGreaterThan(0);
    expect(await inspector.inFlight()).toBe(alive);

    for (const release of held) release();
    const answered = await Promise.all(clients.map((client) => client.next()));
    expect(answered.filter((response) => response?.status === 200).length).toBe(alive);
    expect(await inspector.inFlight()).toBe(0);
  });

  test('again and again, its successors come ever later, and the other worker serves on', async () => {
    const origin = await startOrigin();
    const { portico, inspector } = await start(frontDoor({ origins: [origin.url] }));
    const backoffs: unknown[] = [];
    for (let death = 0; death < 4; death++) {
      const from = portico.events.all.length;
      await inspector.throwIn(await inspector.worker('worker 0', death));
      backoffs.push((await portico.events.waitFor(DIED, { from })).backoff_ms);
      expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 200 });
      await portico.events.waitFor(REPLACED, { from, limit: 9000 });
    }
    expect(backoffs).toEqual([100, 200, 400, 800]);
  });
});

describeWithPeers(['nginx', 'wrk'], 'when a worker dies under load', () => {
  test('only what was on its connections fails, and the load goes on', async () => {
    const origins = [(await startNginx()).url, (await startNginx()).url];
    const { portico, inspector } = await start({ ...frontDoor({ origins }), logs: { access: 'off' } });
    await inspector.worker('worker 0');
    const load = wrk(portico.url(), { seconds: 3, connections: 20 });
    await inFlightAbove(inspector, 0);
    await kill(portico, inspector);
    const { requests, connect, write, timeout, status, read } = await load.ended;
    expect({ timeout, status }).toEqual({ timeout: 0, status: 0 });
    expect(connect + write + read).toBeLessThanOrEqual(40);
    expect(requests).toBeGreaterThan(1000);
    // wrk leaves in the middle of requests, which is noticed a moment later.
    await expect.poll(() => inspector.inFlight()).toBe(0);
  });
});

async function inFlightAbove(inspector: WorkerInspector, count: number): Promise<void> {
  while ((await inspector.inFlight()) <= count);
}

/** The status of one more request on this connection; `undefined` when it has been closed. */
async function asks(client: RawClient): Promise<number | undefined> {
  await client.send('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
  return (await client.next())?.status;
}

/** By a new connection; listener 1 speaks https. */
function visit(portico: Portico, listener: number): Promise<RawResponse> {
  return fetchRaw(portico.port(listener), '/', listener === 1 ? { tls: {} } : {});
}
