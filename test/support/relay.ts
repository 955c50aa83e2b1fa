import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../src/base/address.ts';
import type { Ms } from '../../src/base/units.ts';
import { atTeardown } from './teardown.ts';

/** Below those that the kernel gives out by itself, so that who comes back finds its own free. */
const PORTS = { from: 10_000, to: 32_000 };

/** A port that nobody has there, by UDP or TCP. */
export async function freePlace(host: string): Promise<HostPort> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const server = createServer();
    const udp = createSocket('udp4');
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
      udp.bind({ address: host, port, exclusive: true });
      await once(udp, 'listening');
      return { host, port };
    } catch {
      // Somebody's: another one.
    } finally {
      server.close();
      udp.close();
    }
  }
}

/**
 * The network between a node and those that know it by the address of the relay: UDP and TCP on one port, passed on from
 * an address of its own. It can be slow, and it can be cut: then packets are lost, TCP keeps what was sent and goes on when
 * it can, and nobody new gets through. Or it loses TCP alone, as if the program behind had no listener.
 */
export class Relay {
  readonly address: HostPort;
  /** What each packet and each piece takes, in each direction. */
  delay: Ms = 0;
  /** By UDP, from those that ask: all that came, passed on or lost. */
  packets = 0;
  /** By TCP, that were taken. */
  connections = 0;
  /** Bytes of TCP, in both directions, that came to be passed on. */
  bytes = 0;
  /** It is cut when more bytes than this have come by TCP. */
  cutAfter = Number.POSITIVE_INFINITY;
  readonly #to: HostPort;
  /** The address that it connects from. */
  readonly #as: string;
  readonly #udp: UdpSocket = createSocket('udp4');
  readonly #callers = new Map<string, UdpSocket>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isRefusing = false;
  #isClosed = false;
  #cut: PromiseWithResolvers<void> | undefined;

  static async open(host: string, as: string, to: HostPort): Promise<Relay> {
    const relay = new Relay(await freePlace(host), as, to);
    const { address } = relay;
    relay.#udp.bind({ address: address.host, port: address.port, exclusive: true });
    await once(relay.#udp, 'listening');
    await relay.#listen();
    atTeardown(() => relay.#close());
    return relay;
  }

  private constructor(address: HostPort, as: string, to: HostPort) {
    this.address = address;
    this.#as = as;
    this.#to = to;
    this.#udp.on('message', (packet, from) => this.#ask(packet, { host: from.address, port: from.port }));
  }

  /** No packet gets through, and nobody is told. */
  cut(): void {
    this.#cut ??= Promise.withResolvers();
    this.#server?.close();
    this.#server = undefined;
  }

  async mend(): Promise<void> {
    this.cutAfter = Number.POSITIVE_INFINITY;
    this.#cut?.resolve();
    this.#cut = undefined;
    if (!this.#isRefusing) await this.#listen();
  }

  /** Nobody listens behind it by TCP any more; UDP goes on. */
  refuse(): void {
    this.#isRefusing = true;
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async accept(): Promise<void> {
    this.#isRefusing = false;
    await this.#listen();
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#connect(near));
    this.#server = server;
    server.listen({ ...this.address, exclusive: true });
    await once(server, 'listening');
  }

  #ask(packet: Buffer, from: HostPort): void {
    this.packets += 1;
    const name = `${from.host}:${from.port}`;
    let caller = this.#callers.get(name);
    if (caller === undefined) {
      const { host, port } = this.#to;
      const far = createSocket('udp4');
      far.bind({ address: this.#as, port: 0 });
      far.on('error', () => {});
      far.on('message', (reply, { address, port: replier }) => {
        if (address === host && replier === port) this.#later(() => this.#udp.send(reply, from.port, from.host));
      });
      this.#callers.set(name, far);
      caller = far;
    }
    const far = caller;
    this.#later(() => far.send(packet, this.#to.port, this.#to.host));
  }

  /** A packet: it is lost when the way is cut as it sets out, or before it arrives. */
  #later(send: () => void): void {
    const arrive = () => {
      if (this.#cut === undefined && !this.#isClosed) send();
    };
    if (this.delay === 0) arrive();
    else if (this.#cut === undefined) setTimeout(arrive, this.delay).unref();
  }

  #connect(near: Socket): void {
    this.connections += 1;
    const far = connect({ ...this.#to, localAddress: this.#as, allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      const lane = new Lane(this);
      from.on('data', (bytes) => {
        this.bytes += bytes.length;
        if (this.bytes > this.cutAfter) this.cut();
        lane.pass(() => {
          if (to.write(bytes) || to.destroyed) return;
          from.pause();
          to.once('drain', () => from.resume());
          to.once('close', () => from.resume());
        });
      });
      from.on('end', () => lane.pass(() => to.end()));
      from.on('close', (failed) => {
        this.#sockets.delete(from);
        lane.pass(() => (failed ? to.resetAndDestroy() : to.end()));
      });
    }
  }

  /** When what sets out now has arrived. */
  async passage(): Promise<void> {
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay).unref());
    while (this.#cut !== undefined) await this.#cut.promise;
  }

  get isOpen(): boolean {
    return this.delay === 0 && this.#cut === undefined;
  }

  #close(): void {
    this.#isClosed = true;
    this.#cut?.resolve();
    this.#cut = undefined;
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const caller of this.#callers.values()) caller.close();
    this.#udp.close();
  }
}

/** One direction of a connection: what is passed arrives in order. */
class Lane {
  readonly #relay: Relay;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(relay: Relay) {
    this.#relay = relay;
  }

  pass(arrive: () => void): void {
    if (this.#waiting === 0 && this.#relay.isOpen) {
      arrive();
      return;
    }
    const passage = this.#relay.passage();
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      await passage;
      this.#waiting -= 1;
      arrive();
    });
  }
}
