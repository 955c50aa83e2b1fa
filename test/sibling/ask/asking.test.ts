import { createSocket } from 'node:dgram';
import { describe, expect, test, vi } from 'vitest';
import type { Siblings } from '../../../src/proxy/siblings.ts';
import {
  encodeAnswer,
  encodeQuery,
  encodeUrl,
  type IcpAnswer,
  type IcpMessage,
} from '../../../src/sibling/icp/message.ts';
import { atTeardown } from '../../support/teardown.ts';
import { turn, within } from '../../support/wait.ts';
import { nobodyAt, planOf, Scene, URL } from './scene.ts';
import { ScriptedPeer } from './scripted-peer.ts';

describe('asking the siblings', () => {
  test('is what the data plane wants of them', async () => {
    const peer = await ScriptedPeer.start('HIT');
    const siblings: Omit<Siblings, 'purged'> = new Scene({ peers: [peer] }).client;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    siblings.ask({ url: URL, fields: [] }, resolve);
    expect(await within(promise, 'the sibling')).toBe(0);
  });

  test('sends a plain query from the address where we answer', async () => {
    const peer = await ScriptedPeer.start('HIT');
    const scene = new Scene({ peers: [peer] });
    expect(await scene.ask()).toBe(0);
    const { message, packet, from } = peer.at(0);
    expect(from.address).toBe('127.0.0.30');
    expect(message).toMatchObject({ opcode: 'QUERY', url: URL });
    expect(packet).toEqual(encodeQuery(message.requestNumber, URL));
    expect(scene.table.account(0)).toMatchObject({ queries: 1, hits: 1, misses: 0, timeouts: 0, answeredAgo: 0 });
  });

  test('never tells within the question', async () => {
    const peer = await ScriptedPeer.start('HIT');
    const scene = new Scene({ peers: [peer] });
    const order: string[] = [];
    const told = new Promise<void>((resolve) => {
      scene.client.ask({ url: URL, fields: [] }, () => {
        order.push('told');
        resolve();
      });
    });
    order.push('asked');
    await within(told, 'the sibling');
    expect(order).toEqual(['asked', 'told']);
  });

  test('takes the first that has it, whoever else says nothing', async () => {
    const silent = await ScriptedPeer.start(undefined);
    const misses = await ScriptedPeer.start('MISS', '127.0.0.32');
    const hits = await ScriptedPeer.start('HIT', '127.0.0.33');
    const scene = new Scene({ peers: [silent, misses, hits] });
    expect(await scene.ask()).toBe(2);
    expect(await scene.ask(URL, [], scene.client)).toBe(2);
    expect(scene.table.account(1)).toMatchObject({ queries: 2, misses: 2, hits: 0 });
  });

  test('tells once, of several that have it', async () => {
    const peers = [await ScriptedPeer.start('HIT'), await ScriptedPeer.start('HIT', '127.0.0.32')];
    const scene = new Scene({ peers });
    const told = vi.fn();
    scene.client.ask({ url: URL, fields: [] }, told);
    await vi.waitUntil(() => scene.table.account(0).hits + scene.table.account(1).hits === 2);
    expect(told).toHaveBeenCalledTimes(1);
  });

  test.each<IcpAnswer>(['MISS', 'MISS_NOFETCH', 'DENIED', 'ERR'])('is over at once when all say %s', async (answer) => {
    const peers = [await ScriptedPeer.start(answer), await ScriptedPeer.start(answer, '127.0.0.32')];
    const scene = new Scene({ peers });
    const before = performance.now();
    expect(await scene.ask()).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(1_000);
    const { misses, denied, errors, timeouts } = scene.table.account(1);
    expect({ misses, denied, errors, timeouts }).toEqual({
      misses: answer.startsWith('MISS') ? 1 : 0,
      denied: answer === 'DENIED' ? 1 : 0,
      errors: answer === 'ERR' ? 1 : 0,
      timeouts: 0,
    });
  });

  test('takes an ERR whose URL came back escaped', async () => {
    const peer = await ScriptedPeer.start('ERR');
    const scene = new Scene({ peers: [peer] });
    expect(await scene.ask('http://a/b c~')).toBeUndefined();
    expect(scene.table.account(0).errors).toBe(1);
  });

  test('is over at the timeout when somebody says nothing', async () => {
    const peers = [await ScriptedPeer.start('MISS'), await ScriptedPeer.start(undefined, '127.0.0.32')];
    const scene = new Scene({ peers, timeout: 30 });
    const before = performance.now();
    expect(await scene.ask()).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThan(28);
    expect(scene.table.account(0).timeouts).toBe(0);
    expect(scene.table.account(1).timeouts).toBe(1);
  });

  test('waits for a quick peer only a little', async () => {
    const peer = await ScriptedPeer.start('MISS');
    const scene = new Scene({ peers: [peer] });
    for (let i = 0; i < 30; i++) await scene.ask();
    peer.answer = undefined;
    const { timeouts } = scene.table.account(0);
    const before = performance.now();
    expect(await scene.ask()).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(500);
    expect(scene.table.account(0).timeouts).toBe(timeouts + 1);
  });

  test('tells nothing that nobody wants to know any more', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const told = vi.fn();
    const asking = scene.client.ask({ url: URL, fields: [] }, told);
    await peer.asked();
    asking?.cancel();
    asking?.cancel();
    peer.reply('HIT');
    await vi.waitUntil(() => scene.table.account(0).hits === 1);
    expect(told).not.toHaveBeenCalled();
  });

  test('keeps questions apart', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const urls = Array.from({ length: 20 }, (_, i) => `http://a/${i}`);
    const told = urls.map((url) => scene.ask(url));
    await peer.asked(urls.length);
    for (const i of urls.keys()) peer.reply(i % 3 === 0 ? 'HIT' : 'MISS', urls.length - 1 - i);
    expect(await Promise.all(told)).toEqual(urls.map((_, i) => ((19 - i) % 3 === 0 ? 0 : undefined)));
    expect(new Set(peer.heard.map(({ message }) => message.requestNumber)).size).toBe(urls.length);
  });

  test('has a bound for what is under way', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    let asked = 0;
    while (asked < 10_000 && scene.client.ask({ url: URL, fields: [] }, () => {}) !== undefined) asked++;
    expect(asked).toBe(2_048);
  });

  test('goes by IPv6 as well', async () => {
    const four = await ScriptedPeer.start('MISS');
    const six = await ScriptedPeer.start('HIT', '::1');
    const scene = new Scene({ peers: [four, six] });
    expect(await scene.ask()).toBe(1);
    expect(four.at(0).from.address).toBe('127.0.0.30');
    const fromSix = new Scene({ icp: '::1', peers: [six] });
    expect(await fromSix.ask()).toBe(0);
    const mapped = { address: { host: '::ffff:127.0.0.31', port: four.address.port } };
    expect(await new Scene({ icp: '::ffff:127.0.0.30', peers: [mapped] }).ask()).toBeUndefined();
    expect(four.heard).toHaveLength(2);
  });
});

