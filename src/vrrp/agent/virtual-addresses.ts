import { constants } from 'node:os';
import type { Ms } from '../../base/units.ts';
import type { RouteRequests } from '../net/netlink-socket.ts';
import { type AddressBytes, addressText, includesAddress, sameBytes } from '../wire/address.ts';
import { type AddressChange, FOREVER } from '../wire/netlink.ts';
import { type Place, removeAddress, setAddress } from '../wire/netlink-request.ts';
import { addressesThere } from './interfaces.ts';

const { EADDRNOTAVAIL, ENODEV } = constants.errno;

export interface SharedAddresses {
  readonly addresses: readonly AddressBytes[];
  /** From one advertisement to the next: a node that does not run loses the addresses by the time that others have them. */
  readonly interval: Ms;
  /** Priority 255. */
  readonly isOwner: boolean;
}

export interface VirtualAddressesOptions {
  readonly requests: RouteRequests;
  /** `undefined`: there is no such interface now. */
  readonly index: () => number | undefined;
  readonly onProblem: (what: 'add' | 'remove', address: string, errno: number) => void;
}

/**
 * The addresses of an instance on their interface. Each has a lifetime that is renewed again and again: should this process end or hang,
 * the kernel takes them away by itself, 2.5 to 4 seconds later at an interval of a second, which is when a backup misses us.
 */
export class VirtualAddresses {
  readonly #options: VirtualAddressesOptions;
  #shared: SharedAddresses;
  #held: readonly AddressBytes[] = [];
  /** Of these, those that stay as they are, whatever becomes of us. */
  #own: readonly AddressBytes[] = [];
  /** Of these, those that somebody has removed. */
  #lost: readonly AddressBytes[] = [];
  #refresh: NodeJS.Timeout | undefined;
  #renewedAt: Ms = 0;
  /** The interface that they were set on last: should it have another name by now, they are there all the same. */
  #place: number | undefined;
  /** Those that are not ours any more, and still there. */
  #lingering: { readonly end: NodeJS.Timeout; readonly gone: PromiseWithResolvers<void> } | undefined;

  constructor(shared: SharedAddresses, options: VirtualAddressesOptions) {
    this.#shared = shared;
    this.#options = options;
  }

  /** From here on they are these. Where they are held, those that are new come, and those that are no more go. */
  become(shared: SharedAddresses): void {
    const isHeld = this.#held.length > 0;
    const former = this.#shared.addresses.filter((address) => !includesAddress(shared.addresses, address));
    this.#shared = shared;
    this.#removeAll(former);
    if (isHeld) this.add();
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
    const { addresses } = this.#shared;
    this.#held = addresses;
    this.#lingerNoMore();
    this.#lost = address === undefined ? [] : this.#lost.filter((each) => !sameBytes(each, address));
    this.#own = this.#hostsOwn();
    this.#set(address === undefined ? addresses : [address]);
    this.#renewedAt = performance.now();
    this.#refresh ??= setInterval(() => this.#renew(), this.#lifetime === 1 ? 250 : 500);
  }

  /** It is not there any more, and is put back by `add` alone: how often that is done in a fight is decided elsewhere. */
  lost(address: AddressBytes): void {
    this.#lost = [...this.#lost, address];
  }

  /**
   * After a standstill that was longer than the lifetime the addresses are gone, and another may have them: that they were removed is told,
   * and whoever still is active puts them back.
   */
  #renew(): void {
    const now = performance.now();
    const isInTime = now - this.#renewedAt < this.#lifetime * 1000;
    this.#renewedAt = now;
    if (isInTime) this.#set(this.#held.filter((address) => !includesAddress(this.#lost, address)));
  }

  /**
   * What a former process has left there. Another program may have set them with their prefix, which the kernel has to be told; of who owns
   * them (priority 255) that may be the host's own. So it is where nothing is there that is not `isVirtual`, but for what is as we set it:
   * what a program leaves stands beside the host's own address. Returns what is not ours, and stays.
   */
  clear(isVirtual: (address: AddressBytes) => boolean): readonly AddressBytes[] {
    const { addresses, isOwner } = this.#shared;
    const place = this.#options.index();
    if (place === undefined) return [];
    const there = this.#thereOn(place);
    const hasOther = there.some(({ address }) => !isVirtual(address));
    const own: AddressBytes[] = [];
    for (const { address, prefix, valid } of there) {
      const isWhole = prefix === address.length * 8;
      if (!includesAddress(addresses, address) || (isOwner && !isWhole)) continue;
      if (hasOther || (isWhole && valid !== FOREVER)) this.#removeOne({ interface: place, address, prefix });
      else own.push(address);
    }
    return own;
  }

  #thereOn(place: number): readonly AddressChange[] {
    return addressesThere(this.#options.requests, place, this.#shared.addresses[0]?.length === 16 ? 6 : 4);
  }

  /**
   * Those of the owner that are the host's own, for ever. By IPv4 ours come beside them, as they have another prefix; by IPv6 an address is there
   * once, and setting it would give the host's a lifetime.
   */
  #hostsOwn(): readonly AddressBytes[] {
    const { addresses, isOwner } = this.#shared;
    const place = this.#options.index();
    if (!isOwner || place === undefined) return [];
    const forever = this.#thereOn(place).filter(({ address, valid }) => address.length === 16 && valid === FOREVER);
    return addresses.filter((address) => forever.some((each) => sameBytes(each.address, address)));
  }

  /** `after`: no longer than a lifetime has left when it is to be renewed. */
  remove(after: Ms = 0): void {
    clearInterval(this.#refresh);
    this.#refresh = undefined;
    this.#held = [];
    this.#lost = [];
    this.#lingerNoMore();
    if (after === 0) this.#removeAll(this.#shared.addresses);
    else this.#lingering = { end: setTimeout(() => this.remove(), after), gone: Promise.withResolvers() };
  }

  #lingerNoMore(): void {
    clearTimeout(this.#lingering?.end);
    this.#lingering?.gone.resolve();
    this.#lingering = undefined;
  }

  #removeAll(addresses: readonly AddressBytes[]): void {
    const place = this.#options.index() ?? this.#place;
    if (place === undefined) return;
    for (const address of addresses) this.#removeOne({ interface: place, address });
  }

  #removeOne(place: Place): void {
    const { requests, onProblem } = this.#options;
    const errno = requests.change((sequence) => removeAddress(place, sequence));
    if (errno === 0 || errno === EADDRNOTAVAIL || errno === ENODEV) return;
    onProblem('remove', addressText(place.address), errno);
  }

  /** In seconds, as the kernel counts them; it takes an address away up to one later. */
  get #lifetime(): number {
    return Math.ceil((3 * this.#shared.interval) / 1000);
  }

  #set(addresses: readonly AddressBytes[]): void {
    const { requests, index, onProblem } = this.#options;
    const place = index();
    if (place === undefined) return;
    this.#place = place;
    const lifetimes = { valid: this.#lifetime, preferred: 0 };
    for (const address of addresses) {
      if (includesAddress(this.#own, address)) continue;
      const errno = requests.change((sequence) => setAddress({ interface: place, address }, lifetimes, sequence));
      if (errno !== 0) onProblem('add', addressText(address), errno);
    }
  }
}
