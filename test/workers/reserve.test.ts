import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type ListenOptions, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { formatHostPort } from '../../src/base/address.ts';
import { type ReserveResult, reserve } from '../../src/workers/reserve.ts';

const haveIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

const open = new Set<Server>();
afterEach(async () => {
  for (const server of open) await close(server);
});

/** Another program, which may be a Portico as well: `reusePort` is how its workers share a port. */
async function listen(options: ListenOptions): Promise<Server & { port: number }> {
  const server = createServer();
  server.listen({ host: '127.0.0.1', port: 0, ipv6Only: true, ...options });
  await once(server, 'listening');
  open.add(server);
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

async function close(server: Server): Promise<void> {
  open.delete(server);
  await new Promise((resolve) => server.close(resolve));
}

/** A port that was free a moment ago. */
async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = await listen({ host });
  await close(server);
  return server.port;
}

function reserveAll(...addresses: string[]): Promise<ReserveResult> {
  return reserve(addresses.map((address) => ({ address, known: undefined })));
}

function expectOk(result: ReserveResult) {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.reservation;
}

describe('an address that can be had', () => {
  test('is left for the workers to take', async () => {
    const port = await freePort();
    const { ports } = expectOk(await reserveAll(`127.0.0.1:${port}`));
    expect(ports).toEqual([port]);
    await listen({ port, reusePort: true });
  });

  test('may be one that our own workers listen on: it is not looked at', async () => {
    const ours = await listen({ reusePort: true });
    const result = await reserve([{ address: `127.0.0.1:${ours.port}`, known: ours.port }]);
    expect(expectOk(result).ports).toEqual([ours.port]);
    const found = await reserve([{ address: '127.0.0.1:0', known: ours.port }]);
    expect(expectOk(found).ports).toEqual([ours.port]);
  });

  test.skipIf(!haveIPv6)('may be IPv6 where IPv4 has the same port', async () => {
    const other = await listen({ host: '0.0.0.0' });
    expect(expectOk(await reserveAll(`[::]:${other.port}`)).ports).toEqual([other.port]);
  });
});

describe('port 0', () => {
  test('stands for a free one, which nobody else can take until it is released', async () => {
    const { ports, release } = expectOk(await reserveAll('127.0.0.1:0'));
    const port = ports[0] as number;
    expect(port).toBeGreaterThan(0);
    await expect(listen({ port })).rejects.toThrow('EADDRINUSE');
    const worker = await listen({ port, reusePort: true });
    release();
    await expect(listen({ port })).rejects.toThrow('EADDRINUSE');
    await close(worker);
    await listen({ port });
  });

  test('is another one each time it is asked for', async () => {
    const { ports, release } = expectOk(await reserveAll('127.0.0.1:0', '127.0.0.1:0', '127.0.0.1:0'));
    expect(new Set(ports).size).toBe(3);
    release();
  });

  test('is closed on whoever connects before there is a worker', async () => {
    const { ports, release } = expectOk(await reserveAll('127.0.0.1:0'));
    const client = connect(ports[0] as number, '127.0.0.1').on('error', () => {});
    client.resume();
    await once(client, 'close');
    release();
  });
});

describe('an address that cannot be had', () => {
  test.each([
    { by: 'another program', reusePort: false },
    { by: 'another Portico, which would share it', reusePort: true },
  ])('is told to be taken by $by', async ({ reusePort }) => {
    const { port } = await listen({ reusePort });
    expect(await reserveAll(`127.0.0.1:${port}`)).toEqual({
      ok: false,
      problems: [{ index: 0, reason: `another program listens on 127.0.0.1:${port} already` }],
    });
  });

  test.skipIf(!haveIPv6)('is told with brackets, if it is IPv6', async () => {
    const { port } = await listen({ host: '::1', reusePort: true });
    expect(await reserveAll(`[::1]:${port}`)).toMatchObject({
      problems: [{ reason: `another program listens on ${formatHostPort('::1', port)} already` }],
    });
  });

  test('is taken as well when the other one listens on all addresses', async () => {
    const { port } = await listen({ host: '0.0.0.0' });
    expect(await reserveAll(`127.0.0.1:${port}`)).toMatchObject({ ok: false });
  });

  test('is told when this machine does not have it', async () => {
    expect(await reserveAll('192.0.2.1:0')).toEqual({
      ok: false,
      problems: [{ index: 0, reason: 'this machine has no address 192.0.2.1' }],
    });
  });

  test.skipIf(process.getuid?.() === 0)('is told when it takes a privilege', async () => {
    const result = await reserveAll('127.0.0.1:1');
    if (!result.ok) expect(result.problems[0]?.reason).toContain('CAP_NET_BIND_SERVICE');
  });

  test('is told with all others, by their places, and nothing stays open', async () => {
    const first = await listen({});
    const second = await listen({ reusePort: true });
    const free = await freePort();
    const result = await reserveAll(
      `127.0.0.1:${first.port}`,
      '127.0.0.1:0',
      `127.0.0.1:${second.port}`,
      `127.0.0.1:${free}`,
      '192.0.2.1:80',
    );
    expect(result).toMatchObject({ ok: false, problems: [{ index: 0 }, { index: 2 }, { index: 4 }] });
    await listen({ port: free });
  });
});
