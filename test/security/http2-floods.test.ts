import { describe, expect, test } from 'vitest';
import { connectH2, type H2Client } from '../support/h2-client.ts';
import {
  continuationFrame,
  dataFrame,
  FLAG,
  frame,
  headersFrame,
  resetFrame,
  settingsFrame,
  TYPE,
  windowUpdateFrame,
} from '../support/h2-frames.ts';
import { encodeFields } from '../support/hpack.ts';
import { within } from '../support/wait.ts';
import { innocentStream, request } from './http2-verdict.ts';
import { echo, useScene } from './scene.ts';

/** Clients of HTTP/2 that make work instead of requests, and connections that break its rules. */

const scene = useScene();

/** Whatever became of the attacker: others are served, on new connections and on one that was there before. */
async function othersAreServed(during: (attacker: H2Client) => Promise<void>): Promise<void> {
  scene.origin.script = echo;
  const bystander = await connectH2(scene.https);
  const attacker = await connectH2(scene.https);
  await Promise.all([during(attacker), innocentStream(bystander, '/innocent/during')]);
  await innocentStream(bystander, '/innocent/after');
  await scene.innocent();
  attacker.close();
  await innocentStream(bystander, '/innocent/later');
  scene.expectUnharmed();
}

describe('a flood', () => {
  test('of streams that are reset at once (CVE-2023-44487)', async () => {
    await othersAreServed(async (attacker) => {
      for (let burst = 0; burst < 40 && attacker.socket.writable; burst++) {
        const streams = Array.from({ length: 50 }, () => attacker.newStream());
        await attacker.send(...streams.flatMap((id) => [headersFrame(id, request('/reset')), resetFrame(id)]));
      }
    });
    // None of them is left waiting at the origin: each was answered or cut.
    const asked = scene.origin.requests.filter(({ target }) => target === '/reset');
    for (const { arrived } of asked) expect(['whole', 'cut']).toContain(await arrived);
  });

  test('of streams that are reset when their body has begun (CVE-2023-44487)', async () => {
    await othersAreServed(async (attacker) => {
      for (let burst = 0; burst < 10 && attacker.socket.writable; burst++) {
        const streams = Array.from({ length: 50 }, () => attacker.newStream());
        const post = request('/reset-body', { method: 'POST' });
        await attacker.send(
          ...streams.flatMap((id) => [
            headersFrame(id, post, { endStream: false }),
            dataFrame(id, 'hello', { endStream: false }),
            resetFrame(id),
          ]),
        );
      }
    });
    for (const { target, arrived } of scene.origin.requests) {
      if (target === '/reset-body') expect(await arrived).toBe('cut');
    }
  });

  test('of CONTINUATION frames ends its connection (CVE-2024-27316)', async () => {
    await othersAreServed(async (attacker) => {
      const stream = attacker.newStream();
      await attacker.send(headersFrame(stream, request('/continued'), { endHeaders: false }));
      const more = continuationFrame(stream, encodeFields([['x', 'y'.repeat(1000)]]));
      for (let sent = 0; sent < 2000 && attacker.socket.writable; sent++) await attacker.send(more);
      await attacker.outcome(stream);
      await within(attacker.closed, 'the end of the connection');
    });
    expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/continued');
  });

  test('of empty CONTINUATION frames ends its connection (CVE-2019-9518)', async () => {
    await othersAreServed(async (attacker) => {
      const stream = attacker.newStream();
      await attacker.send(headersFrame(stream, request('/continued'), { endHeaders: false }));
      const more = Array(100).fill(continuationFrame(stream, Buffer.alloc(0)));
      for (let sent = 0; sent < 200 && attacker.socket.writable; sent++) await attacker.send(...more);
      await within(attacker.closed, 'the end of the connection');
    });
    expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/continued');
  });

  const small: Record<string, Buffer> = {
    'PING (CVE-2019-9512)': frame(TYPE.PING, 0, 0, Buffer.alloc(8)),
    'SETTINGS (CVE-2019-9515)': settingsFrame({}),
    'PRIORITY (CVE-2019-9513)': frame(TYPE.PRIORITY, 0, 1, Buffer.alloc(5)),
    'frames of a type that nobody knows': frame(0xbe, 0, 0, Buffer.alloc(8)),
  };
  test.each(Object.entries(small))('of %s', async (_, each) => {
    await othersAreServed(async (attacker) => {
      attacker.socket.pause(); // Its answers pile up at the server.
      const burst = Array(1000).fill(each);
      for (let sent = 0; sent < 30 && attacker.socket.writable; sent++) {
        // Who is no longer read from is no longer served: that is an end, too.
        await Promise.race([attacker.send(...burst), new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      attacker.close();
    });
  });

  test('of empty DATA frames (CVE-2019-9518)', async () => {
    await othersAreServed(async (attacker) => {
      const stream = attacker.newStream();
      await attacker.send(headersFrame(stream, request('/empty', { method: 'POST' }), { endStream: false }));
      const burst = Array(1000).fill(dataFrame(stream, '', { endStream: false }));
      for (let sent = 0; sent < 30 && attacker.socket.writable; sent++) await attacker.send(...burst);
    });
  });

  test('of bytes behind one small header, by references to it (an HPACK bomb)', async () => {
    await othersAreServed(async (attacker) => {
      const stream = attacker.newStream();
      const value = Buffer.alloc(3000, 'a');
      // §6.2.1, new name: "x", and a value of 3000 bytes (0x7f, then 2873 by sevens); then §6.1, entry 62, 16000 times.
      const entry = Buffer.concat([Buffer.of(0x40, 1, 0x78, 0x7f, 0xb9, 0x16), value]);
      const block = Buffer.concat([encodeFields(request('/bomb')), entry, Buffer.alloc(12_000, 0xbe)]);
      await attacker.send(headersFrame(stream, block));
      const outcome = await attacker.outcome(stream);
      expect([undefined, 431]).toContain(outcome.status);
    });
    expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/bomb');
  });
});

describe('a connection error ends that connection', () => {
  const good = headersFrame(1, request('/broken'));
  const attacks: Record<string, readonly Buffer[]> = {
    'DATA on stream 0': [dataFrame(0, 'hello')],
    'HEADERS on stream 0': [headersFrame(0, request('/broken'))],
    'HEADERS on a stream of the server': [headersFrame(2, request('/broken'))],
    'DATA on a stream that was never opened': [dataFrame(99, 'hello')],
    'RST_STREAM on a stream that was never opened': [resetFrame(99)],
    'CONTINUATION of nothing': [continuationFrame(1, encodeFields(request('/broken')), { endHeaders: true })],
    'another frame amid a field block': [
      headersFrame(1, request('/broken'), { endHeaders: false }),
      frame(TYPE.PING, 0, 0, Buffer.alloc(8)),
    ],
    'CONTINUATION of another stream': [
      headersFrame(1, request('/broken'), { endHeaders: false }),
      continuationFrame(3, Buffer.alloc(0), { endHeaders: true }),
    ],
    'a promise by a client': [frame(TYPE.PUSH_PROMISE, FLAG.END_HEADERS, 1, Buffer.alloc(4))],
    'a SETTINGS of five bytes': [frame(TYPE.SETTINGS, 0, 0, Buffer.alloc(5))],
    'a SETTINGS on a stream': [frame(TYPE.SETTINGS, 0, 1)],
    'a PING of seven bytes': [frame(TYPE.PING, 0, 0, Buffer.alloc(7))],
    'a WINDOW_UPDATE of nothing': [windowUpdateFrame(0, 0)],
    'a window that overflows': [windowUpdateFrame(0, 2 ** 31 - 1), windowUpdateFrame(0, 2 ** 31 - 1)],
    'a window setting that is too high': [settingsFrame({ 4: 2 ** 31 })],
    'a frame longer than we allow': [Buffer.from('00ffff00000000000001', 'hex'), Buffer.alloc(70_000)],
    'a reference to a table entry that is not there': [headersFrame(1, Buffer.of(0xff, 0xff, 0x7f))],
    'a reference to table entry 0': [headersFrame(1, Buffer.of(0x80))],
    'a field block that stops in a string': [headersFrame(1, Buffer.of(0x00, 0x05, 0x78))],
    'a table size above what we allow': [
      headersFrame(1, Buffer.concat([Buffer.of(0x3f, 0xe1, 0xff, 0x7f), encodeFields(request('/broken'))])),
    ],
    'padding longer than its frame': [good, frame(TYPE.HEADERS, FLAG.END_HEADERS | 8, 3, Buffer.of(200, 0))],
    'HTTP/1.1 after the preface': [Buffer.from('GET /smuggled HTTP/1.1\r\nHost: www.example.com\r\n\r\n')],
  };
  test.each(Object.entries(attacks))('%s (RFC 9113 §5.4.1)', async (_, frames) => {
    await othersAreServed(async (attacker) => {
      attacker.newStream();
      await attacker.send(...frames);
      await within(attacker.closed, 'the end of the connection');
      expect(attacker.goaway).not.toBe('NO_ERROR');
    });
    expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/smuggled');
  });

  test('and so does a preface that is none (RFC 9113 §3.4)', async () => {
    const client = await connectH2(scene.https, { preface: 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n' });
    await within(client.closed, 'the end of the connection');
    await scene.innocent();
    scene.expectUnharmed();
  });
});
