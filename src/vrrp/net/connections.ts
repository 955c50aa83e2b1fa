import { systemError } from '../../base/ffi.ts';
import { type AddressBytes, familyOf } from '../wire/address.ts';
import { connectionsIn, dumpConnections, type Remote, STATES } from '../wire/connections.ts';
import { KernelRequests } from './netlink-socket.ts';
import { NETLINK_SOCK_DIAG, type VrrpSystem } from './system.ts';

/** Which connections of TCP this host has, by its own address. What is asked throws an error of the system. */
export class Connections {
  readonly #requests: KernelRequests;

  /** Throws an error of the system. */
  constructor(system: VrrpSystem) {
    this.#requests = new KernelRequests(system, NETLINK_SOCK_DIAG);
  }

  /** How many are open, of these addresses. */
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
    return ([4, 6] as const).flatMap((sockets) => {
      // A socket of IPv6 may have a connection of IPv4.
      const theirs = addresses.filter((address) => sockets === 6 || familyOf(address) === 4);
      if (theirs.length === 0) return [];
      const answer = this.#requests.ask((sequence) => dumpConnections(theirs, sockets, states, sequence));
      if (typeof answer === 'number') throw systemError('sock_diag', answer);
      return connectionsIn(answer);
    });
  }
}
