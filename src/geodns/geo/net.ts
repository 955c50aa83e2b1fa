import { isIPv4 } from 'node:net';
import { formatAddress, type IPv6Words, parseAddress } from '../../base/address.ts';
import { EMBEDDED_NETS } from './embedded.ts';

/** A network. Of IPv4 the address is in the last word, and the prefix 0 to 32. */
export interface Net {
  readonly family: 4 | 6;
  /** The first address: bits beyond the prefix are 0. */
  readonly first: IPv6Words;
  readonly prefix: number;
}

/**
 * Reads `192.0.2.0/24`, `2001:db8::/32` or an address alone; bits beyond the prefix are ignored. `undefined` when it is none
 * of them, or an IPv4 address in the form of an IPv6 one: clients there are looked up by their IPv4 address, so the net
 * is to be written so too.
 */
export function parseNet(text: string): Net | undefined {
  const [address = '', digits, ...more] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || more.length > 0) return undefined;
  const family = isIPv4(address) ? 4 : 6;
  const width = family === 4 ? 32 : 128;
  if (digits !== undefined && (!/^\d{1,3}$/.test(digits) || Number(digits) > width)) return undefined;
  const prefix = digits === undefined ? width : Number(digits);

  if (typeof parsed === 'number') {
    return family === 4 ? { family, first: masked([0, 0, 0, parsed], 96 + prefix), prefix } : undefined;
  }
  const isEmbedded = EMBEDDED_NETS.some((net) => prefix >= net.prefix && isWithin({ family, ...net }, 6, parsed));
  return isEmbedded ? undefined : { family, first: masked(parsed, prefix), prefix };
}

export function formatNet({ family, first, prefix }: Net): string {
  return `${formatAddress(family === 4 ? first[3] : first)}/${prefix}`;
}

/** The net of a length around an address. */
export function netAround(family: 4 | 6, address: IPv6Words, prefix: number): Net {
  return { family, first: masked(address, family === 4 ? 96 + prefix : prefix), prefix };
}

export function isWithin(net: Net, family: 4 | 6, address: IPv6Words): boolean {
  if (net.family !== family) return false;
  const around = netAround(family, address, net.prefix);
  return around.first.every((word, i) => word === net.first[i]);
}

/** The first address beyond a net; `undefined` when it reaches to the end of the address space. */
export function firstBeyond({ family, first, prefix }: Net): IPv6Words | undefined {
  const bits = family === 4 ? 96 + prefix : prefix;
  const words: [number, number, number, number] = [...first];
  let carry = 1;
  for (let i = 3; i >= (family === 4 ? 3 : 0) && carry === 1; i--) {
    // The unit is added to the word that holds the prefix's last bit; words after it are zeros, and stay so.
    if (i > (bits - 1) >> 5) continue;
    const unit = i === (bits - 1) >> 5 ? 2 ** (31 - ((bits - 1) & 31)) : 1;
    const sum = (words[i] as number) + unit;
    words[i] = sum % 2 ** 32;
    carry = sum >= 2 ** 32 ? 1 : 0;
  }
  return carry === 1 ? undefined : words;
}

function masked(words: IPv6Words, bits: number): IPv6Words {
  const mask = (i: number) => {
    const within = bits - 32 * i;
    return within <= 0 ? 0 : within >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - within)) >>> 0;
  };
  return [
    (words[0] & mask(0)) >>> 0,
    (words[1] & mask(1)) >>> 0,
    (words[2] & mask(2)) >>> 0,
    (words[3] & mask(3)) >>> 0,
  ];
}
