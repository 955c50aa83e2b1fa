import { systemError } from '../../base/ffi.ts';
import type { AddressBytes } from '../wire/address.ts';
import { dropNothing, dropTcp, MOST_RULES, newTable, type Unwanted } from '../wire/packet-filter.ts';
import { KernelRequests } from './netlink-socket.ts';
import { NETLINK_NETFILTER, type VrrpSystem } from './system.ts';

/** Keeps packets from this host for as long as it is open, or this process lives. */
export class PacketFilter {
  readonly #requests: KernelRequests;
  readonly #name: string;

  /** `name`: of nobody else on this host. Throws an error of the system: this Linux has no nf_tables, say. */
  constructor(system: VrrpSystem, name: string) {
    this.#name = name;
    this.#requests = new KernelRequests(system, NETLINK_NETFILTER);
    try {
      this.#change((sequence) => newTable(name, sequence));
    } catch (error) {
      this.#requests.close();
      throw error;
    }
  }

  /** From here on what comes by TCP for these addresses, by this interface. `opening`: the first packet of each connection. */
  drop(index: number, addresses: readonly AddressBytes[], which: Unwanted['which']): void {
    for (let from = 0; from < addresses.length; from += MOST_RULES) {
      const some = addresses.slice(from, from + MOST_RULES);
      this.#change((sequence) => dropTcp(this.#name, { interface: index, addresses: some, which }, sequence));
    }
  }

  /** At once nothing is dropped; the table goes a little later. */
  close(): void {
    this.#requests.change((sequence) => dropNothing(this.#name, sequence));
    this.#requests.closeAside();
  }

  #change(make: (sequence: number) => Buffer): void {
    const errno = this.#requests.change(make);
    if (errno !== 0) throw systemError('nf_tables', errno);
  }
}
