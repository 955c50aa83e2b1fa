import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { witnessPortProblem } from '../../src/control/witness-port.ts';

const close: (() => void)[] = [];
afterEach(() => {
  for (const each of close.splice(0)) each();
});

/** A program that listens, at a port of its own. */
async function taken(host: string): Promise<number> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', ipv6Only: host.includes(':') });
  close.push(() => socket.close());
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket.address().port;
}

describe('the port of the witness protocol', () => {
  test.each([
    { by: '127.0.0.1', wanted: '127.0.0.1', shown: '127.0.0.1' },
    { by: '127.0.0.1', wanted: '0.0.0.0', shown: '0.0.0.0' },
    { by: '0.0.0.0', wanted: '127.0.0.1', shown: '127.0.0.1' },
    { by: '::1', wanted: '::', shown: '[::]' },
  ])('that is taken at $by cannot be had at $wanted', async ({ by, wanted, shown }) => {
    const port = await taken(by);
    const problem = await witnessPortProblem({ host: wanted, port }, undefined);
    expect(problem).toBe(`another program listens on ${shown}:${port} already (UDP)`);
  });

  test('is free again after it was tried', async () => {
    const port = await taken('127.0.0.1');
    close.pop()?.();
    const address = { host: '127.0.0.1', port };
    expect(await witnessPortProblem(address, undefined)).toBeUndefined();
    expect(await witnessPortProblem(address, undefined)).toBeUndefined();
  });

  test.each([
    { listen: '127.0.0.1', ours: '127.0.0.1' },
    { listen: '127.0.0.1', ours: '0.0.0.0' },
    { listen: '0.0.0.0', ours: '127.0.0.1' },
  ])('is had at $listen by whoever has it at $ours', async ({ listen, ours }) => {
    const port = await taken(ours);
    expect(await witnessPortProblem({ host: listen, port }, { host: ours, port })).toBeUndefined();
  });

  test('that this machine has no address for is told', async () => {
    const problem = await witnessPortProblem({ host: '192.0.2.1', port: 8112 }, undefined);
    expect(problem).toBe('this machine has no address 192.0.2.1 (UDP)');
  });
});
