import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { dataFrame, headersFrame, SETTING } from '../support/h2-frames.ts';
import { answer, type OriginRequest, type Script } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { connectRaw, openSocket } from '../support/raw-client.ts';
import { amongOthers } from '../support/teardown.ts';
import { within } from '../support/wait.ts';
import { innocentStream, request } from './http2-verdict.ts';
import { HOST, head } from './request-verdict.ts';
import { echo, useScene } from './scene.ts';

/** Clients that take their time: `listeners[].timeouts` bound how long, and others never notice. */

/** More than sockets hold by themselves. */
const LONG = 16_000_000;

const TIMEOUTS = { head: '600ms', body: '500ms', idle: '700ms', write: '800ms' };

describe('a client that takes too long', () => {
  const scene = useScene({ listener: { timeouts: TIMEOUTS } });
  scene.script = play;

  test.concurrent(
    'over the head of its request gets 408, however busily it trickles',
    amongOthers(async () => {
      const client = await connectRaw(scene.http);
      await client.send(`GET /slow HTTP/1.1\r\n${HOST}\r\n`);
      const trickle = setInterval(() => client.send('X: y\r\n'), 50);
      const responses = await client.untilClosed();
      clearInterval(trickle);
      expect(responses.map(({ status }) => status)).toEqual([408]);
      expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/slow');
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'over the head of its second request is closed on',
    amongOthers(async () => {
      const client = await connectRaw(scene.http);
      await client.send(head('GET /first HTTP/1.1', HOST));
      expect((await client.response()).status).toBe(200);
      await client.send('GET /slow HTTP/1.1\r\n');
      const [, second] = await client.untilClosed();
      if (second) expect(second.status).toBe(408);
      await scene.innocent();
      expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/slow');
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'over its first byte is closed on',
    amongOthers(async () => {
      const client = await connectRaw(scene.http);
      expect((await client.untilClosed()).map(({ status }) => status).filter((status) => status !== 408)).toEqual([]);
    }),
  );

  test.concurrent(
    'over its TLS handshake is closed on',
    amongOthers(async () => {
      const silent = await openSocket(scene.https, {});
      silent.resume().on('end', () => silent.end());
      await within(once(silent, 'close'), 'the end of a connection without a handshake');
      const partial = await openSocket(scene.https, {});
      partial.resume().on('end', () => partial.end());
      partial.write(Buffer.from('1603010200010001fc0303', 'hex'));
      await within(once(partial, 'close'), 'the end of a connection in its handshake');
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'over its body gets 408, and the origin no whole request',
    amongOthers(async () => {
      await scene.innocent();
      const client = await connectRaw(scene.http);
      await client.send(head('POST /slow-body HTTP/1.1', HOST, 'Content-Length: 10'), 'hello');
      const stalled = await scene.origin.requestFor('/slow-body');
      const responses = await client.untilClosed();
      expect(responses.map(({ status }) => status)).toEqual([408]);
      expect(await stalled.arrived).toBe('cut');
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'to ask again is closed on without a word',
    amongOthers(async () => {
      const client = await connectRaw(scene.http);
      await client.send(head('GET /once HTTP/1.1', HOST));
      await client.response();
      expect(await client.untilClosed()).toHaveLength(1);
    }),
  );

  test.concurrent(
    'to take its answer is cut off, and the origin is spared the rest',
    amongOthers(async () => {
      const client = await connectRaw(scene.http);
      await client.send(head('GET /endless HTTP/1.1', HOST));
      const asked = await scene.origin.requestFor('/endless');
      client.socket.pause();
      await within(asked.connection.closed, 'the request to the origin to be cancelled');
      client.socket.resume();
      await client.closed;
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  // Who keeps a pace has the test for himself.
  test('over its body is not the one who sends a little now and then', async () => {
    const client = await connectRaw(scene.http);
    await client.send(head('POST /steady-body HTTP/1.1', HOST, 'Content-Length: 10'));
    const steady = scene.origin.requestFor('/steady-body');
    for (const byte of 'helloworld') {
      await client.send(byte);
      await new Promise((resolve) => setTimeout(resolve, 100)); // The pace is what is tested.
    }
    expect(await client.response('POST')).toMatchObject({ status: 200, body: 'answer to POST /steady-body' });
    expect((await steady).body).toBe('helloworld');
    scene.expectUnharmed();
  });

  test('to take its answer is not the one who takes a little now and then', async () => {
    const client = await connectRaw(scene.http);
    client.socket.on('data', () => {
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 10); // The pace is what is tested: the whole takes longer than `write`.
    });
    await client.send(head('GET /long HTTP/1.1', HOST));
    const response = await client.response('GET', 15_000);
    expect(response.end).toBe('clean');
    expect(response.body.length).toBe(LONG);
    scene.expectUnharmed();
  });
});

describe('a client of HTTP/2 that takes too long', () => {
  const scene = useScene({ listener: { timeouts: TIMEOUTS } });
  scene.script = play;

  test.concurrent(
    'over its first frame is closed on',
    amongOthers(async () => {
      const silent = await openSocket(scene.https, { tls: { ALPNProtocols: ['h2'] } });
      silent.resume().on('end', () => silent.end());
      await within(once(silent, 'close'), 'the end of a connection without a preface');
    }),
  );

  test.concurrent(
    'over the fields of its request is closed on',
    amongOthers(async () => {
      const client = await connectH2(scene.https);
      const stream = client.newStream();
      await client.send(headersFrame(stream, request('/slow'), { endHeaders: false }));
      await within(client.closed, 'the end of a connection amid a field block');
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'over its body loses that stream, and the origin gets no whole request',
    amongOthers(async () => {
      const client = await connectH2(scene.https);
      const stream = client.newStream();
      const post = headersFrame(stream, request('/slow-body', { method: 'POST' }), { endStream: false });
      await client.send(post, dataFrame(stream, 'hello', { endStream: false }));
      const stalled = await scene.origin.requestFor('/slow-body');
      const outcome = await client.outcome(stream);
      expect([408, undefined]).toContain(outcome.status);
      expect(await stalled.arrived).toBe('cut');
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'to ask again is closed on',
    amongOthers(async () => {
      const client = await connectH2(scene.https);
      await innocentStream(client);
      await within(client.closed, 'the end of an idle connection');
      expect(client.goaway).toBe('NO_ERROR');
    }),
  );

  test.concurrent(
    'to open its window is cut off, and the origin is spared the rest',
    amongOthers(async () => {
      const client = await connectH2(scene.https, { settings: { [SETTING.INITIAL_WINDOW_SIZE]: 0 } });
      const stream = client.newStream();
      await client.send(headersFrame(stream, request('/endless')));
      const asked = await scene.origin.requestFor('/endless');
      await within(asked.connection.closed, 'the request to the origin to be cancelled');
      expect((await client.outcome(stream)).end).not.toBe('clean');
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );

  test.concurrent(
    'to read is cut off, and the origin is spared the rest',
    amongOthers(async () => {
      const client = await connectH2(scene.https);
      await client.send(headersFrame(client.newStream(), request('/endless-unread')));
      const asked = await scene.origin.requestFor('/endless-unread');
      client.socket.pause();
      await within(asked.connection.closed, 'the request to the origin to be cancelled');
      client.close();
      await scene.innocent();
      scene.expectUnharmed();
    }),
  );
});

describeWithPeers(['slowhttptest'], 'slowhttptest with 200 connections leaves others served', () => {
  const scene = useScene({ listener: { timeouts: { head: '1s', body: '1s', idle: '1s', write: '1s' } } });
  const large = answer('x'.repeat(500_000));
  scene.script = (asked) => (asked.target === '/large' ? large : echo(asked));

  const modes: Record<string, readonly string[]> = {
    'slow heads': ['-H', '-i', '1', '-x', '24'],
    'slow bodies': ['-B', '-i', '2', '-s', '8192', '-x', '10'],
    'slow readers': ['-X', '-w', '10', '-y', '20', '-n', '3', '-z', '8'],
  };
  for (const [name, mode] of Object.entries(modes)) {
    test(`by ${name}`, async () => {
      const target = `${scene.portico.url(0)}/large`;
      const attack = spawn('slowhttptest', [...mode, '-c', '200', '-r', '200', '-l', '5', '-p', '3', '-u', target]);
      let report = '';
      attack.stdout.setEncoding('utf8').on('data', (text: string) => {
        report += text;
      });
      const over = once(attack, 'close');
      let served = 0;
      while (attack.exitCode === null) {
        await scene.innocent();
        served++;
      }
      await over;
      expect(served).toBeGreaterThan(100);
      // Its own probe found us serving all the time.
      expect(plain(report)).toMatch(/service available:\s+YES/);
      expect(plain(report)).not.toMatch(/service available:\s+NO/);
      // It was we who ended its connections. It cannot tell that itself where it hardly reads: there the origin can.
      if (mode[0] !== '-X') expect(plain(report)).toMatch(/Exit status:\s+No open connections left/);
      const stuck = scene.origin.connections.filter(({ open, unsent }) => open && unsent > 0);
      await within(Promise.all(stuck.map(({ closed }) => closed)), 'all its requests to be cancelled');
      scene.expectUnharmed();
    });
  }
});

/** All at once: each asks for something else. */
function play(asked: OriginRequest): ReturnType<Script> {
  if (asked.target.startsWith('/endless')) return endless(asked);
  return asked.target === '/long' ? answer('x'.repeat(LONG)) : echo(asked);
}

/** Sends for as long as somebody reads. */
async function* endless(asked: OriginRequest): AsyncIterable<string> {
  yield 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  while (asked.connection.open) yield `10000\r\n${'x'.repeat(65_536)}\r\n`;
}

/** Without the colours of a terminal. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away
  return text.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '');
}
