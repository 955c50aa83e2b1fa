import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '../../src/base/address.ts';
import { atTeardown } from '../support/teardown.ts';

/** Somebody who sends packets to one address, and keeps what comes from there. */
export class UdpClient {
  readonly received: Buffer[] = [];
  readonly #socket: Socket;
  readonly #to: HostPort;

  /** `source`: the address that it sends from. */
  static async open(to: HostPort, source = '127.0.0.1'): Promise<UdpClient> {
    const socket = createSocket(source.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, source);
    await once(socket, 'listening');
    atTeardown(() => socket.close());
    return new UdpClient(socket, to);
  }

  private constructor(socket: Socket, to: HostPort) {
    this.#socket = socket;
    this.#to = to;
    socket.on('message', (packet, { address, port }) => {
      if (address === to.host && port === to.port) this.received.push(packet);
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(packet: Uint8Array): void {
    this.#socket.send(packet, this.#to.port, this.#to.host);
  }

  /** The next packet that comes, in answer to this one. */
  async ask(packet: Uint8Array): Promise<Buffer> {
    const answered = once(this.#socket, 'message');
    this.send(packet);
    await answered;
    return this.received.at(-1) as Buffer;
  }

  /** Sends them all, and then one that is answered: what has come before that, has come. */
  async answersTo(packets: readonly Uint8Array[], last: Uint8Array): Promise<Buffer[]> {
    const from = this.received.length;
    for (const packet of packets) this.send(packet);
    this.send(last);
    while (!this.received.slice(from).some((packet) => isAnswerTo(packet, last))) await once(this.#socket, 'message');
    return this.received.slice(from).filter((packet) => !isAnswerTo(packet, last));
  }
}

/** By request number or transaction, which both protocols have at 4 or 8. */
function isAnswerTo(packet: Buffer, last: Uint8Array): boolean {
  const sent = Buffer.from(last);
  return [4, 8].some(
    (at) => packet.length >= at + 4 && packet.readUInt32BE(at) === LAST && sent.readUInt32BE(at) === LAST,
  );
}

/** The number of the packet that is sent last: no other has it. */
export const LAST = 0xfeedbeef;
