import { describe, expect, test } from 'vitest';
import { valuesOf } from '../support/http1-parser.ts';
import { answer } from '../support/origin.ts';
import { connectRaw, fieldOf } from '../support/raw-client.ts';
import { HOST, head, SMUGGLED } from './request-verdict.ts';
import { echo, useScene } from './scene.ts';

/** Requests that stop half-way, come several at once, or change their mind on what the connection is for. */

const scene = useScene();

describe('a client that goes away in the middle of its request', () => {
  const starts = {
    'of a body with a length': `${head('POST /cut HTTP/1.1', HOST, 'Content-Length: 10')}hello`,
    'of a chunk': `${head('POST /cut HTTP/1.1', HOST, 'Transfer-Encoding: chunked')}a\r\nhello`,
    'of a chunked body, between chunks': `${head('POST /cut HTTP/1.1', HOST, 'Transfer-Encoding: chunked')}5\r\nhello\r\n`,
    'of the last chunk': `${head('POST /cut HTTP/1.1', HOST, 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n`,
  };
  for (const [name, start] of Object.entries(starts)) {
    test.each(['finish', 'reset'] as const)(`${name} leaves the origin no whole request (%s)`, async (leave) => {
      await scene.innocent();
      const mark = scene.origin.requests.length;
      const client = await connectRaw(scene.http);
      await client.send(start);
      const cut = await scene.origin.arrivals.waitFor(({ target }) => target === '/cut', { from: mark });
      client[leave]();
      expect(await cut.arrived, 'what the origin got (RFC 9112 §8)').toBe('cut');
      const after = await scene.innocent();
      expect(after.connection.id).not.toBe(cut.connection.id);
      scene.expectUnharmed();
    });
  }

  test('of its head leaves the origin nothing', async () => {
    const before = await scene.innocent();
    const client = await connectRaw(scene.http);
    await client.send(`GET /smuggled HTTP/1.1\r\n${HOST}\r\n`);
    client.finish();
    await client.untilClosed();
    const after = await scene.innocent();
    expect(after.connection.id).toBe(before.connection.id);
    expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/smuggled');
    scene.expectUnharmed();
  });

  test('before its answer has the origin told', async () => {
    scene.origin.script = () => undefined;
    const client = await connectRaw(scene.http);
    await client.send(head('GET /waiting HTTP/1.1', HOST));
    const waiting = await scene.origin.requestFor('/waiting');
    client.reset();
    await waiting.connection.closed;
    await scene.innocent();
    scene.expectUnharmed();
  });
});

