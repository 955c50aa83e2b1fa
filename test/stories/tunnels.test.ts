import { describe, expect, test } from 'vitest';
import { startPortico } from '../support/portico.ts';
import { within } from '../support/wait.ts';
import { openTunnel, type RawEnd, startTunnelOrigin } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

/** Upgraded connections as bytes: whatever the two ends speak, and however they end it. */

async function scene({ early = '', behind = '' } = {}) {
  const origin = await startTunnelOrigin(behind);
  const portico = await startPortico(frontDoor({ origins: [origin.url] }));
  const client = await openTunnel(portico.port(), early);
  const [end] = origin.ends.all as [RawEnd];
  return { portico, client, origin: end };
}

describe('a tunnel', () => {
  test('brings what the client sent before it was open', async () => {
    const { origin } = await scene({ early: 'early' });
    await origin.until('early');
  });

  test('brings what the origin sent together with its 101', async () => {
    const { client } = await scene({ behind: 'right behind' });
    await client.until('right behind');
  });

  test('passes on that the client has ended, and the origin may go on', async () => {
    const { portico, client, origin } = await scene();
    client.socket.end('the last from the client');
    await within(origin.ended, 'the end');
    expect(origin.text.endsWith('the last from the client')).toBe(true);
    origin.socket.write('the origin ');
    await client.until('the origin ');
    origin.socket.end('goes on');
    await client.until('the origin goes on');
    await within(client.ended, 'the end');
    expect(await portico.accessLog.lineFor('/tunnel')).toMatchObject({ status: 101, bytes_in: 24, bytes: 18 });
  });

  test('passes on that the origin has ended, and the client may go on', async () => {
    const { portico, client, origin } = await scene();
    origin.socket.end('the last from the origin');
    await within(client.ended, 'the end');
    expect(client.text.endsWith('the last from the origin')).toBe(true);
    client.socket.write('the client ');
    await origin.until('the client ');
    client.socket.end('goes on');
    await origin.until('the client goes on');
    await within(origin.ended, 'the end');
    expect(await portico.accessLog.lineFor('/tunnel')).toMatchObject({ status: 101, bytes_in: 18, bytes: 24 });
  });

  test.each(['client', 'origin'] as const)(
    'that the %s breaks is over for the other end too, both ways',
    async (who) => {
      const { portico, ...ends } = await scene();
      const other = who === 'client' ? ends.origin : ends.client;
      ends[who].socket.resetAndDestroy();
      await within(other.ended, 'the end');
      // It has its line when nothing of it is left.
      expect(await portico.accessLog.lineFor('/tunnel')).toMatchObject({ status: 101 });
    },
  );

  test.each([
    { name: 'the client does not read', reader: 'client', writer: 'origin' },
    { name: 'the origin does not read', reader: 'origin', writer: 'client' },
  ] as const)('holds the sender back where $name, and brings all of it later', async ({ reader, writer }) => {
    const { portico, ...ends } = await scene();
    const from = ends[writer].socket;
    ends[reader].socket.pause();
    const block = Buffer.alloc(2 ** 20, 'x');
    for (let i = 0; i < 64; i++) from.write(block);
    const taken = await standstill(() => from.bytesWritten - from.writableLength);
    // What the system's buffers of four sockets may hold; the rest waits at the sender.
    expect(taken).toBeLessThan(32 * block.length);
    const before = ends[reader].socket.bytesRead;
    ends[reader].socket.resume();
    from.end('the end');
    await within(ends[reader].ended, 'the end', 9000);
    expect(ends[reader].socket.bytesRead - before).toBeGreaterThan(32 * block.length);
    expect(ends[reader].text.endsWith('xthe end')).toBe(true);
    expect(ends[reader].text.length).toBeGreaterThanOrEqual(64 * block.length);
  });
});

/** Resolves when a count has not changed for a while. */
async function standstill(count: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = count();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
}
