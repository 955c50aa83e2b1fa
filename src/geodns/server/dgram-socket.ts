import type { RemoteInfo, Socket } from 'node:dgram';
import type { HostPort } from '../../base/address.ts';
import { bindUdp, closeUdp } from '../../base/udp-socket.ts';
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
  static async open(address: HostPort, events: DgramEvents): Promise<DgramSocket> {
    // Shared, so that it can be had while whoever found the port for it still holds that.
    const socket = await bindUdp(address, { reusePort: true });
    return new DgramSocket({ host: address.host, port: socket.address().port }, socket, events);
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

  close(): Promise<void> {
    return closeUdp(this.#socket);
  }
}

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
