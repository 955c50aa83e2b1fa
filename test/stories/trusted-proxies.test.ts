import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { answer, type OriginRequest, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { type ConnectOptions, connectRaw, fetchRaw, fieldOf } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** Whose word counts on who the client is. */

/** Addresses of this machine that requests come from. */
const PROXY = '127.0.0.1';
const STRANGER: ConnectOptions = { socket: { localAddress: '127.0.0.9' } };

let origin: ScriptedOrigin;
let portico: Portico;
let asked = 0;
beforeAll(async () => {
  origin = await startOrigin();
  portico = await startPortico(
    frontDoor({
      origins: [origin.url],
      trusted_proxies: [PROXY, '10.0.0.0/8', '2001:db8:ffff::/48'],
      site: { access: { deny: ['203.0.113.66'] } },
    }),
  );
});

/** A request with these field lines, as the origin sees it, and as the access log tells it. */
async function ask(head: readonly string[], options: ConnectOptions = {}, listener = 0) {
  const target = `/${++asked}`;
  const response = await fetchRaw(portico.port(listener), target, { head, ...options });
  const request = await origin.requestFor(target);
  return { ...forwarding(request), response, request, line: await portico.accessLog.lineFor(target) };
}

function forwarding(request: OriginRequest) {
  return {
    for: fieldOf(request, 'x-forwarded-for'),
    proto: fieldOf(request, 'x-forwarded-proto'),
    host: fieldOf(request, 'x-forwarded-host'),
    forwarded: fieldOf(request, 'forwarded'),
  };
}

describe('a stranger', () => {
  const CLAIMS = [
    'X-Forwarded-For: 203.0.113.5',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.example',
    'Forwarded: for=203.0.113.5;proto=https;host=evil.example',
  ];

  test('is itself, whatever it claims', async () => {
    const seen = await ask(CLAIMS, STRANGER);
    expect(seen).toMatchObject({
      for: '127.0.0.9',
      proto: 'http',
      host: 'www.example.com',
      forwarded: 'for=127.0.0.9;host=www.example.com;proto=http',
      line: { client: '127.0.0.9' },
    });
  });

  test('came by https when it did', async () => {
    const seen = await ask([], { ...STRANGER, tls: {} }, 1);
    expect(seen).toMatchObject({ proto: 'https', forwarded: 'for=127.0.0.9;host=www.example.com;proto=https' });
  });

  test('cannot choose the id of its request', async () => {
    const { response, request, line } = await ask(['X-Request-Id: mine'], STRANGER);
    expect(line.id).not.toBe('mine');
    expect(fieldOf(request, 'x-request-id')).toBe(line.id);
    expect(fieldOf(response, 'x-request-id')).toBe(line.id);
  });

  test('is believed no more over HTTP/2', async () => {
    const client = await connectH2(portico.port(1), STRANGER);
    await client.request([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'www.example.com'],
      [':path', '/over-h2'],
      ['x-forwarded-for', '203.0.113.5'],
      ['forwarded', 'for=203.0.113.5'],
    ]);
    expect(forwarding(await origin.requestFor('/over-h2'))).toMatchObject({
      for: '127.0.0.9',
      forwarded: 'for=127.0.0.9;host=www.example.com;proto=https',
    });
  });
});

