import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KeepAliveLoad } from '../support/keep-alive-load.ts';
import { h2load, wrk } from '../support/load.ts';
import { startNginx } from '../support/nginx.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** SIGTERM while thousands of requests come: who got in gets an answer, and is told that it is the last. */

describeWithPeers(['nginx', 'wrk', 'h2load'], 'a stop under load', () => {
  async function scene(): Promise<Portico> {
    const origins = [(await startNginx()).url, (await startNginx()).url];
    return startPortico({ ...frontDoor({ origins }), logs: { access: { file: 'access.log' } } });
  }

  /** How many 200s for this target were logged; anything else is an error. */
  async function logged(portico: Portico, target: RegExp): Promise<number> {
    const log = await readFile(join(portico.dir, 'access.log'), 'utf8');
    const lines = log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { target: string; status: number });
    expect(lines.filter(({ status }) => status !== 200)).toEqual([]);
    return lines.filter((line) => target.test(line.target)).length;
  }

  test('loses no request of a keep-alive connection, and says good-bye on each', async () => {
    const portico = await scene();
    const load = await KeepAliveLoad.start(portico.port(), 40);
    await load.answered(1000);
    expect(await portico.stop()).toBe(0);
    const { answered, ...rest } = await load.ended();
    expect(rest).toEqual({ failed: 0, lost: 0, closedIdle: 0, goodbyes: 40 });
    expect(await logged(portico, /^\/\d+$/)).toBe(answered);
  });

  test('answers those too who only just connected, and still wait to be let in', async () => {
    const portico = await scene();
    const clients = await Promise.all(Array.from({ length: 200 }, () => connectRaw(portico.port())));
    await Promise.all(clients.map((client) => client.send('GET /new HTTP/1.1\r\nHost: www.example.com\r\n\r\n')));
    expect(await portico.stop()).toBe(0);
    const responses = await Promise.all(clients.map((client) => client.next()));
    expect(responses.filter((response) => response?.status === 200).length).toBe(200);
    expect(await logged(portico, /^\/new$/)).toBe(200);
  });

  test('wrk has an answer to every request that it could send', async () => {
    const portico = await scene();
    const load = wrk(`${portico.url()}/wrk`, { seconds: 5 });
    const scouts = await KeepAliveLoad.start(portico.port(), 2);
    await scouts.answered(200);
    expect(await portico.stop()).toBe(0);
    load.interrupt();
    // It comes again and again to a door that is shut: these count as connect and write errors.
    const { requests, read, timeout, status } = await load.ended;
    expect({ read, timeout, status }).toEqual({ read: 0, timeout: 0, status: 0 });
    expect(requests).toBeGreaterThan(200);
    expect(await logged(portico, /^\/wrk$/)).toBe(requests);
  });

  test('h2load has an answer to every request that was taken', async () => {
    const portico = await scene();
    const load = h2load(`${portico.url(1)}/h2load`, { seconds: 3 });
    const scouts = await KeepAliveLoad.start(portico.port(), 2);
    await scouts.answered(200);
    expect(await portico.stop()).toBe(0);
    const report = await load.ended;
    expect(report['2xx']).toBe(report.succeeded);
    expect(report.succeeded).toBeGreaterThan(200);
    expect(await logged(portico, /^\/h2load$/)).toBe(report.succeeded);
  });
});
