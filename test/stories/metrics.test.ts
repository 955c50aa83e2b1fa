import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { readyzPage } from '../../src/metrics/readiness.ts';
import { curl } from '../support/curl.ts';
import { refusingOrigin } from '../support/dead-ends.ts';
import { startNode } from '../support/node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { connectRaw, type RawResponse } from '../support/raw-client.ts';
import { openTunnel, startTunnelOrigin } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

/** What a real node tells of its traffic. */

const site = { site: 'default' };

/** One request, as it stands, on a connection of its own. */
async function exchange(port: number, text: string): Promise<RawResponse | undefined> {
  const client = await connectRaw(port);
  await client.send(text);
  return client.next();
}

describe('requests', () => {
  test('are counted exactly, by site and class, over all workers', async () => {
    const origin = await startOrigin((request) => {
      const status = request.target === '/missing' ? '404 Not Found' : '200 OK';
      return answer('12345', { status, fields: ['Cache-Control: no-store'] });
    });
    const config = frontDoor({ origins: [origin.url] }) as { sites: object[] };
    const sites = [
      { hosts: ['default'], pool: 'app' },
      { hosts: ['api.example', '*.api.example'], pool: 'app' },
    ];
    const node = await startNode({ ...config, sites });
    const load = (host: string, path: string, count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          exchange(node.port(), `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
        ),
      );
    await Promise.all([
      load('www.example', '/', 40),
      load('v2.api.example', '/', 25),
      load('api.example', '/missing', 15),
    ]);

    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 80);
    const requests = 'portico_requests_total';
    expect(page.value(requests, { ...site, code_class: '2xx' })).toBe(40);
    expect(page.value(requests, { site: 'api.example', code_class: '2xx' })).toBe(25);
    expect(page.value(requests, { site: 'api.example', code_class: '4xx' })).toBe(15);
    expect(page.sum(requests)).toBe(80);
    expect(page.sum('portico_request_duration_seconds_count')).toBe(80);
    expect(page.sum('portico_response_body_bytes_total')).toBe(400);
    expect(page.sum('portico_origin_requests_total', { pool: 'app', result: '2xx' })).toBe(65);
    expect(page.sum('portico_origin_requests_total')).toBe(80);
    expect(page.sum('portico_origin_received_bytes_total')).toBe(400);
    expect(page.value('portico_origin_first_byte_seconds_count', { pool: 'app' })).toBe(80);
    expect(page.sum('portico_connections_accepted_total')).toBe(80);
    expect(page.sum('portico_requests_in_flight')).toBe(0);
  });

  test('that are under way are in flight, and so are their connections', async () => {
    const origin = await startOrigin(() => undefined);
    const node = await startNode(frontDoor({ origins: [origin.url] }));
    const client = await connectRaw(node.port());
    await client.send('GET / HTTP/1.1\r\nHost: www.example\r\n\r\n');
    await origin.arrivals.waitFor(() => true);
    const page = node.page();
    expect(page.value('portico_requests_in_flight', site)).toBe(1);
    expect(page.sum('portico_open_connections', { protocol: 'http/1.1' })).toBe(1);
    client.socket.destroy();
    const after = await node.pageWhere((each) => each.sum('portico_open_sockets') === 0);
    expect(after.sum('portico_requests_in_flight')).toBe(0);
    expect(after.sum('portico_open_connections')).toBe(0);
    expect(after.sum('portico_origin_requests_total', { result: 'cancelled' })).toBe(1);
    expect(after.value('portico_request_errors_total', { error: 'client_disconnected' })).toBe(1);
  });

  test('from the cache are requests of the site, and not of the origin', async () => {
    const origin = await startOrigin(() => answer('kept', { fields: ['Cache-Control: max-age=60'] }));
    const node = await startNode({ ...frontDoor({ origins: [origin.url] }), cache: { memory: '64MiB' } });
    const get = () => exchange(node.port(), 'GET /a HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n');
    await get();
    for (let i = 0; i < 9; i++) await get();
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 10);
    expect(page.sum('portico_origin_requests_total')).toBe(1);
    expect(page.value('portico_response_body_bytes_total', site)).toBe(40);
    expect(page.sum('portico_origin_received_bytes_total')).toBe(4);
    expect(page.sum('portico_cache_hits_total')).toBe(9);
  });

  test('that are refused are counted by the code of the error, and where there is no site under "-"', async () => {
    const origin = await startOrigin();
    const config = frontDoor({
      origins: [origin.url],
      site: { hosts: ['www.example'], access: { deny: ['127.0.0.0/8'] } },
    });
    const node = await startNode(config);
    const send = (text: string) => exchange(node.port(), text);
    await send('GET / HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n');
    await send('GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n');
    await send('GET / HTTP/1.1\r\nbad header\r\n\r\n');
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 3);
    const errors = 'portico_request_errors_total';
    expect(page.value(errors, { error: 'access_denied' })).toBe(1);
    expect(page.value(errors, { error: 'misdirected_request' })).toBe(1);
    expect(page.value(errors, { error: 'bad_request' })).toBe(1);
    expect(page.sum('portico_requests_total', { site: '-' })).toBe(2);
    expect(page.value('portico_failed_requests_total', { site: 'www.example', blame: 'client' })).toBe(1);
  });
});

describe('attempts', () => {
  test('that fail are counted where they failed, and the retry as well', async () => {
    const dead = await refusingOrigin();
    const origin = await startOrigin();
    const node = await startNode(
      frontDoor({
        origins: [
          { url: dead, name: 'dead' },
          { url: origin.url, name: 'live' },
        ],
      }),
    );
    for (let i = 0; i < 6; i++)
      await exchange(node.port(), `GET /${i} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 6);
    const attempts = 'portico_origin_requests_total';
    expect(page.value(attempts, { origin: 'live', result: '2xx' })).toBe(6);
    const refused = page.value(attempts, { origin: 'dead', result: 'unreachable' });
    expect(refused).toBeGreaterThan(0);
    expect(page.sum(attempts)).toBe(6 + refused);
    expect(page.value('portico_retries_total', { pool: 'app' })).toBe(refused);
  });

  test('at an origin that is silent time out, and a splash page is shown', async () => {
    const origin = await startOrigin(() => undefined);
    const node = await startNode(frontDoor({ origins: [origin.url], site: { splash: { after: '50ms' } } }));
    const response = await exchange(node.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(response?.status).toBe(504);
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 1);
    expect(page.sum('portico_origin_requests_total', { result: 'timeout' })).toBe(1);
    expect(page.sum('portico_origin_requests_total')).toBe(1);
    expect(page.value('portico_splash_pages_total', site)).toBe(1);
    expect(page.value('portico_failed_requests_total', { ...site, blame: 'origin' })).toBe(1);
    expect(page.value('portico_request_duration_seconds_bucket', { ...site, le: '0.025' })).toBe(0);
  });

  test('whose response breaks off are counted by its status, and as broken', async () => {
    const origin = await startOrigin(async function* (request) {
      yield 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nCache-Control: no-store\r\n\r\nhalf';
      request.connection.reset();
    });
    const node = await startNode(frontDoor({ origins: [origin.url] }));
    await exchange(node.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 1);
    expect(page.sum('portico_origin_requests_total', { result: '2xx' })).toBe(1);
    expect(page.sum('portico_origin_requests_total')).toBe(1);
    expect(page.sum('portico_origin_broken_responses_total')).toBe(1);
    expect(page.sum('portico_origin_received_bytes_total')).toBe(4);
  });

  test('send what the client sends', async () => {
    const origin = await startOrigin();
    const node = await startNode(frontDoor({ origins: [origin.url] }));
    await exchange(node.port(), 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345');
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 1);
    expect(page.sum('portico_origin_sent_bytes_total')).toBe(5);
    expect(page.value('portico_request_body_bytes_total', site)).toBe(5);
  });
});

describe('connections', () => {
  test('are told by listener and protocol, handshakes by version, and those that fail', async () => {
    const origin = await startOrigin();
    const node = await startNode(frontDoor({ origins: [origin.url] }));
    await curl(`${node.url(1)}/`, '--http2');
    await curl(`${node.url(1)}/`, '--http1.1', '--tls-max', '1.2');
    const garbage = connect(node.port(1), '127.0.0.1');
    garbage.on('error', () => {});
    garbage.write('this is no ClientHello\r\n\r\n');
    await once(garbage, 'close');
    const page = await node.pageWhere((each) => each.sum('portico_open_sockets') === 0);
    const listener = '127.0.0.1:0 #2';
    expect(page.value('portico_connections_accepted_total', { listener })).toBe(3);
    expect(page.value('portico_tls_handshakes_total', { listener, version: 'TLSv1.3' })).toBe(1);
    expect(page.value('portico_tls_handshakes_total', { listener, version: 'TLSv1.2' })).toBe(1);
    expect(page.value('portico_tls_handshake_failures_total', { listener })).toBe(1);
    expect(page.value('portico_requests_total', { ...site, code_class: '2xx' })).toBe(2);
    expect(page.sum('portico_open_connections')).toBe(0);
  });

  test('that became tunnels are open until both sides have ended, and have their bytes then', async () => {
    const { url, ends } = await startTunnelOrigin();
    const node = await startNode(frontDoor({ origins: [url] }));
    const tunnel = await openTunnel(node.port());
    const open = await node.pageWhere((each) => each.value('portico_open_tunnels', site) === 1);
    expect(open.value('portico_requests_in_flight', site)).toBe(1);
    tunnel.socket.write('ping!');
    const end = await ends.waitFor(() => true);
    await end.until('ping!');
    end.socket.destroy();
    tunnel.socket.destroy();
    const page = await node.pageWhere((each) => each.sum('portico_requests_total') === 1);
    expect(page.value('portico_open_tunnels', site)).toBe(0);
    expect(page.value('portico_tunnels_total', site)).toBe(1);
    expect(page.value('portico_requests_total', { ...site, code_class: '1xx' })).toBe(1);
    expect(page.value('portico_request_duration_seconds_count', site)).toBe(0);
    expect(page.value('portico_request_body_bytes_total', site)).toBe(5);
    expect(page.sum('portico_origin_sent_bytes_total')).toBe(5);
  });
});

describe('a reload', () => {
  test('lets counts go on, forgets what is gone, and lets what is new begin at nought', async () => {
    const origin = await startOrigin();
    const other = await startOrigin();
    const base = frontDoor({ origins: [{ url: origin.url, name: 'a' }] }) as { pools: object };
    const stay = { hosts: ['stay.example'], pool: 'app' };
    const node = await startNode({ ...base, sites: [stay, { hosts: ['old.example'], pool: 'app' }] });
    const get = async (host: string) => {
      const before = node.page().sum('portico_requests_total');
      await exchange(node.port(), `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return node.pageWhere((page) => page.sum('portico_requests_total') === before + 1);
    };
    await get('stay.example');
    await get('old.example');

    const pools = { app: { origins: [{ url: other.url, name: 'a' }] } };
    await node.reload({ ...base, sites: [stay], pools });
    expect(node.page().sum('portico_requests_total', { site: 'stay.example' })).toBe(1);
    expect(node.page().sum('portico_requests_total', { site: 'old.example' })).toBe(0);
    // Another url is another origin, whatever its name; the pool goes on.
    expect(node.page().sum('portico_origin_requests_total', { origin: 'a' })).toBe(0);
    expect(node.page().value('portico_origin_first_byte_seconds_count', { pool: 'app' })).toBe(2);

    await node.reload({ ...base, sites: [stay, { hosts: ['new.example'], pool: 'app' }], pools });
    expect(node.page().sum('portico_requests_total', { site: 'new.example' })).toBe(0);
    const page = await get('new.example');
    expect(page.sum('portico_requests_total', { site: 'new.example' })).toBe(1);
    expect(page.sum('portico_requests_total', { site: 'stay.example' })).toBe(1);
    expect(page.value('portico_config_generation')).toBe(3);
    expect(page.value('portico_config_last_reload_successful')).toBe(1);
  });

  test('that is refused is told, and the node stays ready', async () => {
    const origin = await startOrigin();
    const node = await startNode(frontDoor({ origins: [origin.url] }));
    await node.reload({ listeners: 'none' });
    expect(node.page().value('portico_config_last_reload_successful')).toBe(0);
    expect(node.page().value('portico_config_generation')).toBe(1);
    expect(node.page().value('portico_ready')).toBe(1);
    expect(node.page().value('portico_workers_serving')).toBe(2);
    expect(readyzPage(node.control.state).status).toBe(200);
  });
});

test('a node that stops is not ready any more', async () => {
  const origin = await startOrigin();
  const node = await startNode(frontDoor({ origins: [origin.url] }));
  const stopped = node.stop();
  expect(readyzPage(node.control.state).status).toBe(503);
  expect(node.page().value('portico_ready')).toBe(0);
  await stopped;
});