describe('a trusted proxy', () => {
  test('is believed, and its own address is told beside the client it names', async () => {
    const head = ['X-Forwarded-For: 203.0.113.5', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.example'];
    expect(await ask(head)).toMatchObject({
      for: `203.0.113.5, ${PROXY}`,
      proto: 'https',
      host: 'shop.example',
      forwarded: `for=203.0.113.5;host=shop.example;proto=https, for=${PROXY};host=www.example.com;proto=http`,
      line: { client: '203.0.113.5', peer: PROXY },
    });
  });

  test('is believed by its Forwarded too (RFC 7239)', async () => {
    const head = ['Forwarded: for="[2001:db8::5]:4711";proto=https;host=shop.example'];
    expect(await ask(head)).toMatchObject({
      for: `2001:db8::5, ${PROXY}`,
      proto: 'https',
      host: 'shop.example',
      forwarded: `for="[2001:db8::5]";host=shop.example;proto=https, for=${PROXY};host=www.example.com;proto=http`,
      line: { client: '2001:db8::5' },
    });
  });

  test('may have others behind it, and what stands left of the first stranger is its own invention', async () => {
    const seen = await ask(['X-Forwarded-For: 192.0.2.1, 203.0.113.5, 10.1.2.3, 2001:db8:ffff::1']);
    expect(seen).toMatchObject({
      for: `203.0.113.5, 10.1.2.3, 2001:db8:ffff::1, ${PROXY}`,
      line: { client: '203.0.113.5' },
    });
  });

  test('that says nothing is the client', async () => {
    expect(await ask([])).toMatchObject({ for: PROXY, proto: 'http', line: { client: PROXY } });
  });

  test('that says nonsense is the client', async () => {
    for (const nonsense of ['X-Forwarded-For: me', 'X-Forwarded-For: 203.0.113.5, ,', 'Forwarded: for=;;=']) {
      expect(await ask([nonsense])).toMatchObject({ for: PROXY, line: { client: PROXY } });
    }
  });

  test('names whom access rules are about', async () => {
    const denied = await fetchRaw(portico.port(), '/denied', { head: ['X-Forwarded-For: 203.0.113.66'] });
    expect(denied.status).toBe(403);
    expect(await portico.accessLog.lineFor('/denied')).toMatchObject({
      client: '203.0.113.66',
      error: 'access_denied',
    });
    const spoofed = await ask(['X-Forwarded-For: 203.0.113.66'], STRANGER);
    expect(spoofed.response.status).toBe(200);
  });

  test('gives the request its id, when that is fit for a log', async () => {
    const kept = await ask(['X-Request-Id: 7f3c-from:edge']);
    expect(kept.line.id).toBe('7f3c-from:edge');
    expect(fieldOf(kept.request, 'x-request-id')).toBe('7f3c-from:edge');
    expect(fieldOf(kept.response, 'x-request-id')).toBe('7f3c-from:edge');
    for (const id of ['two words', `${'x'.repeat(200)}`, '"quoted"']) {
      expect((await ask([`X-Request-Id: ${id}`])).line.id).not.toBe(id);
    }
  });
});

describe('two nodes, one behind the other', () => {
  test('tell the origin the client and the whole way, and the same id in both logs', async () => {
    const inner = await startPortico(
      frontDoor({ origins: [origin.url], node: { name: 'inner' }, trusted_proxies: [PROXY] }),
    );
    const outer = await startPortico(frontDoor({ origins: [inner.url()], node: { name: 'outer' } }));
    const client = await connectRaw(outer.port(1), { ...STRANGER, tls: {} });
    await client.send('GET /through-both HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 200 });

    const request = await origin.requestFor('/through-both');
    expect(forwarding(request)).toEqual({
      for: `127.0.0.9, ${PROXY}`,
      proto: 'https',
      host: 'www.example.com',
      forwarded: `for=127.0.0.9;host=www.example.com;proto=https, for=${PROXY};host=www.example.com;proto=http`,
    });
    expect(fieldOf(request, 'via')).toBe('1.1 outer, 1.1 inner');
    expect(fieldOf(request, 'cdn-loop')).toBe('outer, inner');
    const [first, second] = [
      await outer.accessLog.lineFor('/through-both'),
      await inner.accessLog.lineFor('/through-both'),
    ];
    expect(first).toMatchObject({ client: '127.0.0.9', scheme: 'https' });
    expect(second).toMatchObject({ client: '127.0.0.9', peer: PROXY, id: first.id });
  });
});

test('an answer tells the client nothing of all that', async () => {
  origin.script = () => answer('ok');
  const { response } = await ask(['X-Forwarded-For: 203.0.113.5']);
  expect(JSON.stringify(response.fields)).not.toMatch(/forwarded|127\.0\.0\.1|cdn-loop/i);
});