describe('what a sibling is asked', () => {
  test('exactly, if it is a Portico node: with the fields of the request', async () => {
    const portico = await ScriptedPeer.start('MISS');
    const squid = await ScriptedPeer.start('MISS', '127.0.0.32');
    const scene = new Scene({ peers: [portico, squid] });
    scene.table.setPortico(0, true);
    const fields = ['Accept-Language', 'de', 'Cookie', 'x'.repeat(1_000)];
    expect(await scene.ask(URL, fields)).toBeUndefined();
    expect(portico.at(0).message).toMatchObject({
      opcode: 'EXACT_QUERY',
      url: URL,
      fields: ['Accept-Language', 'de', 'Cookie', '*'],
    });
    expect(squid.at(0).message).toMatchObject({ opcode: 'QUERY', url: URL });
    expect(squid.at(0).message.requestNumber).toBe(portico.at(0).message.requestNumber);
  });

  test('nothing of an https URL, if it is neither a Portico node nor fetched from by https', async () => {
    const peers = [
      await ScriptedPeer.start('MISS'),
      await ScriptedPeer.start('MISS', '127.0.0.32'),
      Object.assign(await ScriptedPeer.start('MISS', '127.0.0.33'), { url: 'https://127.0.0.33' }),
    ];
    const scene = new Scene({ peers });
    scene.table.setPortico(1, true);
    expect(await scene.ask('https://www.site.test/')).toBeUndefined();
    expect(peers.map((peer) => peer.heard.length)).toEqual([0, 1, 1]);
    expect(await new Scene({ peers: peers.slice(0, 1) }).ask('https://www.site.test/')).toBe('nobody to ask');
  });

  test('nothing that would be a packet of more than 8 KiB', async () => {
    const peers = [await ScriptedPeer.start('MISS'), await ScriptedPeer.start('MISS', '127.0.0.32')];
    const scene = new Scene({ peers });
    scene.table.setPortico(0, true);
    expect(await scene.ask(URL, ['X', 'x'.repeat(70_000)])).toBeUndefined();
    expect(peers.map((peer) => peer.heard.length)).toEqual([0, 1]);
    expect(await scene.ask(`http://a/${'x'.repeat(70_000)}`)).toBe('nobody to ask');
  });

  test('nothing, if there are none', async () => {
    expect(await new Scene({ peers: [] }).ask()).toBe('nobody to ask');
  });
});

