import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from './address.ts';

export type BindOptions = Pick<SocketOptions, 'reusePort' | 'recvBufferSize'>;

/**
 * A UDP socket on one address; port 0 finds one. IPv6 leaves the same port to IPv4. Whatever it sends has to go to addresses:
 * nothing is looked up, so all is sent at once, not in a later turn. Rejects with the system's error, and nothing open.
 */
export async function bindUdp({ host, port }: HostPort, options: BindOptions = {}): Promise<Socket> {
  const isV6 = isIPv6(host);
  const socket = createSocket({
    ...options,
    type: isV6 ? 'udp6' : 'udp4',
    ipv6Only: isV6,
    lookup: (address, _family, found) => found(null, address, isV6 ? 6 : 4),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Resolves when it is closed. Throws when it was already. */
export async function closeUdp(socket: Socket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}
