import { beforeAll, describe, expect, test } from 'vitest';
import { type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw, fieldOf } from '../support/raw-client.ts';

/** Who is served, by address. */

let origin: ScriptedOrigin;
let portico: Portico;
beforeAll(async () => {
  origin = await startOrigin();
  portico = await startPortico({
    node: { workers: 1 },
    listeners: [
      { address: '127.0.0.1:0', protocol: 'http' },
      { address: '[::1]:0', protocol: 'http' },
    ],
    sites: [
      { hosts: ['open.example'], pool: 'app' },
      { hosts: ['denying.example'], pool: 'app', access: { deny: ['127.0.0.8/30'] } },
      { hosts: ['allowing.example'], pool: 'app', access: { allow: ['127.0.0.8/30', '::1'] } },
      {
        hosts: ['both.example'],
        pool: 'app',
        access: { allow: ['127.0.0.0/24'], deny: ['127.0.0.9'] },
        routes: [{ path: '/open/', access: {} }],
      },
    ],
    pools: { app: { origins: [origin.url] } },
  });
});

async function statusFor(host: string, localAddress: string, target = '/'): Promise<number> {
  const options = { host, socket: { localAddress } };
  return (await fetchRaw(portico.port(), target, options)).status;
}

describe('access rules', () => {
  test.each([
    ['open.example', '127.0.0.1', 200],
    ['open.example', '127.0.0.9', 200],
    ['denying.example', '127.0.0.9', 403],
    ['denying.example', '127.0.0.12', 200],
    ['allowing.example', '127.0.0.9', 200],
    ['allowing.example', '127.0.0.1', 403],
    ['both.example', '127.0.0.8', 200],
    ['both.example', '127.0.0.9', 403],
    ['both.example', '127.0.1.1', 403],
  ])('%s for %s: %i', async (host, address, status) => {
    expect(await statusFor(host, address)).toBe(status);
  });

  test("a route's rules stand in place of its site's", async () => {
    expect(await statusFor('both.example', '127.0.0.9', '/open/')).toBe(200);
  });

  test('hold for IPv6 too', async () => {
    const ask = async (host: string) =>
      (await fetchRaw(portico.port(1), '/', { host, socket: { host: '::1' } })).status;
    expect(await ask('allowing.example')).toBe(200);
    expect(await ask('both.example')).toBe(403);
  });

  test('no origin hears of a request that is refused; the log does', async () => {
    const before = origin.requests.length;
    const options = { host: 'denying.example', socket: { localAddress: '127.0.0.9' } };
    const response = await fetchRaw(portico.port(), '/refused', options);
    expect(response).toMatchObject({ status: 403, end: 'clean' });
    expect(fieldOf(response, 'cache-control')).toBe('no-store');
    expect(origin.requests.length).toBe(before);
    expect(await portico.accessLog.lineFor('/refused')).toMatchObject({
      status: 403,
      error: 'access_denied',
      attempts: 0,
    });
  });
});
