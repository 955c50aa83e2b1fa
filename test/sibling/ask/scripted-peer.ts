import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encodeAnswer, type IcpAnswer, type IcpMessage } from '../../../src/sibling/icp/message.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';

export interface Heard {
  readonly message: IcpMessage;
  readonly packet: Buffer;
  readonly from: RemoteInfo;
}

/** A sibling on a real UDP socket that answers as it is told to, and keeps what it was asked. */
export class ScriptedPeer {
  readonly heard: Heard[] = [];
  /** What it says to whatever it is asked; `undefined`: nothing. */
  answer: IcpAnswer | undefined;
  readonly #socket: Socket;
  #onHeard: () => void = () => {};

  static async start(answer: IcpAnswer | undefined, host = '127.0.0.31', port = 0): Promise<ScriptedPeer> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const peer = new ScriptedPeer(socket, answer);
    socket.bind(port, host);
    await once(socket, 'listening');
    return peer;
  }

  constructor(socket: Socket, answer: IcpAnswer | undefined) {
    this.#socket = socket;
    this.answer = answer;
    socket.on('message', (packet, from) => {
      const message = decode(packet);
      if (typeof message === 'string') throw new Error(`asked what cannot be read: ${message}`);
      this.heard.push({ message, packet, from });
      if (this.answer !== undefined) this.say(encodeAnswer(this.answer, message), from);
      this.#onHeard();
    });
    atTeardown(() => socket.close());
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  get urls(): string[] {
    return this.heard.map(({ message }) => message.url);
  }

  say(packet: Buffer, { address, port }: { address: string; port: number }): void {
    this.#socket.send(packet, port, address);
  }

  /** Answers now what it was asked as number `index`. */
  reply(answer: IcpAnswer, index = this.heard.length - 1): void {
    const { message, from } = this.at(index);
    this.say(encodeAnswer(answer, message), from);
  }

  at(index: number): Heard {
    const heard = this.heard.at(index);
    if (heard === undefined) throw new Error(`it was asked ${this.heard.length} times`);
    return heard;
  }

  /** Until it was asked so often. */
  async asked(count = 1): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onHeard = () => {
      if (this.heard.length >= count) resolve();
    };
    this.#onHeard();
    await within(promise, () => `${count} questions, came ${this.heard.length}`);
  }
}
