import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { refusingOrigin } from '../support/dead-ends.ts';
import { startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';

/** What the splash page says: the site's words, for people and for programs, and none about the origins. */

/** Three ways to fail, one for each status: `/refusing` 503, `/breaking` 502, `/silent` 504. */
async function startSites(sites: Readonly<Record<string, object>>) {
  const breaking = await startOrigin(async function* ({ connection }) {
    connection.reset();
    yield '';
  });
  const silent = await startOrigin(() => undefined);
  const refusing = await refusingOrigin();
  const pool = (url: string) => ({ origins: [{ url, name: 'app.internal' }] });
  const portico = await startPortico({
    node: { name: 'edge-1', workers: 1 },
    listeners: ['http', 'https'].map((protocol) => ({ address: '127.0.0.1:0', protocol })),
    sites: Object.entries(sites).map(([host, splash]) => ({
      hosts: [host],
      pool: 'refusing',
      splash,
      routes: [
        { path: '/breaking', pool: 'breaking' },
        { path: '/silent', pool: 'silent', splash: { after: '100ms', ...splash } },
      ],
    })),
    pools: {
      refusing: pool(refusing),
      breaking: pool(breaking.url),
      silent: pool(silent.url),
    },
  });
  return { portico, ports: [refusing, breaking.url, silent.url].map((url) => new URL(url).port) };
}

const FAILURES = [
  { target: '/breaking', status: 502 },
  { target: '/refusing', status: 503 },
  { target: '/silent', status: 504 },
] as const;

describeWithPeers(['curl'], 'a splash page', () => {
  let portico: Portico;
  let ports: readonly string[];
  beforeAll(async () => {
    const dir = await tempDir('pages');
    await writeFile(join(dir, 'sorry.html'), '<p>Sorry, {{host}} is away ({{status}})</p>');
    await mkdir(join(dir, 'pages'));
    await writeFile(join(dir, 'pages/502.html'), 'page for 502');
    await writeFile(join(dir, 'pages/504.html'), 'page for 504: {{reason}}');
    await writeFile(join(dir, 'pages/index.html'), 'page for the rest, {{status}}');
    await writeFile(join(dir, 'pages/index.json'), '{"down":true,"status":{{status}},"id":"{{request_id}}"}');
    ({ portico, ports } = await startSites({
      'plain.example': { retry_after: '90s' },
      'file.example': { page: join(dir, 'sorry.html') },
      'directory.example': { page: join(dir, 'pages') },
      default: { page: join(dir, 'sorry.html') },
    }));
  });

  const get = (host: string, target: string, ...args: readonly string[]) =>
    curl(portico.url() + target, '-H', `Host: ${host}`, ...args);

  test.each(FAILURES)('is built in where the site brings none: $target', async ({ target, status }) => {
    const reply = await get('plain.example', target);
    expect(reply).toMatchObject({ exit: 0, status });
    expect(reply.text).toContain('This site is not available right now');
    expect(reply.text).toContain('plain.example');
    expect(reply.fields).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(reply.body.length),
      'cache-control': 'no-store',
      'retry-after': '90',
    });
  });

  test.each(FAILURES)("is the site's own file: $target", async ({ target, status }) => {
    const reply = await get('file.example', target);
    expect(reply).toMatchObject({ status, text: `<p>Sorry, file.example is away (${status})</p>` });
    expect(reply.fields).toMatchObject({ 'cache-control': 'no-store', 'retry-after': '30' });
  });

  test.each([
    { target: '/breaking', status: 502, page: 'page for 502' },
    { target: '/refusing', status: 503, page: 'page for the rest, 503' },
    { target: '/silent', status: 504, page: 'page for 504: Gateway Timeout' },
  ])('is picked from a directory by its status: $status', async ({ target, status, page }) => {
    expect(await get('directory.example', target)).toMatchObject({ status, text: page });
  });

  test('is JSON for who asks for JSON: a problem (RFC 9457), or what the site brings', async () => {
    const problem = await get('plain.example', '/refusing', '-H', 'Accept: application/json');
    expect(problem.fields['content-type']).toMatch(/^application\/(problem\+)?json/);
    expect(JSON.parse(problem.text)).toMatchObject({ status: 503, title: 'Service Unavailable', retry_after: 90 });
    const own = await get('directory.example', '/refusing', '-H', 'Accept: application/json');
    expect(own.fields['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(own.text)).toEqual({ down: true, status: 503, id: own.fields['x-request-id'] });
    expect(own.fields).toMatchObject({ 'cache-control': 'no-store', 'retry-after': '30' });
  });

  test('for HEAD is a head with the length that GET would have', async () => {
    const length = String((await get('file.example', '/refusing')).body.length);
    for (const url of [portico.url(0), portico.url(1)]) {
      const reply = await curl(`${url}/refusing`, '-H', 'Host: file.example', '--head');
      expect(reply).toMatchObject({ exit: 0, status: 503 });
      expect(reply.fields).toMatchObject({ 'content-length': length, 'retry-after': '30' });
    }
  });

  test('is the same over HTTP/2', async () => {
    const reply = await curl(`${portico.url(1)}/silent`, '-H', 'Host: directory.example');
    expect(reply).toMatchObject({ exit: 0, version: '2', status: 504, text: 'page for 504: Gateway Timeout' });
  });

  test('tells the id that stands in the access log', async () => {
    const reply = await get('plain.example', '/refusing?for-the-log');
    const line = await portico.accessLog.lineFor('/refusing?for-the-log');
    expect(reply.text).toContain(line.id);
    expect(line).toMatchObject({ status: 503, splash: true, origin: 'app.internal' });
  });

  test('shows what the client says of its host as text, never as markup', async () => {
    const client = await connectRaw(portico.port());
    await client.send("GET /refusing HTTP/1.1\r\nHost: x'&onload=alert(1)\r\n\r\n");
    const { status, body } = await client.response();
    expect(status).toBe(503);
    expect(body).not.toContain("'&onload");
  });

  describe('gives no origin away', () => {
    const hosts = ['plain.example', 'file.example', 'directory.example'];
    const accepts = ['text/html', 'application/json', 'text/plain'];
    test.each(hosts)('in any byte of it: %s', async (host) => {
      for (const { target, status } of FAILURES) {
        for (const accept of accepts) {
          const client = await connectRaw(portico.port());
          await client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\n\r\n`);
          expect(await client.response()).toMatchObject({ status });
          const said = client.received.toString('latin1');
          for (const secret of ['127.0.0.1', 'app.internal', ...ports]) expect(said).not.toContain(secret);
        }
      }
    });
  });
});
