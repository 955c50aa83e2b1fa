import { describe, expect, test } from 'vitest';
import { connectRaw } from '../support/raw-client.ts';
import { forwarded, HOST, head, judged, refused } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** `listeners[].limits`: how much of a request is read before it is refused. */

const scene = useScene({ listener: { limits: { head: '32KiB', fields: 100, uri: '8KiB' } } });

const GET = 'GET /sized HTTP/1.1';
const line = 'GET /sized';
const path = (length: number) => `/${'a'.repeat(length - 1)}`;
const fields = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);

describe('the limit of the target', () => {
  judged(scene, [
    {
      name: 'is not reached by 8 KiB',
      see: 'RFC 9110 §4.1',
      send: head(`GET ${path(8192)} HTTP/1.1`, HOST),
      expect: forwarded({ line: `GET ${path(8192)}` }),
    },
    {
      name: 'is passed by a byte more',
      see: 'RFC 9110 §15.5.15',
      send: head(`GET ${path(8193)} HTTP/1.1`, HOST),
      expect: refused(414),
    },
    {
      name: 'is passed by a query',
      see: 'RFC 9110 §15.5.15',
      send: head(`GET /?${path(9000)} HTTP/1.1`, HOST),
      expect: refused(414),
    },
    {
      name: 'is told from that of the head',
      see: 'RFC 9110 §15.5.15',
      send: head(`GET ${path(40_000)} HTTP/1.1`, HOST),
      expect: refused(414, 431),
    },
  ]);
});

describe('the limit of fields', () => {
  judged(scene, [
    {
      name: 'is not reached by a hundred',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, ...fields(99)),
      expect: forwarded({ line, fields: { 'x-0': ['0'], 'x-98': ['98'] } }),
    },
    {
      name: 'is passed by one more',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, ...fields(100)),
      expect: refused(431),
    },
    {
      name: 'is passed by 3000, and none of them is left out silently',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, ...fields(3000), 'Content-Length: 5'),
      expect: refused(431),
    },
    {
      name: 'is passed by fields without value',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, ...Array(2000).fill('X:')),
      expect: refused(431),
    },
  ]);
});

describe('the limit of the head', () => {
  judged(scene, [
    {
      name: 'is not reached by a value of 30 KiB',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, `X-Long: ${'a'.repeat(30_720)}`),
      expect: forwarded({ line, fields: { 'x-long': ['a'.repeat(30_720)] } }),
    },
    {
      name: 'is passed by a value of 33 KiB',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, `X-Long: ${'a'.repeat(33_792)}`),
      expect: refused(431),
    },
    {
      name: 'is passed by a name of 33 KiB',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, `${'a'.repeat(33_792)}: x`),
      expect: refused(431),
    },
    {
      name: 'is passed by many long values',
      see: 'RFC 6585 §5',
      send: head(GET, HOST, ...fields(40).map((field) => field + 'a'.repeat(1000))),
      expect: refused(431),
    },
  ]);

  test('is passed by a line that does not end, long before its sender is done', async () => {
    const client = await connectRaw(scene.http);
    let sent = 0;
    while (sent < 1000 && client.socket.writable) {
      await client.send('a'.repeat(16_384));
      sent++;
    }
    expect(sent).toBeLessThan(1000);
    // Who does not stop sending may never see the answer, for the reset that its bytes meet.
    for (const { status } of await client.untilClosed()) expect([400, 414, 431, 501]).toContain(status);
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('is passed by a head that does not end, long before its sender is done', async () => {
    const client = await connectRaw(scene.http);
    await client.send(`${GET}\r\n${HOST}\r\n`);
    let sent = 0;
    while (sent < 1000 && client.socket.writable) {
      await client.send(`X: ${'a'.repeat(1000)}\r\n`);
      sent++;
    }
    expect(sent).toBeLessThan(1000);
    for (const { status } of await client.untilClosed()) expect(status).toBe(431);
    await scene.innocent();
    scene.expectUnharmed();
  });
});
