import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { DnsThread } from '../../../src/geodns/server/dns-thread.ts';
import type { DnsPlan } from '../../../src/geodns/server/messages.ts';
import { type DnsReservation, reserveDns } from '../../../src/geodns/server/reserve.ts';
import { TCP_LIMITS } from '../../../src/geodns/server/tcp-limits.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';
import type { AskingWork } from './asking-thread.ts';
import type { ScriptedAnswers } from './scripted-thread.ts';
import { query, TcpClient } from './tcp-client.ts';
import { until } from './tcp-scene.ts';
import { UdpClient } from './udp-client.ts';

/** Control, as far as the DNS thread has to do with it. */
class Scene {
  readonly log = new Journal<EventRecord>('event');
  readonly thread: DnsThread;
  #generation = 0;

  constructor() {
    this.thread = new DnsThread({
      entry: new URL('./scripted-thread.ts', import.meta.url),
      log: eventLevels((event) => this.log.add(event)),
    });
    atTeardown(() => this.thread.stop(0));
  }

  plan(listen: readonly HostPort[], answers: ScriptedAnswers, more: Partial<DnsPlan> = {}): DnsPlan {
    return { generation: ++this.#generation, listen, engine: 'plain', tcp: TCP_LIMITS, answers, ...more };
  }

  async load(plan: DnsPlan): Promise<void> {
    expect(await this.thread.prepare(plan)).toBeUndefined();
    await this.thread.commit();
  }

  /** A new thread that answers, with this in force. */
  replaced(generation: number): Promise<void> {
    const { thread } = this;
    return until(() => thread.deaths > 0 && thread.serving === generation, 'a thread that serves');
  }
}

/** Ports that were found for these hosts, and are held until the test has listened there. */
async function find(...hosts: string[]): Promise<DnsReservation> {
  const result = await reserveDns(hosts.map((host) => ({ address: { host, port: 0 }, known: undefined })));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.reservation;
}

async function start(...hosts: string[]): Promise<{ scene: Scene; at: readonly HostPort[] }> {
  const scene = new Scene();
  const { addresses: at, release } = await find(...hosts);
  await scene.load(scene.plan(at, { name: 'first' }));
  release();
  return { scene, at };
}

describe('the DNS thread', () => {
  test('answers by UDP and TCP where it is told to, and counts where control sees it', async () => {
    const { scene, at } = await start('127.0.0.1', '127.0.0.2');
    for (const address of at) {
      const udp = await UdpClient.open();
      expect((await udp.ask('name', address)).text).toBe('name is first');
      const tcp = await TcpClient.open(address);
      expect(await tcp.ask('name')).toBe('name is first');
    }
    expect(scene.thread.addresses).toEqual([...at]);
    expect(scene.thread.serving).toBe(1);
    expect(scene.thread.counts.of('udp')).toMatchObject({ queries: 2, replies: 2 });
    expect(scene.thread.counts.of('tcp')).toMatchObject({ queries: 2, replies: 2, open: 2 });
  });

  test('sees what control writes about health, without being told', async () => {
    const scene = new Scene();
    const { addresses, release } = await find('127.0.0.1');
    const health = new SharedArrayBuffer(4);
    await scene.load(scene.plan(addresses, { name: 'first', health }));
    release();
    const client = await UdpClient.open();
    Atomics.store(new Int32Array(health), 0, 41);
    expect((await client.ask('health', addresses[0] as HostPort)).text).toBe('health is 41');
  });

  test('takes an update, and so does one that follows it; one that cannot be taken changes nothing', async () => {
    const { scene, at } = await start('127.0.0.1');
    const [address] = at as [HostPort];
    const client = await UdpClient.open();
    const updated = { ...scene.plan(at, { name: 'updated' }), generation: 1 };
    scene.thread.update(updated, 'updated');
    expect((await client.ask('name', address)).text).toBe('name is updated');
    scene.thread.update(updated, 17);
    expect((await client.ask('name', address)).text).toBe('name is updated');
    await until(() => scene.log.all.length > 0, 'what the thread says');
    expect(scene.log.all).toMatchObject([{ level: 'error', fields: { error: { message: 'expected a name' } } }]);
    client.send('die', address);
    await scene.replaced(1);
    expect((await client.ask('name', address)).text).toBe('name is updated');
  });

  test('answers nobody before the first commit', async () => {
    const scene = new Scene();
    const { addresses, release } = await find('127.0.0.1');
    expect(await scene.thread.prepare(scene.plan(addresses, { name: 'first' }))).toBeUndefined();
    release();
    const client = await UdpClient.open();
    client.send('name', addresses[0] as HostPort);
    await until(() => scene.thread.counts.of('udp').queries === 1, 'a query');
    await scene.thread.commit();
    expect((await client.ask('name', addresses[0] as HostPort)).text).toBe('name is first');
    expect(scene.thread.counts.of('udp')).toMatchObject({ queries: 2, replies: 1, silent: 1 });
  });

  test('takes packets one by one, and says so, where the engine for many at once cannot start', async () => {
    const scene = new Scene();
    const { addresses, release } = await find('127.0.0.1');
    await scene.load(scene.plan(addresses, { name: 'first' }, { engine: 'batch' }));
    release();
    const client = await UdpClient.open();
    expect((await client.ask('name', addresses[0] as HostPort)).text).toBe('name is first');
    expect(scene.log.all).toMatchObject([{ level: 'warn', fields: { error: { message: 'node:ffi is not allowed' } } }]);
  });

  test('answers while the main thread does not move', async () => {
    const { at } = await start('127.0.0.1');
    const memory = new SharedArrayBuffer(8);
    const cells = new Int32Array(memory);
    const work: AskingWork = { to: at[0] as HostPort, memory };
    const asking = new Worker(new URL('./asking-thread.ts', import.meta.url), { workerData: work });
    atTeardown(() => asking.terminate());
    await once(asking, 'message');
    const before = Atomics.load(cells, 0);
    // The main thread hangs: nothing of it runs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    expect(Atomics.load(cells, 0) - before).toBeGreaterThan(500);
    Atomics.store(cells, 1, 1);
    await once(asking, 'exit');
  });
});

describe('a reload', () => {
  test('loses no query, by UDP or TCP, and answers each by the old or the new', async () => {
    const { scene, at } = await start('127.0.0.1');
    const address = at[0] as HostPort;
    const udp = await UdpClient.open();
    const tcp = await TcpClient.open(address);
    let isOver = false;
    let asked = 0;
    const stream = (async () => {
      while (!isOver) {
        for (let i = 0; i < 20; i++) udp.send('name', address);
        tcp.send(Buffer.concat(Array.from({ length: 20 }, () => query('name'))));
        asked += 20;
        await udp.next(asked - 1);
        await tcp.next(asked - 1);
      }
    })();
    for (let i = 0; i < 40; i++) {
      await scene.load(scene.plan(at, { name: `reload ${i}` }));
      const seen = udp.all.length;
      await until(() => udp.all.length > seen + 20, 'answers of this generation');
    }
    isOver = true;
    await stream;
    for (const texts of [udp.all.map(({ text }) => text), tcp.all]) {
      expect(texts).toHaveLength(asked);
      expect(texts.at(-1)).toBe('name is reload 39');
      // Once the new answers come, the old do no more.
      const changes = texts.filter((text, index) => index > 0 && text !== texts[index - 1]);
      expect(new Set(texts).size).toBe(1 + changes.length);
      expect(changes.length).toBeGreaterThan(20);
    }
    expect(scene.thread.counts.of('tcp')).toMatchObject({ accepted: 1, queries: asked, replies: asked });
  });

  test.each([
    {
      name: 'what cannot be answered from',
      answers: { name: 'bad', fault: 'refused' },
      problem: 'zone example.com: line 7: no such type',
    },
    { name: 'what cannot be told', answers: { name: 'bad', answer: () => {} }, problem: 'could not be cloned' },
  ] as const)('of $name changes nothing', async ({ answers, problem }) => {
    const { scene, at } = await start('127.0.0.1');
    expect(await scene.thread.prepare(scene.plan(at, answers))).toContain(problem);
    await scene.thread.commit();
    const client = await UdpClient.open();
    expect((await client.ask('name', at[0] as HostPort)).text).toBe('name is first');
    expect(scene.thread.deaths).toBe(0);
    await scene.load(scene.plan(at, { name: 'better' }));
    expect((await client.ask('name', at[0] as HostPort)).text).toBe('name is better');
  });

  test.each(['UDP', 'TCP'] as const)(
    'to an address that another program has by %s changes nothing, and opens nothing',
    async (transport) => {
      const { scene, at } = await start('127.0.0.1');
      const { addresses, release } = await find('127.0.0.2', '127.0.0.3');
      release();
      const [other, taken] = addresses as [HostPort, HostPort];
      if (transport === 'UDP') {
        const program = createSocket('udp4');
        atTeardown(() => program.close());
        program.bind(taken.port, taken.host);
        await once(program, 'listening');
      } else {
        const program = createServer().listen(taken.port, taken.host);
        atTeardown(() => program.close());
        await once(program, 'listening');
      }
      const problem = await scene.thread.prepare(scene.plan([...at, other, taken], { name: 'second' }));
      expect(problem).toBe(`another program listens on ${taken.host}:${taken.port} already (${transport})`);
      await expect(TcpClient.open(other)).rejects.toThrow('ECONNREFUSED');
      const client = await UdpClient.open();
      expect((await client.ask('name', at[0] as HostPort)).text).toBe('name is first');
    },
  );

  test('listens where it is told to now, and no more where it is not', async () => {
    const { scene, at } = await start('127.0.0.1', '127.0.0.2');
    const [stays, goes] = at as [HostPort, HostPort];
    const { addresses: more, release } = await find('127.0.0.3');
    const [comes] = more as [HostPort];
    const tcp = await TcpClient.open(goes);
    await tcp.ask('name');
    await scene.load(scene.plan([stays, comes], { name: 'second' }));
    release();
    expect(scene.thread.addresses).toEqual([stays, comes]);
    const client = await UdpClient.open();
    for (const address of [stays, comes]) expect((await client.ask('name', address)).text).toBe('name is second');
    await expect(TcpClient.open(goes)).rejects.toThrow('ECONNREFUSED');
    // Who is connected is answered.
    expect(await tcp.ask('name')).toBe('name is second');
  });

  test('may take a wildcard in place of an address, and back', async () => {
    const { scene, at } = await start('127.0.0.1');
    const address = at[0] as HostPort;
    const wildcard = { host: '0.0.0.0', port: address.port };
    const client = await UdpClient.open();
    await scene.load(scene.plan([wildcard], { name: 'second' }));
    expect(scene.thread.addresses).toContainEqual(address);
    expect((await client.ask('name', address)).text).toBe('name is second');
    expect(await (await TcpClient.open(address)).ask('name')).toBe('name is second');
    await scene.load(scene.plan([address], { name: 'third' }));
    expect((await client.ask('name', address)).text).toBe('name is third');
    expect(await (await TcpClient.open(address)).ask('name')).toBe('name is third');
  });

  test('that was prepared and then not wanted leaves nothing open', async () => {
    const { scene, at } = await start('127.0.0.1');
    const { addresses: more, release } = await find('127.0.0.3');
    release();
    expect(await scene.thread.prepare(scene.plan([...at, ...more], { name: 'second' }))).toBeUndefined();
    scene.thread.discard();
    await scene.load(scene.plan(at, { name: 'third' }));
    await expect(TcpClient.open(more[0] as HostPort)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a thread that dies', () => {
  test('is replaced at once by one that answers as it did, on the same ports', async () => {
    const { scene, at } = await start('127.0.0.1');
    const address = at[0] as HostPort;
    await scene.load(scene.plan(at, { name: 'second' }));
    const client = await UdpClient.open();
    const tcp = await TcpClient.open(address);
    await tcp.ask('name');
    const seen = client.all.length;
    const begun = performance.now();
    client.send('die', address);
    const asking = setInterval(() => client.send('name', address), 1);
    atTeardown(() => clearInterval(asking));
    expect((await client.next(seen)).text).toBe('name is second');
    const gap = performance.now() - begun;
    expect(gap).toBeLessThan(1_000);
    clearInterval(asking);
    await tcp.hasEnded();
    await scene.replaced(2);
    expect(scene.thread.deaths).toBe(1);
    expect(scene.thread.counts.of('tcp')).toMatchObject({ open: 0, accepted: 1, queries: 1 });
    expect(scene.log.all.map(({ event }) => event)).toEqual(['the DNS thread died, a new one is started']);
  });

  test('over a reload leaves what was before, and the reload is refused', async () => {
    const { scene, at } = await start('127.0.0.1');
    const problem = await scene.thread.prepare(scene.plan(at, { name: 'deadly', fault: 'death' }));
    expect(problem).toBe('the DNS thread died over it: it ended with status 8');
    await scene.replaced(1);
    const client = await UdpClient.open();
    expect((await client.ask('name', at[0] as HostPort)).text).toBe('name is first');
  });

  test('between the steps of a reload is followed by one that takes them both', async () => {
    const { scene, at } = await start('127.0.0.1');
    expect(await scene.thread.prepare(scene.plan(at, { name: 'second' }))).toBeUndefined();
    const client = await UdpClient.open();
    client.send('die', at[0] as HostPort);
    await until(() => scene.thread.deaths === 1, 'a death');
    await scene.thread.commit();
    expect(scene.thread.serving).toBe(2);
    expect((await client.ask('name', at[0] as HostPort)).text).toBe('name is second');
  });

  test('again and again is replaced after ever longer pauses', async () => {
    const { scene, at } = await start('127.0.0.1');
    const client = await UdpClient.open();
    for (let deaths = 1; deaths <= 3; deaths++) {
      client.send('die', at[0] as HostPort);
      await until(() => scene.thread.deaths === deaths && scene.thread.serving === 1, 'a successor');
    }
    expect(scene.log.all.map(({ fields }) => fields.backoff_ms)).toEqual([0, 100, 200]);
  });
});

describe('a stop', () => {
  test('answers what has come by TCP, and then nothing listens', async () => {
    const { scene, at } = await start('127.0.0.1');
    const address = at[0] as HostPort;
    const client = await TcpClient.open(address);
    await client.ask('name');
    void client.ended.then(() => client.end());
    const inTheMiddle = await TcpClient.open(address);
    inTheMiddle.send(query('in the middle').subarray(0, 5));
    void inTheMiddle.ended.then(() => inTheMiddle.end());
    await until(() => scene.thread.counts.of('tcp').open === 2, 'two connections');
    const stopped = scene.thread.stop(3_000);
    expect(await client.hasEnded()).toBe('ended');
    const udp = await UdpClient.open();
    expect((await udp.ask('name', address)).text).toBe('name is first');
    inTheMiddle.send(query('in the middle').subarray(5));
    expect(await inTheMiddle.next(0)).toBe('in the middle');
    await within(stopped, 'the end of the thread');
    expect(scene.thread.deaths).toBe(0);
    await expect(TcpClient.open(address)).rejects.toThrow('ECONNREFUSED');
  });

  test('does not wait for longer than it may', async () => {
    const { scene, at } = await start('127.0.0.1');
    const client = await TcpClient.open(at[0] as HostPort);
    client.send(query('in the middle').subarray(0, 5));
    await until(() => scene.thread.counts.of('tcp').open === 1, 'a connection');
    await within(scene.thread.stop(50), 'the end of the thread');
    await client.hasEnded();
  });
});
