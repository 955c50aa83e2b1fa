import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { HostPort } from '../../../src/base/address.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';

/** Messages behind their lengths. */
export function frame(message: string | Buffer): Buffer {
  const bytes = Buffer.from(message as string, 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Padded to what a query has at least. */
export function query(text: string): Buffer {
  return frame(text.padEnd(12));
}

/** A client by TCP, that keeps the messages it gets. */
export class TcpClient {
  readonly socket: Socket;
  /** Resolves when the server has closed, with whether that was by a FIN or a reset. */
  readonly ended: Promise<'ended' | 'reset'>;
  readonly #got = new Journal<string>('message');
  #unread: Buffer = Buffer.alloc(0);
  /** How often the system had something for us. */
  reads = 0;

  static async open(to: HostPort, from?: string): Promise<TcpClient> {
    const socket = connect({
      ...to,
      ...(from !== undefined && { localAddress: from }),
      allowHalfOpen: true,
      noDelay: true,
    });
    await within(once(socket, 'connect'), 'a connection');
    return new TcpClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('end', () => resolve('ended'));
      socket.on('error', () => resolve('reset'));
    });
    socket.on('close', () => this.#got.end(new Error('the connection has been closed')));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    atTeardown(() => socket.destroy());
  }

  get all(): readonly string[] {
    return this.#got.all;
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Sends a query, and resolves with the next message. */
  ask(text: string): Promise<string> {
    const from = this.all.length;
    this.send(query(text));
    return this.next(from);
  }

  /** The first message behind so many, without the padding. */
  async next(from: number): Promise<string> {
    return (await this.#got.waitFor(() => true, { from, wanted: `behind ${from} others` })).trimEnd();
  }

  end(): void {
    this.socket.end();
  }

  hasEnded(): Promise<'ended' | 'reset'> {
    return within(this.ended, 'the end of the connection');
  }

  #take(chunk: Buffer): void {
    this.reads += 1;
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (this.#unread.length - at >= 2) {
      const end = at + 2 + this.#unread.readUInt16BE(at);
      if (end > this.#unread.length) break;
      this.#got.add(this.#unread.toString('latin1', at + 2, end));
      at = end;
    }
    this.#unread = this.#unread.subarray(at);
  }
}
