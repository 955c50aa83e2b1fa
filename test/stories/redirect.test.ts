import { beforeAll, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, fieldOf } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** A listener that leads everyone to https. */

describeWithPeers(['curl'], 'redirect_to_https', () => {
  let origin: ScriptedOrigin;
  let portico: Portico;
  beforeAll(async () => {
    origin = await startOrigin(async function* (request) {
      await request.arrived;
      yield answer(`${request.method} ${request.target} ${request.body}`);
    });
    portico = await startPortico(
      frontDoor({ origins: [origin.url], site: { hosts: ['127.0.0.1'] }, http: { redirect_to_https: true } }),
    );
  });

  const https = () => portico.url(1);

  test.each(['GET', 'HEAD'])('sends %s to the same URL with 301, port and query kept', async (method) => {
    const reply = await fetchRaw(portico.port(), '/a%20b/?c=d&e', { method, host: `127.0.0.1:${portico.port()}` });
    expect(reply.status).toBe(301);
    expect(fieldOf(reply, 'location')).toBe(`${https()}/a%20b/?c=d&e`);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('sends %s with 308, so that it stays what it is', async (method) => {
    const reply = await fetchRaw(portico.port(), '/form', { method, host: '127.0.0.1' });
    expect(reply.status).toBe(308);
    expect(fieldOf(reply, 'location')).toBe(`${https()}/form`);
  });

  test('names the host that the client named', async () => {
    const reply = await fetchRaw(portico.port(), '/', { host: '[::1]:80' });
    expect(fieldOf(reply, 'location')).toBe(`https://[::1]:${portico.port(1)}/`);
  });

  test('curl gets where it wanted to go', async () => {
    expect(await curl(`${portico.url()}/page?q=1`, '--location')).toMatchObject({
      status: 200,
      version: '2',
      text: 'GET /page?q=1 ',
    });
    expect(await curl(`${portico.url()}/form`, '--location', '--data', 'a=b')).toMatchObject({
      status: 200,
      text: 'POST /form a=b',
    });
  });

  test('nothing of it reaches an origin, and a body that came along is no next request', async () => {
    const before = origin.requests.length;
    const client = await connectRaw(portico.port());
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    await client.send(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    expect(await client.response('POST')).toMatchObject({ status: 308 });
    client.finish();
    expect(await client.untilClosed()).toHaveLength(1);
    expect(origin.requests.length).toBe(before);
  });

  test('is for plain http alone', async () => {
    expect(await curl(`${https()}/here`)).toMatchObject({ status: 200, text: 'GET /here ' });
  });
});
