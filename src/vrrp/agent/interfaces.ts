import { isDeepStrictEqual } from 'node:util';
import type { RouteRequests } from '../net/netlink-socket.ts';
import { type AddressBytes, type Family, isLinkLocal, type MacBytes, sameBytes } from '../wire/address.ts';
import { type AddressChange, IFA_F, type NetlinkMessage } from '../wire/netlink.ts';
import { dumpAddresses, dumpLinks } from '../wire/netlink-request.ts';

export interface Link {
  readonly name: string;
  readonly index: number;
  readonly mac: MacBytes | undefined;
  /** Set up, and with a carrier. */
  readonly isUp: boolean;
}

interface Held {
  readonly interface: number;
  readonly address: AddressBytes;
  /** The same address may be there with several. */
  readonly prefix: number;
}

export interface InterfaceNews {
  /** It came, went, is up or down now, or has another MAC address; or another of its addresses is there or gone. */
  changed(name: string): void;
  /** Each time the kernel says so: also when its lifetime changes. */
  added(interfaceIndex: number, address: AddressBytes): void;
  /** From whichever hand. */
  removed(interfaceIndex: number, address: AddressBytes): void;
}

/** The interfaces of this machine and their addresses, as the kernel tells them. */
export class Interfaces {
  readonly #requests: RouteRequests;
  readonly #news: InterfaceNews;
  #links = new Map<number, Link>();
  #addresses: Held[] = [];

  constructor(requests: RouteRequests, news: InterfaceNews) {
    this.#requests = requests;
    this.#news = news;
    this.#load();
  }

  /** `undefined`: there is none of that name. */
  link(name: string): Link | undefined {
    return [...this.#links.values()].find((link) => link.name === name);
  }

  /** All of an interface, in the order in which they came. Of IPv6 those that are good on the link alone come first. */
  addressesOf({ index }: Link, family: Family): AddressBytes[] {
    const found = this.#addresses
      .filter((held) => held.interface === index && held.address.length === (family === 4 ? 4 : 16))
      .map(({ address }) => address);
    return family === 4 ? found : found.sort((a, b) => Number(isLinkLocal(b)) - Number(isLinkLocal(a)));
  }

  /** What the kernel says now, whatever news are under way. */
  isThere(index: number, address: AddressBytes): boolean {
    const there = addressesThere(this.#requests, index, address.length === 4 ? 4 : 6);
    return there.some((each) => sameBytes(each.address, address));
  }

  take(message: NetlinkMessage): void {
    switch (message.kind) {
      case 'link-changed':
      case 'link-removed':
        this.#takeLink(message);
        return;
      case 'address-added':
        if (!this.#addresses.some((held) => isSame(held, message))) {
          const { interface: index, address, prefix } = message;
          this.#addresses.push({ interface: index, address, prefix });
          this.#tell(message.interface);
        }
        if ((message.flags & IFA_F.TENTATIVE) === 0) this.#news.added(message.interface, message.address);
        return;
      case 'address-removed':
        this.#addresses = this.#addresses.filter((held) => !isSame(held, message));
        this.#news.removed(message.interface, message.address);
        this.#tell(message.interface);
        return;
      case 'overrun':
        this.#reload();
    }
  }

  #takeLink(message: Extract<NetlinkMessage, { kind: 'link-changed' | 'link-removed' }>): void {
    const before = this.#links.get(message.interface);
    const name = message.name ?? before?.name;
    if (name === undefined) return;
    const { interface: index, mac = before?.mac, isUp, hasCarrier } = message;
    if (message.kind === 'link-removed') {
      this.#links.delete(index);
      this.#addresses = this.#addresses.filter((held) => held.interface !== index);
    } else {
      const link = { name, index, mac, isUp: isUp && hasCarrier };
      this.#links.set(index, link);
      if (before !== undefined && isDeepStrictEqual(before, link)) return;
    }
    // Under its former name there is none any more.
    if (before !== undefined && before.name !== name) this.#news.changed(before.name);
    this.#news.changed(name);
  }

  #tell(index: number): void {
    const link = this.#links.get(index);
    if (link !== undefined) this.#news.changed(link.name);
  }

  #load(): void {
    this.#links = new Map();
    this.#addresses = [];
    for (const each of this.#requests.dump(dumpLinks)) {
      if (each.kind !== 'link-changed' || each.name === undefined) continue;
      const { interface: index, name, mac, isUp, hasCarrier } = each;
      this.#links.set(index, { name, index, mac, isUp: isUp && hasCarrier });
    }
    for (const family of [4, 6] as const) {
      for (const each of this.#requests.dump((sequence) => dumpAddresses(family, sequence))) {
        if (each.kind !== 'address-added') continue;
        const { interface: index, address, prefix } = each;
        this.#addresses.push({ interface: index, address, prefix });
      }
    }
  }

  /** News were lost: all is told that may be. */
  #reload(): void {
    const before = this.#addresses;
    const names = [...this.#links.values()].map(({ name }) => name);
    this.#load();
    for (const held of before) {
      if (!this.#addresses.some((each) => isSame(each, held))) this.#news.removed(held.interface, held.address);
    }
    for (const { name } of this.#links.values()) names.push(name);
    for (const name of new Set(names)) this.#news.changed(name);
  }
}

/** What the kernel has on an interface now. */
export function addressesThere(requests: RouteRequests, index: number, family: Family): readonly AddressChange[] {
  return requests
    .dump((sequence) => dumpAddresses(family, sequence))
    .filter((each) => each.kind === 'address-added' && each.interface === index) as AddressChange[];
}

function isSame(a: Held, b: Held): boolean {
  return a.interface === b.interface && a.prefix === b.prefix && sameBytes(a.address, b.address);
}
