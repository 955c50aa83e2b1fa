import { createSocket, type SocketOptions } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { type DnsReservation, type DnsReserveResult, reserveDns } from '../../../src/geodns/server/reserve.ts';
import { atTeardown } from '../../support/teardown.ts';

const haveIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

function reserveAll(...addresses: HostPort[]): Promise<DnsReserveResult> {
  return reserveDns(addresses.map((address) => ({ address, known: undefined })));
}

async function find(host = '127.0.0.1'): Promise<DnsReservation & { port: number }> {
  const result = await reserveAll({ host, port: 0 });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { ...result.reservation, port: result.reservation.addresses[0]?.port as number };
}

async function freePort(host?: string): Promise<number> {
  const { port, release } = await find(host);
  release();
  return port;
}

async function openUdp(port: number, options: Partial<SocketOptions> = {}, host = '127.0.0.1'): Promise<void> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', ...options });
  socket.bind(port, host);
  await once(socket, 'listening');
  atTeardown(() => socket.close());
}

async function openTcp(port: number, reusePort = false, host = '127.0.0.1'): Promise<void> {
  const server = createServer();
  server.listen({ host, port, reusePort });
  await once(server, 'listening');
  atTeardown(() => server.close());
}

describe('an address that can be had', () => {
  test('is left for the thread to take, by both', async () => {
    const port = await freePort();
    expect(await reserveAll({ host: '127.0.0.1', port })).toMatchObject({
      ok: true,
      reservation: { addresses: [{ host: '127.0.0.1', port }] },
    });
    await openUdp(port);
    await openTcp(port);
  });

  test('may be one that our own thread listens on: it is not looked at', async () => {
    const port = await freePort();
    await openUdp(port, { reusePort: true });
    const address = { host: '127.0.0.1', port: 0 };
    expect(await reserveDns([{ address, known: port }])).toMatchObject({
      ok: true,
      reservation: { addresses: [{ host: '127.0.0.1', port }] },
    });
  });

  test.each([
    { ours: '0.0.0.0', wanted: '127.0.0.1' },
    { ours: '127.0.0.1', wanted: '0.0.0.0' },
  ])('may be $wanted where our own thread listens on $ours', async ({ ours, wanted }) => {
    const port = await freePort();
    await openUdp(port, { reusePort: true }, ours);
    const address = { host: wanted, port };
    expect(await reserveDns([{ address, known: undefined }])).toMatchObject({ ok: false });
    expect(await reserveDns([{ address, known: undefined }], [{ host: ours, port }])).toMatchObject({ ok: true });
  });

  test.skipIf(!haveIPv6)('may be IPv6 where IPv4 has the same port', async () => {
    const port = await freePort('::1');
    await openUdp(port);
    await openTcp(port);
    expect(await reserveAll({ host: '::', port })).toMatchObject({ ok: true });
  });
});

describe('port 0', () => {
  test('stands for one that is free by both, which nobody else can take until it is released', async () => {
    const { port, release } = await find();
    await expect(openUdp(port)).rejects.toThrow('EADDRINUSE');
    await expect(openTcp(port)).rejects.toThrow('EADDRINUSE');
    // The thread shares it.
    await openUdp(port, { reusePort: true });
    await openTcp(port, true);
    release();
  });

  test('is another one each time it is asked for', async () => {
    const any = { host: '127.0.0.1', port: 0 };
    const result = await reserveAll(any, any, any);
    if (!result.ok) throw new Error('there are no ports');
    expect(new Set(result.reservation.addresses.map(({ port }) => port)).size).toBe(3);
    result.reservation.release();
  });
});

describe('an address that cannot be had', () => {
  test.each([
    { by: 'another program, by UDP', open: (port: number) => openUdp(port), transport: 'UDP' },
    {
      by: 'another Portico, which would share it',
      open: (port: number) => openUdp(port, { reusePort: true }),
      transport: 'UDP',
    },
    { by: 'another program, by TCP', open: (port: number) => openTcp(port), transport: 'TCP' },
    { by: 'another program, on all addresses', open: (port: number) => openUdp(port, {}, '0.0.0.0'), transport: 'UDP' },
  ])('is told to be taken by $by', async ({ open, transport }) => {
    const port = await freePort();
    await open(port);
    expect(await reserveAll({ host: '127.0.0.1', port })).toEqual({
      ok: false,
      problems: [{ index: 0, reason: `another program listens on 127.0.0.1:${port} already (${transport})` }],
    });
  });

  test('is told when this machine does not have it, and what was found for others is given back', async () => {
    const port = await freePort();
    const result = await reserveAll({ host: '127.0.0.1', port: 0 }, { host: '198.51.100.1', port });
    expect(result).toEqual({
      ok: false,
      problems: [{ index: 1, reason: 'this machine has no address 198.51.100.1 (UDP)' }],
    });
    await openUdp(port);
  });
});
