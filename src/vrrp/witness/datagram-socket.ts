import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../../base/address.ts';
import { formatHostPort } from '../../base/address.ts';
import { listenProblem } from '../../base/listen-problem.ts';
import type { Bytes } from '../../base/units.ts';

/** What may wait to be sent: beyond that it is as well lost. */
const SEND_QUEUE_MOST: Bytes = 256 * 1024;

export interface DatagramEvents {
  packet(packet: Buffer, from: HostPort): void;
  /** A packet that could not be sent is lost, as others are on their way. */
  unsent(error: Error): void;
}

/** A UDP socket on one address, from which all is sent as well. */
export class DatagramSocket {
  /** With the port that was found, where 0 was asked for. */
  readonly address: HostPort;
  readonly #socket: Socket;
  readonly #events: DatagramEvents;
  #isClosed = false;

  /** Rejects with an `Error` that says which address, and why not. */
  static async open({ host, port }: HostPort, events: DatagramEvents): Promise<DatagramSocket> {
    const isV6 = isIPv6(host);
    const socket = createSocket({
      type: isV6 ? 'udp6' : 'udp4',
      ipv6Only: isV6,
      // Addresses are addresses. So all is sent at once, not in a later turn: before a close, and by whoever is called from native code.
      lookup: (address, _family, found) => found(null, address, isV6 ? 6 : 4),
    });
    try {
      const listening = once(socket, 'listening');
      socket.bind({ address: host, port });
      await listening;
    } catch (error) {
      socket.close();
      const problem = listenProblem(error, { host, port });
      throw new Error(`cannot listen on ${formatHostPort(host, port)} (UDP): ${problem}`, { cause: error });
    }
    return new DatagramSocket({ host, port: socket.address().port }, socket, events);
  }

  private constructor(address: HostPort, socket: Socket, events: DatagramEvents) {
    this.address = address;
    this.#socket = socket;
    this.#events = events;
    socket.on('error', this.#sent);
    // Nobody can be answered at port 0.
    socket.on('message', (packet, from) => {
      if (from.port !== 0) events.packet(packet, { host: from.address, port: from.port });
    });
  }

  send(packet: Uint8Array, { host, port }: HostPort): void {
    if (this.#isClosed) return;
    if (this.#socket.getSendQueueSize() > SEND_QUEUE_MOST) this.#sent(new Error('too much waits to be sent'));
    else this.#socket.send(packet, port, host, this.#sent);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  readonly #sent = (error: Error | null) => {
    if (error !== null && !this.#isClosed) this.#events.unsent(error);
  };
}
