import type { ClientPlace } from '../model.ts';
import type { Query } from '../wire/message-query.ts';
import type { QuerySource } from './source.ts';

/**
 * Who is behind a query: the address that it came from, and the place that counts for geography, which is that of the
 * client subnet if it has one. One object serves for all queries.
 */
export class Asker implements ClientPlace {
  /** Where the packet came from: `size` bytes at `at`, an IPv4-mapped address being IPv4. */
  bytes: Uint8Array = Buffer.alloc(0);
  at = 0;
  size: 4 | 16 = 4;

  address: Uint8Array;
  prefix = 0;
  /** Whether the place is that of the client subnet, so that the answer may hold for a part of all clients only. */
  isSubnet = false;

  readonly #ipv4 = new Uint8Array(4);
  readonly #ipv6 = new Uint8Array(16);

  constructor() {
    this.address = this.#ipv4;
  }

  takeSource({ address, family }: QuerySource): void {
    const isMapped = family === 6 && startsMapped(address);
    this.bytes = address;
    this.at = isMapped ? 12 : 0;
    this.size = isMapped || family === 4 ? 4 : 16;
  }

  /** Of a prefix of 0 no bit is known, or meant to be: the address of who asks has to do (RFC 7871 §7.1.2). */
  takePlace({ bytes, edns }: Query, clientSubnet: boolean): void {
    this.isSubnet = clientSubnet && edns.subnetPrefix > 0;
    if (this.isSubnet) {
      this.#put(bytes, edns.subnetAt, (edns.subnetPrefix + 7) >>> 3, edns.subnetFamily === 1 ? 4 : 16);
      this.prefix = edns.subnetPrefix;
    } else {
      this.#put(this.bytes, this.at, this.size, this.size);
      this.prefix = this.size * 8;
    }
  }

  /** The first `known` bytes, and zeros. */
  #put(bytes: Uint8Array, at: number, known: number, size: number): void {
    const address = size === 4 ? this.#ipv4 : this.#ipv6;
    for (let i = 0; i < size; i++) address[i] = i < known ? (bytes[at + i] as number) : 0;
    this.address = address;
  }
}

/** `::ffff:0:0/96` */
function startsMapped(address: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (address[i] !== 0) return false;
  return address[10] === 0xff && address[11] === 0xff;
}
