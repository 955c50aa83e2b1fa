import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '../../../src/base/address.ts';
import { monotonicNow } from '../../../src/base/monotonic.ts';
import { type EventLog, eventLevels } from '../../../src/observe/event-forward.ts';
import { decode, encode, type Message, type Reply, type Request } from '../../../src/vrrp/witness/message.ts';
import { WitnessServer } from '../../../src/vrrp/witness/server.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';
import { KEY } from './messages.ts';

export interface Told {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An event log, and what it was told. */
export function memoryLog(): { readonly log: EventLog; readonly told: Told[] } {
  const told: Told[] = [];
  return { log: eventLevels(({ event, fields }) => void told.push({ event, fields: fields as Told['fields'] })), told };
}

/** `age`: how long it has been there already, so that it lends. In milliseconds. */
export async function startWitness(age = 10_000) {
  const { log, told } = memoryLog();
  let now = () => monotonicNow() - age;
  const address = { host: '127.0.0.1', port: 0 };
  const server = await WitnessServer.listen({ address, key: KEY, name: 'w', log, now: () => now() });
  now = monotonicNow;
  atTeardown(() => server.close());
  return { server, told };
}

/** Who writes packets by hand. */
export class Sender {
  readonly #socket = createSocket('udp4');
  readonly #to: HostPort;
  readonly #replies: Buffer[] = [];
  #wake = () => {};

  private constructor(to: HostPort) {
    this.#to = to;
    this.#socket.on('message', (packet) => {
      this.#replies.push(packet);
      this.#wake();
    });
    atTeardown(() => this.#socket.close());
  }

  static async open(to: HostPort): Promise<Sender> {
    const sender = new Sender(to);
    const listening = once(sender.#socket, 'listening');
    sender.#socket.bind(0, '127.0.0.1');
    await listening;
    return sender;
  }

  send(packet: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.send(packet, this.#to.port, this.#to.host, () => resolve()));
  }

  async ask(request: Request): Promise<Reply> {
    await this.send(encode(request, KEY));
    return this.next();
  }

  async next(): Promise<Reply> {
    if (this.#replies.length === 0) {
      await within(new Promise<void>((resolve) => (this.#wake = resolve)), 'a reply');
    }
    return decode(this.#replies.shift() as Buffer, KEY) as Message as Reply;
  }

  /** How many replies nobody has taken. */
  get waiting(): number {
    return this.#replies.length;
  }
}
