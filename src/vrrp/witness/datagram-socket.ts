import type { Socket } from 'node:dgram';
import { formatHostPort, type HostPort } from '../../base/address.ts';
import { listenProblem } from '../../base/listen-problem.ts';
import { bindUdp, closeUdp } from '../../base/udp-socket.ts';
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
  static async open(address: HostPort, events: DatagramEvents): Promise<DatagramSocket> {
    const { host, port } = address;
    try {
      const socket = await bindUdp(address);
      return new DatagramSocket({ host, port: socket.address().port }, socket, events);
    } catch (error) {
      const problem = listenProblem(error, address);
      throw new Error(`cannot listen on ${formatHostPort(host, port)} (UDP): ${problem}`, { cause: error });
    }
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

  /** At once: before a close that comes next, and by whoever is called from native code. */
  send(packet: Uint8Array, { host, port }: HostPort): void {
    if (this.#isClosed) return;
    if (this.#socket.getSendQueueSize() > SEND_QUEUE_MOST) this.#sent(new Error('too much waits to be sent'));
    else this.#socket.send(packet, port, host, this.#sent);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await closeUdp(this.#socket);
  }

  readonly #sent = (error: Error | null) => {
    if (error !== null && !this.#isClosed) this.#events.unsent(error);
  };
}
