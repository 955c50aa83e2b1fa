import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports for programs that cannot be told to find some themselves. */

/** Below those that the system gives to whoever asks for any (Linux: from 32768 on), which could take them meanwhile. */
const FIRST = 20_000;
const LAST = 32_000;

/** Module state: two that are started at once shall not get the same. */
const given = new Set<number>();

/** A loopback address that no other test process uses; `last` is the last of its four numbers. */
export function ownAddress(last: number): string {
  return `127.${1 + ((process.pid >> 8) % 250)}.${process.pid & 255}.${last}`;
}

/** Ports of such an address that nobody has, neither by TCP nor by UDP. */
export async function freePorts(address: string, count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(address, port)) ports.push(port);
  }
  return ports;
}

async function isFree(address: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, address);
  const socket = createSocket('udp4').bind(port, address);
  const both = await Promise.allSettled([once(server, 'listening'), once(socket, 'listening')]);
  await Promise.all([new Promise((closed) => server.close(closed)), closed(socket)]);
  return both.every(({ status }) => status === 'fulfilled');
}

function closed(socket: ReturnType<typeof createSocket>): Promise<unknown> {
  const end = once(socket, 'close');
  socket.close();
  return end;
}
