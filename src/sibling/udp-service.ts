import type { RemoteInfo, Socket } from 'node:dgram';
import { formatHostPort, type HostPort } from '../base/address.ts';
import { bindUdp, closeUdp } from '../base/udp-socket.ts';
import type { Bytes } from '../base/units.ts';

/** What may wait while the thread is busy. The system may allow less (net.core.rmem_max). */
const RECEIVE_BUFFER: Bytes = 1024 * 1024;

export interface UdpEvents {
  /** The packet is the taker's own. `from.port` is never 0: nobody could be answered there. */
  packet(packet: Buffer, from: RemoteInfo): void;
  /** Something could not be sent, or the socket is in trouble; it goes on. */
  trouble(error: Error): void;
}

/** A UDP socket on one address, from which all replies go out as well. */
export class UdpService {
  /** With the port that was found, where 0 was asked for. */
  readonly address: HostPort;
  readonly #socket: Socket;
  readonly #trouble: (error: Error | null) => void;
  #isClosed = false;

  /** Rejects with an `Error` that says which address, and why not. */
  static async open(address: HostPort, events: UdpEvents): Promise<UdpService> {
    const { host, port } = address;
    try {
      const socket = await bindUdp(address, { recvBufferSize: RECEIVE_BUFFER });
      return new UdpService({ host, port: socket.address().port }, socket, events);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      throw new Error(`cannot listen on ${formatHostPort(host, port)} (UDP): ${reason}`, { cause: error });
    }
  }

  private constructor(address: HostPort, socket: Socket, { packet, trouble }: UdpEvents) {
    this.address = address;
    this.#socket = socket;
    this.#trouble = (error) => {
      if (error !== null && !this.#isClosed) trouble(error);
    };
    socket.on('error', this.#trouble);
    socket.on('message', (bytes, from) => {
      if (from.port !== 0) packet(bytes, from);
    });
  }

  /** The packet may not be changed until it is sent, which may be some turns of the event loop later. */
  send(packet: Uint8Array, { host, port }: HostPort): void {
    if (!this.#isClosed) this.#socket.send(packet, port, host, this.#trouble);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await closeUdp(this.#socket);
  }
}