describe('a packet is dropped, and counted, if it', () => {
  const answer = (message: IcpMessage, changes: Partial<{ requestNumber: number; url: string }>) =>
    encodeAnswer('HIT', { opcode: 'QUERY', requestNumber: message.requestNumber, url: message.url, ...changes });

  test.each([
    {
      name: 'has another number',
      reason: 'unsolicited',
      packet: (m: IcpMessage) => answer(m, { requestNumber: (m.requestNumber ^ 1) >>> 0 }),
    },
    {
      name: 'has another number in the same place',
      reason: 'unsolicited',
      packet: (m: IcpMessage) => answer(m, { requestNumber: (m.requestNumber + 2_048) >>> 0 }),
    },
    { name: 'is about another URL', reason: 'other-url', packet: (m: IcpMessage) => answer(m, { url: `${m.url}x` }) },
    {
      name: 'is a question',
      reason: 'unsolicited',
      packet: (m: IcpMessage) => encodeQuery(m.requestNumber, m.url) as Buffer,
    },
    {
      name: 'is an echo',
      reason: 'unsolicited',
      packet: (m: IcpMessage) => encodeUrl('DECHO', m.requestNumber, m.url),
    },
    { name: 'is no ICP', reason: 'short', packet: () => Buffer.from('hello') },
  ] as const)('$name', async ({ reason, packet }) => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const told = scene.ask();
    await peer.asked();
    const { message, from } = peer.at(0);
    peer.say(packet(message), from);
    peer.reply('MISS');
    expect(await told).toBeUndefined();
    expect(scene.table.drops()[reason]).toBe(1);
    expect(scene.table.account(0)).toMatchObject({ hits: 0, misses: 1 });
  });

  test('comes from another port or another address of the peer', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const told = scene.ask();
    await peer.asked();
    const { message, from } = peer.at(0);
    for (const [host, port] of [
      ['127.0.0.31', 0],
      ['127.0.0.99', peer.address.port],
    ] as const) {
      const other = await ScriptedPeer.start(undefined, host, port);
      other.say(encodeAnswer('HIT', message), from);
    }
    await vi.waitUntil(() => scene.table.drops().stranger === 2);
    peer.reply('MISS');
    expect(await told).toBeUndefined();
  });

  test('comes from a peer that was asked something else', async () => {
    const asked = await ScriptedPeer.start(undefined);
    const other = await ScriptedPeer.start('MISS', '127.0.0.32');
    const scene = new Scene({ peers: [asked, other] });
    const told = scene.ask('https://a/', []);
    expect(await told).toBe('nobody to ask');
    scene.table.setPortico(0, true);
    const second = scene.ask('https://a/', []);
    await asked.asked();
    const { message, from } = asked.at(0);
    other.say(encodeAnswer('HIT', message), from);
    await vi.waitUntil(() => scene.table.drops().unsolicited === 1);
    asked.reply('MISS');
    expect(await second).toBeUndefined();
  });

  test('answers a second time', async () => {
    const peers = [await ScriptedPeer.start('MISS'), await ScriptedPeer.start(undefined, '127.0.0.32')];
    const scene = new Scene({ peers });
    const told = scene.ask();
    await Promise.all(peers.map((peer) => peer.asked()));
    peers[0]?.reply('HIT');
    await vi.waitUntil(() => scene.table.drops().unsolicited === 1);
    peers[1]?.reply('MISS');
    expect(await told).toBeUndefined();
  });
});

