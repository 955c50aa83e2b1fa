import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { UNSENT } from '../../../src/geodns/server/tcp-limits.ts';
import { atTeardown } from '../../support/teardown.ts';
import { frame, query, TcpClient } from './tcp-client.ts';
import { serveTcp, until } from './tcp-scene.ts';

const haveIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

describe('queries by TCP', () => {
  test.each([
    { host: '127.0.0.1', from: '127.0.0.9', source: 'tcp 7f000009' },
    { host: '::1', from: '::1', source: 'tcp 00000000000000000000000000000001' },
  ])('to $host are answered, and their source known', async ({ host, from, source }) => {
    if (host === '::1' && !haveIPv6) return;
    const { at } = await serveTcp({}, host);
    const client = await TcpClient.open(at, from);
    expect(await client.ask('who')).toBe(`${source} ${client.socket.localPort}`);
  });

  test('that come together are answered together, in their order', async () => {
    const { at, counts } = await serveTcp();
    const client = await TcpClient.open(at);
    const queries = Array.from({ length: 1000 }, (_, index) => `question ${index}`);
    client.send(Buffer.concat(queries.map(query)));
    await client.next(999);
    expect(client.all.map((each) => each.trimEnd())).toEqual(queries);
    expect(counts.of('tcp')).toMatchObject({ queries: 1000, replies: 1000, accepted: 1, open: 1 });
    expect(client.reads).toBeLessThan(10);
  });

  test('are answered however they are cut', async () => {
    const { at } = await serveTcp();
    const client = await TcpClient.open(at);
    const bytes = Buffer.concat([query('first'), query('second')]);
    for (const byte of bytes) {
      client.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    await client.next(1);
    expect(client.all.map((each) => each.trimEnd())).toEqual(['first', 'second']);
  });

  test('have replies of 64 KiB', async () => {
    const { at } = await serveTcp();
    const client = await TcpClient.open(at);
    client.send(Buffer.concat([query('big 65535'), query('big 65535'), query('small')]));
    await client.next(2);
    expect(client.all.map(({ length }) => length)).toEqual([65535, 65535, 12]);
  });

  test('without a reply do not end the connection', async () => {
    const { at, counts } = await serveTcp();
    const client = await TcpClient.open(at);
    client.send(Buffer.concat([query('silent'), query('throw'), query('long')]));
    expect(await client.ask('still there')).toBe('still there');
    expect(counts.of('tcp')).toMatchObject({ queries: 4, replies: 1, silent: 3 });
    expect(counts.of('responder')).toEqual({ failed: 2 });
  });

  test('of a client that has ended its side are all answered before we end ours', async () => {
    const { at, server } = await serveTcp();
    const client = await TcpClient.open(at);
    for (let i = 0; i < 40; i++) client.send(query('big 60000'));
    client.end();
    expect(await client.hasEnded()).toBe('ended');
    expect(client.all).toHaveLength(40);
    await until(() => server.connections === 0, 'no connection');
  });
});

describe('what is no query', () => {
  test.each([
    { name: 'of no byte', bytes: frame('') },
    { name: 'shorter than a header', bytes: frame('x'.repeat(11)) },
    { name: 'longer than any query', bytes: frame('x'.repeat(4097)) },
    { name: 'in HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
    { name: 'in TLS', bytes: Buffer.from('16030102000100', 'hex') },
  ])('$name ends the connection, behind the replies to what came before', async ({ bytes }) => {
    const { at, counts, server } = await serveTcp();
    const client = await TcpClient.open(at);
    client.send(Buffer.concat([query('before'), bytes, query('behind')]));
    expect(await client.hasEnded()).toBe('ended');
    expect(client.all.map((each) => each.trimEnd())).toEqual(['before']);
    client.end();
    await until(() => server.connections === 0, 'no connection');
    expect(counts.of('tcp')).toMatchObject({ malformed: 1, open: 0 });
  });

  test('by 300 clients who send random bytes ends nothing', async () => {
    const { at, server } = await serveTcp({ whole: 200, perNetwork: 1000 });
    const ends = Array.from({ length: 300 }, async (_, index) => {
      const client = await TcpClient.open(at);
      client.socket.resume();
      client.send(Buffer.from(Array.from({ length: 1 + index * 7 }, () => Math.random() * 256)));
      client.end();
      return client.ended;
    });
    await Promise.all(ends);
    await until(() => server.connections === 0, 'no connection');
    const client = await TcpClient.open(at);
    expect(await client.ask('still there')).toBe('still there');
  });
});

describe('the transfer of a zone', () => {
  test('is sent message by message, in order with other replies', async () => {
    const { at, counts, responder } = await serveTcp();
    const client = await TcpClient.open(at);
    client.send(Buffer.concat([query('before'), query('zone 50 20000'), query('behind')]));
    await client.next(51);
    expect(client.all.map(({ length }) => length)).toEqual([12, ...Array(50).fill(20000), 12]);
    expect(client.all.slice(1, 51).map((each) => Buffer.from(each, 'latin1').readUInt32BE())).toEqual([
      ...Array(50).keys(),
    ]);
    expect(counts.of('tcp')).toMatchObject({ transfers: 1, transferMessages: 50 });
    expect(responder.transfersOpen).toBe(0);
  });

  test('that fails is broken off, not ended', async () => {
    const { at, counts, responder, server, log } = await serveTcp();
    const client = await TcpClient.open(at);
    client.send(query('zone! 2 1000'));
    await client.hasEnded();
    expect(client.all).toEqual([]);
    expect(counts.of('responder')).toEqual({ failed: 1 });
    expect(counts.of('tcp').transfers).toBe(0);
    expect(responder.transfersOpen).toBe(0);
    expect(server.connections).toBe(0);
    expect(log.all.map(({ event }) => event)).toEqual(['the transfer of a zone failed']);
  });

  test('waits for who reads slowly, goes on when it is read, and is given up with the connection', async () => {
    const { at, responder, counts } = await serveTcp();
    const client = await TcpClient.open(at);
    client.socket.pause();
    client.send(query('zone 2000 60000'));
    let before = -1;
    await until(() => {
      const { transferMessages } = counts.of('tcp');
      const stands = transferMessages > 0 && transferMessages === before;
      before = transferMessages;
      return stands;
    }, 'a transfer that waits');
    expect(before).toBeLessThan(1000);
    client.socket.resume();
    await client.next(before + 10);
    expect(responder.transfersOpen).toBe(1);
    client.socket.destroy();
    await until(() => responder.transfersOpen === 0, 'a transfer that is given up');
  });

  test('of any length to one client leaves the others their turn', async () => {
    const { at, responder } = await serveTcp();
    const greedy = await TcpClient.open(at);
    const other = await TcpClient.open(at);
    greedy.send(query('zone 4000 60000'));
    await greedy.next(0);
    expect(await other.ask('me too')).toBe('me too');
    expect(responder.transfersOpen).toBe(1);
    greedy.socket.destroy();
  });
});

describe('who has to go when there are too many connections', () => {
  test('is the one that has been idle for the longest', async () => {
    const { at, counts } = await serveTcp({ connections: 3 });
    const [first, second, third] = await openInTurn(at, 3);
    await first?.ask('not so idle');
    const fourth = await TcpClient.open(at);
    expect(await fourth.ask('let in')).toBe('let in');
    expect(await second?.hasEnded()).toBe('ended');
    expect(await third?.ask('still there')).toBe('still there');
    expect(await first?.ask('still there')).toBe('still there');
    expect(counts.of('tcp')).toMatchObject({ evicted: 1, open: 3, accepted: 4 });
  });

  test('is who is idle, before who is in the middle of a query', async () => {
    const { at, counts } = await serveTcp({ connections: 2 });
    const [first, second] = await openInTurn(at, 2);
    first?.send(query('in the middle').subarray(0, 5));
    await until(() => (first?.socket.bytesWritten ?? 0) > 0, 'half a query');
    await second?.ask('after it');
    await TcpClient.open(at);
    await second?.hasEnded();
    expect(counts.of('tcp').evicted).toBe(1);
    first?.send(query('in the middle').subarray(5));
    expect(await first?.next(1)).toBe('in the middle');
  });

  test('is one of the same network, when that has its share', async () => {
    const { at, counts } = await serveTcp({ perNetwork: 2 });
    const other = await TcpClient.open(at, '127.0.1.1');
    await other.ask('first of all');
    const first = await TcpClient.open(at, '127.0.0.1');
    await first.ask('a');
    const second = await TcpClient.open(at, '127.0.0.2');
    await second.ask('b');
    const third = await TcpClient.open(at, '127.0.0.3');
    expect(await third.ask('c')).toBe('c');
    expect(await first.hasEnded()).toBe('ended');
    expect(await other.ask('still there')).toBe('still there');
    expect(counts.of('tcp')).toMatchObject({ evicted: 1, open: 3 });
  });

  async function openInTurn(at: { host: string; port: number }, count: number): Promise<TcpClient[]> {
    const clients: TcpClient[] = [];
    for (let i = 0; i < count; i++) {
      const client = await TcpClient.open(at);
      await client.ask('here');
      clients.push(client);
    }
    return clients;
  }
});

describe('deadlines', () => {
  test('cut who never sends a byte', async () => {
    const { at, counts } = await serveTcp({ first: 50 });
    const client = await TcpClient.open(at);
    expect(await client.hasEnded()).toBe('ended');
    expect(counts.of('tcp')).toMatchObject({ idle: 1, slowQueries: 0 });
  });

  test('cut who is idle, counted from the last query', async () => {
    const { at, counts } = await serveTcp({ idle: 50 });
    const client = await TcpClient.open(at);
    await client.ask('a question');
    expect(await client.hasEnded()).toBe('ended');
    expect(counts.of('tcp')).toMatchObject({ idle: 1, open: 0 });
  });

  test('cut who sends a query byte by byte, whatever trickles in', async () => {
    const { at, counts } = await serveTcp({ whole: 150 });
    const client = await TcpClient.open(at);
    await client.ask('a question');
    client.send(frame('x'.repeat(4000)).subarray(0, 100));
    const trickle = setInterval(() => client.send(Buffer.of(1)), 5);
    atTeardown(() => clearInterval(trickle));
    await client.hasEnded();
    expect(counts.of('tcp')).toMatchObject({ slowQueries: 1, idle: 0 });
  });

  test('cut who does not read', async () => {
    const { at, counts } = await serveTcp({ writing: 100 });
    const client = await TcpClient.open(at);
    client.socket.pause();
    client.send(query('zone 4000 60000'));
    await until(() => counts.of('tcp').slowReaders === 1, 'a slow reader that is cut');
    expect(counts.of('tcp').open).toBe(0);
  });

  test('cut who has been told the end and does not end', async () => {
    const { at, server } = await serveTcp({ idle: 150 });
    const client = await TcpClient.open(at);
    client.send(frame(''));
    expect(await client.hasEnded()).toBe('ended');
    // Our side stays open: it half-closed.
    expect(server.connections).toBe(1);
    await until(() => server.connections === 0, 'no connection');
  });
});

describe('draining', () => {
  test('answers what has come, accepts no more, and ends each connection', async () => {
    const { at, server } = await serveTcp();
    const idle = await TcpClient.open(at);
    await idle.ask('a question');
    const asking = await TcpClient.open(at);
    await asking.ask('a question');
    const inTheMiddle = await TcpClient.open(at);
    inTheMiddle.send(query('in the middle').subarray(0, 9));
    asking.send(Buffer.concat([query('one'), query('two')]));
    for (const client of [idle, asking, inTheMiddle]) void client.ended.then(() => client.end());
    await asking.next(2);
    const drained = server.drain(3000);
    expect(await idle.hasEnded()).toBe('ended');
    expect(await asking.hasEnded()).toBe('ended');
    inTheMiddle.send(query('in the middle').subarray(9));
    expect(await inTheMiddle.next(0)).toBe('in the middle');
    await drained;
    expect(server.connections).toBe(0);
    await expect(TcpClient.open(at)).rejects.toThrow('ECONNREFUSED');
  });

  test('cuts who is not done in time', async () => {
    const { at, server } = await serveTcp();
    const client = await TcpClient.open(at);
    client.send(query('never to its end').subarray(0, 9));
    await until(() => server.connections === 1, 'a connection');
    await server.drain(50);
    await client.hasEnded();
    expect(server.connections).toBe(0);
  });
});

test('an address that another program has is told with the reason', async () => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  atTeardown(() => other.close());
  const { server } = await serveTcp();
  const { port } = other.address() as { port: number };
  await expect(server.listen({ host: '127.0.0.1', port })).rejects.toThrow(
    `another program listens on 127.0.0.1:${port} already (TCP)`,
  );
});

test('a client has at most so much unsent', async () => {
  const { at, counts } = await serveTcp();
  const client = await TcpClient.open(at);
  client.socket.pause();
  const queries = Buffer.concat(Array.from({ length: 3000 }, () => query('big 4000')));
  client.send(queries);
  let before = -1;
  await until(() => {
    const { replies } = counts.of('tcp');
    const stands = replies > 0 && replies === before;
    before = replies;
    return stands;
  }, 'a client that is not answered any more');
  // What the system's buffers take comes on top of it.
  expect(before * 4000).toBeLessThan(8 * 1024 * 1024 + 3 * UNSENT);
  client.socket.resume();
  await client.next(2999);
  expect(counts.of('tcp').replies).toBe(3000);
});
