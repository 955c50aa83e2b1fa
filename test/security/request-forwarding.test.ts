import { describe, expect, test } from 'vitest';
import { fetchRaw } from '../support/raw-client.ts';
import { declined, forwarded, HOST, head, judged, type RequestCase } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** What a client may not say to an origin in our name, and what of its words stays on its own connection. */

const scene = useScene();

const GET = 'GET /asked HTTP/1.1';
const line = 'GET /asked';

describe('what belongs to the connection of the client stays there (RFC 9110 §7.6.1)', () => {
  judged(scene, [
    {
      name: 'fields that Connection names',
      see: 'RFC 9110 §7.6.1',
      send: head(GET, HOST, 'Connection: X-Mine, x-other', 'X-Mine: 1', 'X-OTHER: 2', 'X-Kept: 3'),
      expect: forwarded({ line, fields: { 'x-mine': [], 'x-other': [], 'x-kept': ['3'] } }),
    },
    {
      name: 'fields that one of two Connections names',
      see: 'RFC 9110 §7.6.1',
      send: head(GET, HOST, 'Connection: keep-alive', 'X-Mine: 1', 'Connection: ,, x-mine ,'),
      expect: forwarded({ line, fields: { 'x-mine': [] } }),
    },
    {
      name: 'hop-by-hop fields that Connection does not name',
      see: 'RFC 9110 §7.6.1',
      send: head(
        GET,
        HOST,
        'Keep-Alive: timeout=999',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic YTpi',
        'Upgrade: smoke-signals',
      ),
      expect: forwarded({
        line,
        fields: { 'keep-alive': [], 'proxy-connection': [], 'proxy-authorization': [], upgrade: [] },
      }),
    },
    {
      name: 'a TE that asks for codings',
      see: 'RFC 9110 §10.1.4',
      send: head(GET, HOST, 'Connection: TE', 'TE: gzip, deflate;q=0.5'),
      expect: forwarded({ line, fields: { te: [] } }),
    },
    {
      name: 'an upgrade to HTTP/2',
      see: 'RFC 9113 §3.1',
      send: head(GET, HOST, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
      expect: forwarded({ line, fields: { upgrade: [], 'http2-settings': [] } }),
    },
    {
      name: 'an upgrade to HTTP/2 that hides among others',
      see: 'RFC 9113 §3.1',
      send: head(GET, HOST, 'Connection: upgrade', 'Upgrade: foo, h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
      expect: forwarded({ line, fields: { upgrade: [], 'http2-settings': [] } }),
    },
  ]);
});

describe('Connection cannot strip what the origin relies on', () => {
  const vital = [
    'Host',
    'Content-Length',
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'Forwarded',
    'Via',
    'CDN-Loop',
  ];
  judged(
    scene,
    vital.map((name): RequestCase => {
      const send = `${head('POST /asked HTTP/1.1', HOST, `Connection: ${name}`, 'Content-Length: 5')}hello`;
      return {
        name,
        see: 'RFC 9110 §7.6.1',
        send,
        expect: forwarded({
          line: 'POST /asked',
          body: 'hello',
          fields: { host: ['www.example.com'], 'x-forwarded-for': ['127.0.0.1'], 'x-forwarded-proto': ['http'] },
        }),
      };
    }),
  );
  judged(scene, [
    {
      name: 'Transfer-Encoding',
      see: 'RFC 9110 §7.6.1',
      send: `${head('POST /asked HTTP/1.1', HOST, 'Connection: Transfer-Encoding', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
      expect: forwarded({ line: 'POST /asked', body: 'hello' }),
    },
  ]);

  test.each(['X-Forwarded-Host', 'Forwarded', 'Via', 'CDN-Loop'])('%s is there all the same', async (name) => {
    await fetchRaw(scene.http, `/named/${name}`, { head: [`Connection: close, ${name}`] });
    const request = await scene.origin.requestFor(`/named/${name}`);
    expect(request.values(name)).toHaveLength(1);
  });
});

describe('a client that is nobody we trust cannot say where it comes from', () => {
  const SPOOF = '192.0.2.66';
  judged(scene, [
    {
      name: 'by X-Forwarded-For',
      see: 'design §7',
      send: head(GET, HOST, `X-Forwarded-For: ${SPOOF}`, `x-forwarded-for: ${SPOOF}`),
      expect: forwarded({ line, fields: { 'x-forwarded-for': ['127.0.0.1'] } }),
    },
    {
      name: 'by X-Forwarded-Proto and X-Forwarded-Host',
      see: 'design §7',
      send: head(GET, HOST, 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.example'),
      expect: forwarded({ line, fields: { 'x-forwarded-proto': ['http'], 'x-forwarded-host': ['www.example.com'] } }),
    },
    {
      name: 'by names that CGI takes for the same',
      see: 'RFC 3875 §4.1.18',
      send: head(
        GET,
        HOST,
        `X_Forwarded_For: ${SPOOF}`,
        `X-Forwarded_For: ${SPOOF}`,
        'X_FORWARDED_PROTO: https',
        'X_Forwarded_Host: evil.example',
        'Content_Length: 5',
      ),
      expect: forwarded({
        line,
        fields: {
          x_forwarded_for: [],
          'x-forwarded_for': [],
          x_forwarded_proto: [],
          x_forwarded_host: [],
          content_length: [],
          'x-forwarded-for': ['127.0.0.1'],
        },
      }),
    },
  ]);

  test('by Forwarded (RFC 7239 §8.1)', async () => {
    await fetchRaw(scene.http, '/spoofed', { head: [`Forwarded: for=${SPOOF};proto=https;host=evil.example`] });
    const request = await scene.origin.requestFor('/spoofed');
    expect(request.values('forwarded').join()).toMatch(/for="?127\.0\.0\.1/);
    expect(request.values('forwarded').join()).not.toMatch(/192\.0\.2\.66|evil\.example|https/);
  });
});

describe('a proxy that we trust', () => {
  const trusting = useScene({ trusted_proxies: ['127.0.0.0/8', '10.0.0.0/8'] });

  test('says where its client comes from', async () => {
    await fetchRaw(trusting.http, '/chain', { head: ['X-Forwarded-For: 203.0.113.9, 10.0.0.1'] });
    const request = await trusting.origin.requestFor('/chain');
    expect(request.values('x-forwarded-for')).toEqual(['203.0.113.9, 10.0.0.1, 127.0.0.1']);
    trusting.expectUnharmed();
  });

  test.each([
    ['no address', 'evil'],
    ['an injected parameter', '203.0.113.9";proto=https;by="evil'],
    ['a very long list', Array(500).fill('203.0.113.9').join(', ')],
    ['nothing between commas', ',,,, ,'],
    ['an address with a port', '203.0.113.9:1234'],
    ['an IPv6 address in brackets', '"[2001:db8::1]:99"'],
  ])('that passes on %s breaks nothing', async (_, chain) => {
    const target = `/chain/${encodeURIComponent(_)}`;
    await fetchRaw(trusting.http, target, { head: [`X-Forwarded-For: ${chain}`, `Forwarded: for=${chain}`] });
    const request = await trusting.origin.requestFor(target);
    // What was appended by us can be told from what was claimed: it stands last, after a comma.
    expect(request.values('x-forwarded-for').join(' | ')).toMatch(/^([^|]*, )?127\.0\.0\.1$/);
    expect(request.values('forwarded').join(' | ')).not.toMatch(/proto=https/);
    trusting.expectUnharmed();
  });
});

describe('a request that has been here before (RFC 8586)', () => {
  test('is refused as a loop, in whatever form our name stands in CDN-Loop', async () => {
    await fetchRaw(scene.http, '/loop');
    const [own = ''] = (await scene.origin.requestFor('/loop')).values('cdn-loop');
    expect(own).not.toBe('');
    const forms = [own, `other.example, ${own}`, `${own}, other.example`, `other;a="b, c" ,${own};x="1,2"`];
    for (const form of forms) {
      const response = await fetchRaw(scene.http, '/looped', { head: [`CDN-Loop: ${form}`] });
      expect(response.status, form).toBe(508);
    }
    const split = await fetchRaw(scene.http, '/looped', { head: ['CDN-Loop: other.example', `CDN-Loop: ${own}`] });
    expect(split.status).toBe(508);
    expect(scene.origin.requests.filter(({ target }) => target === '/looped')).toEqual([]);
  });

  judged(scene, [
    {
      name: 'by others alone goes on',
      see: 'RFC 8586 §2',
      send: head(GET, HOST, 'CDN-Loop: other.example; n=1, not-edge-1, edge-10'),
      expect: forwarded({ line }),
    },
  ]);
});

describe('Expect', () => {
  const expectations = {
    'an expectation that nobody knows': ['Expect: 200-ok'],
    'an unknown one before the known': ['Expect: y 100-continue'],
    'an unknown one beside the known': ['Expect: 100-continue, y'],
    'an unknown one on a line of its own': ['Expect: 100-continue', 'Expect: y'],
    'an empty one': ['Expect: ""'],
  };
  judged(
    scene,
    Object.entries(expectations).map(([name, fields]): RequestCase => {
      const send = `${head('POST /asked HTTP/1.1', HOST, 'Content-Length: 5', ...fields)}hello`;
      return { name, see: 'RFC 9110 §10.1.1', send, expect: declined(417) };
    }),
  );
  judged(scene, [
    {
      name: '100-continue with a body that does not wait',
      see: 'RFC 9110 §10.1.1',
      send: `${head('POST /asked HTTP/1.1', HOST, 'Content-Length: 5', 'Expect: 100-Continue')}hello`,
      expect: forwarded({ line: 'POST /asked', body: 'hello' }),
    },
    {
      name: '100-continue without a body',
      see: 'RFC 9110 §10.1.1',
      send: head(GET, HOST, 'Expect: 100-continue'),
      expect: { ...forwarded({ line }), goesOn: false },
    },
  ]);
});
