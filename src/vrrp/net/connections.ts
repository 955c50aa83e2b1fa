import type { AddressBytes } from '../wire/address.ts';
import { connectionsIn, dumpConnections, type Remote, STATES } from '../wire/connections.ts';
import { KernelRequests } from './netlink-socket.ts';
import { NETLINK_SOCK_DIAG, type VrrpSystem } from './system.ts';

/** Which connections of TCP this host has, by its own address. */
export class Connections {
  readonly #requests: KernelRequests;

  /** Throws an error of the system. */
  constructor(system: VrrpSystem) {
    this.#requests = new KernelRequests(system, NETLINK_SOCK_DIAG);
  }

  /** How many are open, of these addresses. What the kernel does not tell is none. */
  open(addresses: readonly AddressBytes[]): number {
    return this.#of(addresses, STATES.OPEN).length;
  }

  /** Who has one, be it as good as over. */
  all(addresses: readonly AddressBytes[]): readonly Remote[] {
    return this.#of(addresses, STATES.ANY);
  }

  close(): void {
    this.#requests.close();
  }

  #of(addresses: readonly AddressBytes[], states: number): readonly Remote[] {
    return addresses.flatMap((address) => {
      const ask = (sockets: 4 | 6) =>
        this.#requests.ask((sequence) => dumpConnections(address, sockets, states, sequence));
      const answers = address.length === 4 ? [ask(4), ask(6)] : [ask(6)];
      return connectionsIn(answers.flatMap((answer) => (typeof answer === 'number' ? [] : answer)));
    });
  }
}
