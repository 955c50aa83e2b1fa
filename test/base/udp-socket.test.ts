import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { bindUdp, closeUdp } from '../../src/base/udp-socket.ts';
import { atTeardown } from '../support/teardown.ts';

const haveIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

async function bound(host: string, port = 0) {
  const socket = await bindUdp({ host, port });
  atTeardown(() => socket.close());
  return { socket, port: socket.address().port };
}

test('a packet is sent before the socket is closed that it was given to', async () => {
  const { socket: taker, port } = await bound('127.0.0.1');
  const heard = once(taker, 'message');
  const sender = await bindUdp({ host: '127.0.0.2', port: 0 });
  sender.send('hello', port, '127.0.0.1');
  await closeUdp(sender);
  expect(await heard).toMatchObject([Buffer.from('hello'), { address: '127.0.0.2' }]);
});

test("an address that another socket has is refused with the system's error", async () => {
  const { port } = await bound('127.0.0.1');
  await expect(bindUdp({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test.skipIf(!haveIPv6)('IPv6 leaves the same port to IPv4', async () => {
  const { port } = await bound('::');
  expect((await bound('0.0.0.0', port)).port).toBe(port);
});
