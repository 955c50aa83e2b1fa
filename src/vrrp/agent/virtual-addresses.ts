import { constants } from 'node:os';
import type { Ms } from '../../base/units.ts';
import type { RouteRequests } from '../net/netlink-socket.ts';
import { type AddressBytes, addressText, includesAddress } from '../wire/address.ts';
import { removeAddress, setAddress } from '../wire/netlink-request.ts';

const { EADDRNOTAVAIL, ENODEV } = constants.errno;

/** The kernel counts lifetimes in whole seconds, and takes an address away up to one later. */
const REFRESH: Ms = 1_000;

export interface VirtualAddressesOptions {
  readonly requests: RouteRequests;
  readonly addresses: readonly AddressBytes[];
  /** From one advertisement to the next: a node that does not run loses the addresses by the time that others have them. */
  readonly interval: Ms;
  /** `undefined`: there is no such interface now. */
  readonly index: () => number | undefined;
  readonly onProblem: (what: 'add' | 'remove', address: string, errno: number) => void;
}

/**
 * The addresses of an instance on their interface. Each has a lifetime that is renewed every second: should this process end or hang,
 * the kernel takes them away by itself, 2 to 4 seconds later at an interval of a second.
 */
export class VirtualAddresses {
  readonly #options: VirtualAddressesOptions;
  #held: readonly AddressBytes[] = [];
  #refresh: NodeJS.Timeout | undefined;
  /** Those that are not ours any more, and still there. */
  #lingering: { readonly end: NodeJS.Timeout; readonly gone: PromiseWithResolvers<void> } | undefined;

  constructor(options: VirtualAddressesOptions) {
    this.#options = options;
  }

  isHeld(address: AddressBytes): boolean {
    return includesAddress(this.#held, address);
  }

  /** Resolves when those that were removed are gone, or are held once more. */
  get gone(): Promise<void> {
    return this.#lingering?.gone.promise ?? Promise.resolve();
  }

  /** `undefined`: all of them. */
  add(address?: AddressBytes): void {
    const { addresses } = this.#options;
    this.#held = addresses;
    this.#lingerNoMore();
    this.#set(address === undefined ? addresses : [address]);
    this.#refresh ??= setInterval(() => this.#set(this.#held), REFRESH);
  }

  /** Also what is there of a former process. `after`: no longer than a lifetime has left when it is to be renewed. */
  remove(after: Ms = 0): void {
    clearInterval(this.#refresh);
    this.#refresh = undefined;
    this.#held = [];
    this.#lingerNoMore();
    if (after === 0) this.#remove();
    else this.#lingering = { end: setTimeout(() => this.remove(), after), gone: Promise.withResolvers() };
  }

  #lingerNoMore(): void {
    clearTimeout(this.#lingering?.end);
    this.#lingering?.gone.resolve();
    this.#lingering = undefined;
  }

  #remove(): void {
    const { requests, addresses, index, onProblem } = this.#options;
    const place = index();
    if (place === undefined) return;
    for (const address of addresses) {
      const errno = requests.change((sequence) => removeAddress({ interface: place, address }, sequence));
      if (errno !== 0 && errno !== EADDRNOTAVAIL && errno !== ENODEV) onProblem('remove', addressText(address), errno);
    }
  }

  #set(addresses: readonly AddressBytes[]): void {
    const { requests, interval, index, onProblem } = this.#options;
    const place = index();
    if (place === undefined) return;
    const lifetimes = { valid: Math.max(2, Math.ceil((3 * interval) / 1000) + 1), preferred: 0 };
    for (const address of addresses) {
      const errno = requests.change((sequence) => setAddress({ interface: place, address }, lifetimes, sequence));
      if (errno !== 0) onProblem('add', addressText(address), errno);
    }
  }
}
