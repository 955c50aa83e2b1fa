import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Exchange, SharedFields } from '../../src/proxy/exchange.ts';
import { Http2Front } from '../../src/proxy/http2.ts';
import type { ListenerPlan } from '../../src/proxy/plan.ts';
import { atTeardown } from '../support/teardown.ts';
import { turn } from '../support/wait.ts';

/** A client of HTTP/2, and a front with no pipeline behind it but `take`. */
async function startFront(take: (exchange: Exchange) => void) {
  const plan = {
    limits: { head: 32_768, fields: 100, uri: 8_192 },
    timeouts: { head: 10_000, body: 10_000, idle: 10_000, write: 10_000 },
  } as ListenerPlan;
  const front = new Http2Front(plan, { take, hasSibling: () => false, refuse: () => {}, unparsed: () => {} });
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    front.accept(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => {});
  atTeardown(() => {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return client;
}

test('fields that replies have in common come first, in lower case', async () => {
  const shared = new SharedFields(['ETag', '"1"', 'X-Kept', 'Yes']);
  const client = await startFront((exchange) =>
    exchange.reply({ status: 204, shared, fields: ['Age', '1'] }, undefined),
  );
  for (let i = 0; i < 2; i++) {
    const [headers] = await once(client.request({ ':path': '/' }), 'response');
    expect(Object.entries(headers)).toEqual([
      [':status', 204],
      ['etag', '"1"'],
      ['x-kept', 'Yes'],
      ['age', '1'],
    ]);
  }
  expect(shared.lowerCase).toEqual(['etag', '"1"', 'x-kept', 'Yes']);
});

describe('memory that the writer owns', () => {
  const SIZE = 1_000_000;

  async function startOwner() {
    const shared = new Uint8Array(new SharedArrayBuffer(SIZE)).map((_, i) => i % 249);
    const count = { sent: 0, released: 0 };
    const client = await startFront((exchange) => {
      exchange.respond({ status: 200, fields: [] });
      for (const end of [SIZE, 100]) {
        count.sent += 1;
        exchange.writeOwned(shared.subarray(0, end), () => {
          count.released += 1;
        });
      }
      exchange.end();
    });
    return { client, count, whole: Buffer.concat([shared, shared.subarray(0, 100)]) };
  }

  test('arrives as it is, and is released once', async () => {
    const { client, count, whole } = await startOwner();
    const pieces: Buffer[] = [];
    for await (const piece of client.request({ ':path': '/' })) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    await turn();
    expect(count).toEqual({ sent: 2, released: 2 });
  });

  test('is released where it is not sent', async () => {
    const { client, count } = await startOwner();
    for await (const _ of client.request({ ':path': '/', ':method': 'HEAD' }));
    expect(count).toEqual({ sent: 2, released: 2 });
  });

  test.each(['a stream', 'a connection'])('is released once when its client gives %s up', async (what) => {
    const { client, count } = await startOwner();
    const stream = client.request({ ':path': '/' }).on('error', () => {});
    await once(stream, 'response');
    stream.pause();
    expect(count.released).toBeLessThan(2);
    if (what === 'a stream') stream.close(constants.NGHTTP2_CANCEL);
    else client.destroy();
    while (count.released < 2) await nextTurn();
    await turn();
    expect(count).toEqual({ sent: 2, released: 2 });
  });
});