describe('the socket', () => {
  test('that cannot be bound is no end: siblings are not asked', async () => {
    const peer = await ScriptedPeer.start('HIT');
    const scene = new Scene({ icp: '192.0.2.1', peers: [peer] });
    expect(await scene.ask()).toBe('nobody to ask');
    expect(scene.events).toMatchObject([
      { level: 'warn', event: 'siblings cannot be asked', fields: { address: '192.0.2.1' } },
    ]);
    scene.client.update(planOf({ peers: [peer] }));
    expect(await scene.ask()).toBe(0);
  });

  test('that cannot send to a peer lets nobody wait for it', async () => {
    const nowhere = { address: { host: '192.0.2.1', port: 3130 } };
    const scene = new Scene({ peers: [nowhere] });
    const before = performance.now();
    for (let i = 0; i < 10; i++) expect(await scene.ask()).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(scene.messages).toEqual(['sibling cannot be asked']);
  });

  test('goes on when the network says that there is nobody', async () => {
    const peers = [{ address: await nobodyAt('127.0.0.32') }, await ScriptedPeer.start('HIT')];
    const scene = new Scene({ peers, timeout: 100 });
    for (let i = 0; i < 5; i++) expect(await scene.ask()).toBe(1);
  });

  test('bears a hail of packets', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const told = scene.ask();
    await peer.asked();
    const { from } = peer.at(0);
    const stranger = createSocket('udp4');
    atTeardown(() => stranger.close());
    for (let i = 0; i < 2_000; i++) {
      const packet = Buffer.alloc(i % 100, i % 256);
      stranger.send(packet, from.port, from.address);
      peer.say(packet, from);
      if (i % 50 === 0) await turn();
    }
    peer.reply('HIT');
    expect(await told).toBe(0);
    expect(scene.table.drops().stranger).toBeGreaterThan(0);
    expect(scene.table.drops().short).toBeGreaterThan(0);
  });
});

describe('a reload', () => {
  test('lets questions go on, where peers and address stay', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const told = scene.ask();
    await peer.asked();
    scene.client.update(planOf({ peers: [peer, await ScriptedPeer.start('MISS', '127.0.0.32')] }));
    peer.reply('HIT');
    expect(await told).toBe(0);
    expect(await Promise.all([scene.ask(), peer.asked(2).then(() => peer.reply('MISS'))])).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('forgets who is no peer any more', async () => {
    const [gone, stays] = [await ScriptedPeer.start(undefined), await ScriptedPeer.start('MISS', '127.0.0.32')];
    const scene = new Scene({ peers: [gone], timeout: 50 });
    const told = scene.ask();
    await gone.asked();
    scene.client.update(planOf({ peers: [stays], timeout: 50 }));
    gone.reply('HIT');
    expect(await told).toBeUndefined();
    expect(scene.table.drops().stranger).toBe(1);
    // Its row is another's: nothing that was not answered counts there.
    expect(scene.table.account(0)).toMatchObject({ hits: 0, timeouts: 0 });
    expect(await scene.ask()).toBeUndefined();
    expect(gone.heard).toHaveLength(1);
  });

  test('tells those who wait, when questions leave from another address', async () => {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer] });
    const told = scene.ask();
    await peer.asked();
    scene.client.update(planOf({ peers: [peer], icp: '127.0.0.40' }));
    expect(await told).toBeUndefined();
    const second = scene.ask();
    await peer.asked(2);
    peer.reply('HIT');
    expect(await second).toBe(0);
    expect(peer.at(1).from.address).toBe('127.0.0.40');
    expect(scene.table.account(0).timeouts).toBe(0);
  });
});

test('the end tells those who wait, and asks nobody afterwards', async () => {
  const peer = await ScriptedPeer.start(undefined);
  const scene = new Scene({ peers: [peer] });
  const told = scene.ask();
  await peer.asked();
  scene.client.close();
  expect(await told).toBeUndefined();
  expect(await scene.ask()).toBe('nobody to ask');
  scene.client.close();
});
