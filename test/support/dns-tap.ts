import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket as TcpSocket } from 'node:net';
import type { HostPort } from '../../src/base/address.ts';
import { type DnsMessage, parseDnsMessage } from './dns-message.ts';
import { freePorts } from './free-ports.ts';
import { Journal } from './journal.ts';
import { atTeardown } from './teardown.ts';

export interface Tapped {
  readonly transport: 'udp' | 'tcp';
  readonly query: DnsMessage;
  /** Where a name is in it, it is as it was asked and answered. */
  readonly reply: DnsMessage;
}

interface Asked {
  readonly query: Buffer;
  readonly asker: HostPort;
}

/** Stands before a name server, hands on all that is asked and answered, and keeps it in the order of the answers. */
export class DnsTap implements HostPort {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly exchanges = new Journal<Tapped>('exchange of DNS');
  readonly #to: HostPort;
  readonly #near: Socket;
  readonly #far: Socket;
  /** By the ID that the question has between us and the server. */
  readonly #asked = new Map<number, Asked>();
  #id = 0;

  static async open(to: HostPort): Promise<DnsTap> {
    const [port] = (await freePorts('127.0.0.1', 1)) as [number];
    const near = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 }).bind(port, '127.0.0.1');
    const far = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 }).bind(0, '127.0.0.1');
    const tap = new DnsTap(port, to, near, far);
    const server = createServer((socket) => tap.#passTcp(socket)).listen(port, '127.0.0.1');
    await Promise.all([near, far, server].map((each) => once(each, 'listening')));
    atTeardown(() => {
      near.close();
      far.close();
      server.close();
    });
    return tap;
  }

  private constructor(port: number, to: HostPort, near: Socket, far: Socket) {
    this.port = port;
    this.#to = to;
    this.#near = near;
    this.#far = far;
    near.on('message', (query, { address, port }) => this.#there(query, { host: address, port }));
    far.on('message', (reply) => this.#back(reply));
    for (const socket of [near, far]) socket.on('error', () => {});
  }

  /** All that was asked from the exchange with this index on. */
  since(from: number): readonly Tapped[] {
    return this.exchanges.all.slice(from);
  }

  get count(): number {
    return this.exchanges.all.length;
  }

  #there(query: Buffer, asker: HostPort): void {
    this.#id = (this.#id + 1) & 0xffff;
    this.#asked.set(this.#id, { query, asker });
    this.#far.send(withId(query, this.#id), this.#to.port, this.#to.host);
  }

  #back(reply: Buffer): void {
    const id = reply.readUInt16BE(0);
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    this.#keep('udp', asked.query, reply);
    const { host, port } = asked.asker;
    this.#near.send(withId(reply, asked.query.readUInt16BE(0)), port, host);
  }

  #passTcp(near: TcpSocket): void {
    const { port, host } = this.#to;
    const far = connect(port, host);
    const queries: Buffer[] = [];
    near.pipe(far).pipe(near);
    near.on(
      'data',
      framesTo((query) => queries.push(query)),
    );
    far.on(
      'data',
      framesTo((reply) => {
        const at = queries.findIndex((query) => query.readUInt16BE(0) === reply.readUInt16BE(0));
        const [query] = queries.splice(at, 1);
        if (query !== undefined) this.#keep('tcp', query, reply);
      }),
    );
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }

  #keep(transport: Tapped['transport'], query: Buffer, reply: Buffer): void {
    this.exchanges.add({ transport, query: parseDnsMessage(query), reply: parseDnsMessage(reply) });
  }
}

function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** Messages behind their length (RFC 1035 §4.2.2). */
function framesTo(take: (message: Buffer) => void): (bytes: Buffer) => void {
  let unread = Buffer.alloc(0);
  return (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
      const end = 2 + unread.readUInt16BE(0);
      take(Buffer.from(unread.subarray(2, end)));
      unread = unread.subarray(end);
    }
  };
}
