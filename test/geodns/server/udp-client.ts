import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../../../src/base/address.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';

export interface Datagram {
  readonly bytes: Buffer;
  readonly text: string;
  readonly from: RemoteInfo;
}

/** A client with one UDP socket, that keeps what it gets. */
export class UdpClient {
  readonly #socket: Socket;
  readonly #got = new Journal<Datagram>('datagram');

  static async open(host = '127.0.0.1'): Promise<UdpClient> {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    const client = new UdpClient(socket);
    const listening = once(socket, 'listening');
    socket.bind({ address: host });
    await listening;
    atTeardown(() => client.close());
    return client;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (bytes, from) => this.#got.add({ bytes, text: bytes.toString('latin1'), from }));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get all(): readonly Datagram[] {
    return this.#got.all;
  }

  send(query: string | Buffer, to: HostPort): void {
    this.#socket.send(query, to.port, to.host);
  }

  /** Resolves with the next datagram. */
  async ask(query: string | Buffer, to: HostPort): Promise<Datagram> {
    const from = this.#got.all.length;
    this.send(query, to);
    return this.next(from);
  }

  /** The first one behind so many. */
  next(from: number): Promise<Datagram> {
    return this.#got.waitFor(() => true, { from, wanted: `after ${from} others` });
  }

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // It is.
    }
  }
}
