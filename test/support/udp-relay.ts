import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '../../src/base/address.ts';
import { Journal } from './journal.ts';
import { atTeardown } from './teardown.ts';

export interface PassedPacket {
  /** `there`: to whom it leads; `back`: an answer. */
  readonly way: 'there' | 'back';
  readonly packet: Buffer;
}

/** A way by UDP to somebody, for one who asks: it keeps all that passes. */
export class UdpRelay {
  readonly passed = new Journal<PassedPacket>('packet');
  readonly #near: Socket;
  #asker: HostPort | undefined;

  /** Listens at the address of `to`, at a port of its own, and sends on from the address `from`: so both see whom they know. */
  static async open(to: HostPort, from: string): Promise<UdpRelay> {
    const near = createSocket('udp4').bind(0, to.host);
    const far = createSocket('udp4').bind(0, from);
    await Promise.all([once(near, 'listening'), once(far, 'listening')]);
    atTeardown(() => {
      near.close();
      far.close();
    });
    return new UdpRelay(near, far, to);
  }

  private constructor(near: Socket, far: Socket, to: HostPort) {
    this.#near = near;
    near.on('message', (packet, { address, port }) => {
      this.#asker = { host: address, port };
      this.passed.add({ way: 'there', packet });
      far.send(packet, to.port, to.host);
    });
    far.on('message', (packet) => {
      this.passed.add({ way: 'back', packet });
      if (this.#asker !== undefined) near.send(packet, this.#asker.port, this.#asker.host);
    });
  }

  get port(): number {
    return this.#near.address().port;
  }
}
