import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../../base/address.ts';
import type { Bytes } from '../../base/units.ts';
import { RECEIVE_BUFFER } from './udp-engine.ts';

export interface DgramEvents {
  /** The bytes are the taker's own. The port may be 0. */
  packet(socket: DgramSocket, bytes: Buffer, from: RemoteInfo): void;
  /** The socket is in trouble that belongs to no packet; it goes on. */
  trouble(error: Error): void;
}

/** One UDP socket on one address. */
export class DgramSocket {
  /** With the port that was found, where 0 was asked for. */
  readonly address: HostPort;
  /** What may wait in it, as far as the system tells. */
  readonly receiveBuffer: Bytes;
  readonly #socket: Socket;

  /** Rejects with the system's error. */
  static async open({ host, port }: HostPort, events: DgramEvents): Promise<DgramSocket> {
    const isV6 = isIPv6(host);
    // Shared, so that it can be had while whoever found the port for it still holds that.
    const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6, reusePort: true, lookup: asItIs });
    try {
      const listening = once(socket, 'listening');
      socket.bind({ address: host, port });
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new DgramSocket({ host, port: socket.address().port }, socket, events);
  }

  private constructor(address: HostPort, socket: Socket, events: DgramEvents) {
    this.address = address;
    this.#socket = socket;
    this.receiveBuffer = enlarge(socket);
    socket.on('error', (error) => events.trouble(error));
    socket.on('message', (bytes, from) => events.packet(this, bytes, from));
  }

  /** Throws when the port is none, or the socket is closed; else `sent` is called, later, and the bytes are kept until then. */
  send(bytes: Buffer, length: number, to: RemoteInfo, sent: (error: Error | null) => void): void {
    this.#socket.send(bytes, 0, length, to.port, to.address, sent);
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** What comes from the system is an address: dns.lookup would find that out as well, a turn of the event loop later. */
const asItIs = ((address: string, family: unknown, found: (error: null, address: string, family: unknown) => void) => {
  found(null, address, family);
}) as unknown as NonNullable<SocketOptions['lookup']>;

/** Linux gives what it allows, other systems refuse what is too much. Linux tells twice as much as packets may take. */
function enlarge(socket: Socket): Bytes {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER);
  } catch {
    // As large as it was, then.
  }
  const told = socket.getRecvBufferSize();
  return process.platform === 'linux' ? told / 2 : told;
}