describe('requests that come several at once', () => {
  test('are answered in their order, however long the first takes (RFC 9112 §9.3.2)', async () => {
    const gate = Promise.withResolvers<void>();
    scene.origin.script = async function* (request) {
      if (request.target === '/first') await gate.promise;
      yield echo(request);
    };
    const client = await connectRaw(scene.http);
    await client.send(['/first', '/second', '/third'].map((target) => head(`GET ${target} HTTP/1.1`, HOST)).join(''));
    await scene.origin.requestFor('/first');
    gate.resolve();
    for (const target of ['/first', '/second', '/third']) {
      expect(await client.response()).toMatchObject({ status: 200, body: `answer to GET ${target}` });
    }
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('a broken one is never taken for the answer to the good one before it (RFC 9112 §9.3.2)', async () => {
    const gate = Promise.withResolvers<void>();
    scene.origin.script = async function* (request) {
      await gate.promise;
      yield echo(request);
    };
    const client = await connectRaw(scene.http);
    await client.send(`${head('GET /good HTTP/1.1', HOST)}BROKEN\r\n\r\n`);
    await scene.origin.requestFor('/good');
    gate.resolve();
    const [first, second, ...more] = await client.untilClosed();
    // Either the good one is answered, or the connection ends without a word on it.
    if (first) expect(first).toMatchObject({ status: 200, body: 'answer to GET /good', end: 'clean' });
    if (second) expect(second.status).toBe(400);
    expect(more).toEqual([]);
    await scene.innocent();
    scene.expectUnharmed();
  });

  const lasts = {
    'Connection: close': head('GET /last HTTP/1.1', HOST, 'Connection: close'),
    'Connection: close among others': head('GET /last HTTP/1.1', HOST, 'Connection: keep-alive, CLOSE'),
    'HTTP/1.0': head('GET /last HTTP/1.0', HOST),
  };
  test.each(Object.entries(lasts))('what follows %s is not read (RFC 9112 §9.6)', async (_, last) => {
    await scene.innocent();
    const mark = scene.origin.requests.length;
    const client = await connectRaw(scene.http);
    await client.send(last + SMUGGLED);
    const responses = await client.untilClosed();
    expect(responses).toHaveLength(1);
    expect(responses[0]).toMatchObject({ status: 200, body: 'answer to GET /last', end: 'clean' });
    expect(scene.origin.requests.slice(mark).map(({ target }) => target)).toEqual(['/last']);
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('bytes after a body that are no request are refused (RFC 9112 §6.3)', async () => {
    const client = await connectRaw(scene.http);
    await client.send(`${head('POST /long HTTP/1.1', HOST, 'Content-Length: 5')}hello world`);
    expect(await client.response('POST')).toMatchObject({ status: 200, body: 'answer to POST /long' });
    client.finish();
    const [, second] = await client.untilClosed();
    if (second) expect(second.status).toBe(400);
    expect((await scene.origin.requestFor('/long')).body).toBe('hello');
    await scene.innocent();
    scene.expectUnharmed();
  });
});

describe('an answer that comes before the request is whole', () => {
  test('reaches the client, and the rest of its body is nobody’s request (RFC 9112 §9.5)', async () => {
    await scene.innocent();
    scene.origin.script = async function* () {
      yield answer('too much', { status: '413 Content Too Large' });
    };
    const client = await connectRaw(scene.http);
    await client.send(head('POST /early HTTP/1.1', HOST, 'Content-Length: 1000000'), 'hello');
    const early = await scene.origin.requestFor('/early');
    expect(await client.response('POST')).toMatchObject({ status: 413, body: 'too much', end: 'clean' });
    await client.send(SMUGGLED.repeat(10));
    expect(await early.arrived).toBe('cut');
    client.close();
    const after = await scene.innocent();
    expect(after.connection.id).not.toBe(early.connection.id);
    expect(scene.origin.requests.map(({ target }) => target)).not.toContain('/smuggled');
    scene.expectUnharmed();
  });

  test('to an Expect: 100-continue leaves no doubt about what is its body (RFC 9110 §10.1.1)', async () => {
    await scene.innocent();
    scene.origin.script = async function* (request) {
      yield request.target === '/smuggled' ? echo(request) : answer('no', { status: '403 Forbidden' });
    };
    const client = await connectRaw(scene.http);
    await client.send(head('POST /asked-first HTTP/1.1', HOST, 'Content-Length: 5', 'Expect: 100-continue'));
    const answered = client.response('POST');
    // We may say 100 ourselves, before the origin was asked; or give its answer in place of the 100.
    const first = await Promise.race([client.interim(100).then(() => 100), answered.then(({ status }) => status)]);
    expect([100, 403]).toContain(first);
    await client.send(`hello${SMUGGLED}`);
    expect(await answered).toMatchObject({ status: 403, body: 'no', end: 'clean' });
    client.finish();
    for (const late of (await client.untilClosed()).slice(1)) expect(late.body).toBe('answer to GET /smuggled');
    await scene.innocent();
    scene.expectUnharmed();
  });
});

describe('Expect: 100-continue', () => {
  test('gets its 100, and then the body goes through (RFC 9110 §10.1.1)', async () => {
    await scene.innocent();
    const client = await connectRaw(scene.http);
    await client.send(head('POST /continued HTTP/1.1', HOST, 'Content-Length: 5', 'Expect: 100-continue'));
    const answered = client.response('POST');
    await client.interim(100);
    await client.send('hello');
    expect(await answered).toMatchObject({ status: 200, body: 'answer to POST /continued' });
    expect((await scene.origin.requestFor('/continued')).body).toBe('hello');
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('of HTTP/1.0 is passed over (RFC 9110 §10.1.1)', async () => {
    await scene.innocent();
    const client = await connectRaw(scene.http);
    await client.send(`${head('POST /old HTTP/1.0', HOST, 'Content-Length: 5', 'Expect: 100-continue')}hello`);
    const response = await client.response('POST');
    expect(response).toMatchObject({ status: 200, interim: [], body: 'answer to POST /old' });
    scene.expectUnharmed();
  });
});

describe('an upgrade that is refused', () => {
  const WEBSOCKET = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ];

  test('opens no tunnel: what follows is a request like any other (RFC 9110 §7.8)', async () => {
    await scene.innocent();
    scene.origin.script = (request) =>
      request.target === '/socket' ? answer('wrong version', { status: '426 Upgrade Required' }) : echo(request);
    const client = await connectRaw(scene.http);
    await client.send(head('GET /socket HTTP/1.1', HOST, ...WEBSOCKET));
    const response = await client.response();
    expect(response).toMatchObject({ status: 426, body: 'wrong version', end: 'clean' });
    await client.send(SMUGGLED);
    client.finish();
    await client.untilClosed();
    await scene.innocent();
    scene.expectUnharmed(); // Which looks for our X-Forwarded-For on each request that the origin saw.
  });

  test('opens no tunnel for what was sent along with it (RFC 9110 §7.8)', async () => {
    await scene.innocent();
    scene.origin.script = (request) =>
      request.target === '/socket' ? answer('not here', { status: '404 Not Found' }) : echo(request);
    const client = await connectRaw(scene.http);
    await client.send(head('GET /socket HTTP/1.1', HOST, ...WEBSOCKET) + SMUGGLED);
    expect(await client.response()).toMatchObject({ status: 404, body: 'not here', end: 'clean' });
    client.finish();
    await client.untilClosed();
    await scene.innocent();
    scene.expectUnharmed();
  });

  const bodies = {
    'a body with a length': `${head('GET /socket HTTP/1.1', HOST, ...WEBSOCKET, `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
    'a chunked body': `${head('GET /socket HTTP/1.1', HOST, ...WEBSOCKET, 'Transfer-Encoding: chunked')}${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    'POST and a body': `${head('POST /socket HTTP/1.1', HOST, ...WEBSOCKET, `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
    'h2c and a body': `${head('POST /socket HTTP/1.1', HOST, 'Connection: Upgrade', 'Upgrade: h2c', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
  };
  test.each(Object.entries(bodies))('a handshake with %s smuggles nothing (RFC 6455 §4.1)', async (_, sent) => {
    await scene.innocent();
    const mark = scene.origin.requests.length;
    const client = await connectRaw(scene.http);
    await client.send(sent);
    const response = await client.response();
    expect([200, 400]).toContain(response.status);
    client.finish();
    await client.untilClosed();
    await scene.innocent();
    expect(scene.origin.requests.slice(mark).map(({ target }) => target)).not.toContain('/smuggled');
    scene.expectUnharmed();
  });

  test('an unasked-for 101 opens none either (RFC 9110 §15.2.2)', async () => {
    await scene.innocent();
    scene.origin.script = () =>
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello';
    const client = await connectRaw(scene.http);
    await client.send(head('GET /plain HTTP/1.1', HOST));
    const response = await client.response();
    expect(response.status).toBe(502);
    expect(fieldOf(response, 'upgrade')).toBeUndefined();
    expect(valuesOf(response.fields, 'connection').join()).not.toMatch(/upgrade/i);
    client.close();
    await scene.innocent();
    scene.expectUnharmed();
  });
});
