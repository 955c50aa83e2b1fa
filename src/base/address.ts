import { isIPv4, isIPv6 } from 'node:net';

/**
 * IP addresses as numbers, and sets of networks that are asked for every request. An IPv4-mapped IPv6 address
 * (`::ffff:10.0.0.1`, what a socket for both families shows) is the IPv4 address everywhere: a rule for `10.0.0.0/8`
 * must hold however the client arrived. A zone (`fe80::1%eth0`) is dropped: it has a meaning on one machine only.
 */

/** The four 32-bit words of an IPv6 address, the most significant first. */
export type IPv6Words = readonly [number, number, number, number];

/** An IPv4 address as an unsigned 32-bit number, an IPv6 address (never a mapped one) as its words. */
export type Address = number | IPv6Words;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads what `net.isIP` accepts: no octal, no short forms, no space around it. `undefined` when it is no address. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return readIPv4(text, 0);
  if (!isIPv6(text)) return undefined;
  const words = readIPv6(text);
  return isMapped(words) ? words[3] : words;
}

/** The canonical text: dotted decimal, or RFC 5952 (lower case, no leading zeros, the longest run of zeros as `::`). */
export function formatAddress(address: Address): string {
  if (typeof address !== 'number') return formatIPv6(address);
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** `::FFFF:10.0.0.1` ▸ `10.0.0.1`, `2001:DB8:0:0::1` ▸ `2001:db8::1`. `undefined` when it is no address. */
export function normalizeAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
}

/** Whether `AddressSet` takes it: an address, or a network such as `10.0.0.0/8`; bits beyond the prefix are ignored. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** The networks and addresses of one setting. `0.0.0.0/0` holds every IPv4 address, `::/0` every IPv6 one, neither both. */
export class AddressSet {
  readonly #ipv4: readonly Range<number>[];
  readonly #ipv6: readonly Range<IPv6Words>[];

  /** Throws a `TypeError` when one is no network: settings are checked before they come here. */
  constructor(networks: readonly string[]) {
    const ipv4: Range<number>[] = [];
    const ipv6: Range<IPv6Words>[] = [];
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network === undefined) throw new TypeError(`not an address or a network: ${JSON.stringify(text)}`);
      if (network.family === 4) ipv4.push(network);
      else ipv6.push(network);
    }
    this.#ipv4 = outermost(ipv4, compareIPv4);
    this.#ipv6 = outermost(ipv6, compareIPv6);
  }

  get isEmpty(): boolean {
    return this.#ipv4.length === 0 && this.#ipv6.length === 0;
  }

  /** What is no address is in no set. */
  has(address: string): boolean {
    if (this.isEmpty) return false;
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    return typeof parsed === 'number'
      ? within(this.#ipv4, parsed, compareIPv4)
      : within(this.#ipv6, parsed, compareIPv6);
  }
}

/**
 * Reads `0.0.0.0:80` and `[::]:80`. The host is kept as it is written, with its zone: a link-local address cannot be
 * listened on without one. `undefined` when it is not an address and a port.
 */
export function parseListenAddress(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([\d.]+)):(0|[1-9]\d{0,4})$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, ipv4, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined;
  return ipv4 !== undefined && isIPv4(ipv4) ? { host: ipv4, port } : undefined;
}

/** `10.0.0.1:80`, `[::1]:80`, `localhost:80`. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

interface Range<A extends Address> {
  readonly first: A;
  readonly last: A;
}

type Network = ({ readonly family: 4 } & Range<number>) | ({ readonly family: 6 } & Range<IPv6Words>);

function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;

  const width = isIPv4(address) ? 32 : 128;
  const digits = slash === -1 ? String(width) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > width) return undefined;
  const prefix = Number(digits);

  if (typeof parsed !== 'number') {
    const mask = prefixMask(prefix);
    const lowest = (i: 0 | 1 | 2 | 3) => (parsed[i] & mask[i]) >>> 0;
    const highest = (i: 0 | 1 | 2 | 3) => (parsed[i] | ~mask[i]) >>> 0;
    return {
      family: 6,
      first: [lowest(0), lowest(1), lowest(2), lowest(3)],
      last: [highest(0), highest(1), highest(2), highest(3)],
    };
  }
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8. Under 96 it would reach beyond IPv4: surely /8 was written where /104 was meant.
  const bits = width === 32 ? prefix : prefix - 96;
  if (bits < 0) return undefined;
  const [mask] = prefixMask(bits);
  return { family: 4, first: (parsed & mask) >>> 0, last: (parsed | ~mask) >>> 0 };
}

function prefixMask(prefix: number): IPv6Words {
  const word = (bits: number) => (bits <= 0 ? 0 : bits >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - bits)) >>> 0);
  return [word(prefix), word(prefix - 32), word(prefix - 64), word(prefix - 96)];
}

/** Sorted, without those that lie inside another: two prefixes are nested or apart, they never overlap in part. */
function outermost<A extends Address>(ranges: readonly Range<A>[], compare: (a: A, b: A) => number): Range<A>[] {
  const kept: Range<A>[] = [];
  for (const range of ranges.toSorted((a, b) => compare(a.first, b.first) || compare(b.last, a.last))) {
    const widest = kept.at(-1);
    if (widest === undefined || compare(range.first, widest.last) > 0) kept.push(range);
  }
  return kept;
}

function within<A extends Address>(ranges: readonly Range<A>[], address: A, compare: (a: A, b: A) => number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare((ranges[middle] as Range<A>).first, address) <= 0) low = middle + 1;
    else high = middle;
  }
  const nearest = ranges[low - 1]; // the last one that begins at the address or before it
  return nearest !== undefined && compare(address, nearest.last) <= 0;
}

function compareIPv4(a: number, b: number): number {
  return a - b;
}

function compareIPv6(a: IPv6Words, b: IPv6Words): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

function isMapped(words: IPv6Words): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

const DOT = 46;
const COLON = 58;
const PERCENT = 37;

/** The value of a valid IPv4 address that begins at `start` and ends at a zone or with the text. */
function readIPv4(text: string, start: number): number {
  let value = 0;
  let octet = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === PERCENT) break;
    if (code === DOT) {
      value = (value << 8) | octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - 48;
    }
  }
  return ((value << 8) | octet) >>> 0;
}

/** The words of a valid IPv6 address. */
function readIPv6(text: string): IPv6Words {
  const zone = text.indexOf('%');
  const end = zone === -1 ? text.length : zone;
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  let count = 0;
  let gap = 8; // how many groups stand before the "::", if there is one
  let start = 0; // where the current group begins
  let group = 0;
  for (let i = 0; i <= end; i++) {
    const code = i === end ? COLON : text.charCodeAt(i);
    if (code === DOT) {
      const ipv4 = readIPv4(text, start);
      groups[count++] = ipv4 >>> 16;
      groups[count++] = ipv4 & 0xffff;
      break;
    }
    if (code !== COLON) {
      group = (group << 4) | hexDigit(code);
      continue;
    }
    if (i > start) groups[count++] = group;
    else if (i > 0 && i < end) gap = count;
    group = 0;
    start = i + 1;
  }
  if (gap < count) {
    for (let from = count - 1, to = 7; from >= gap; from--, to--) {
      groups[to] = groups[from] as number;
      groups[from] = 0;
    }
  }
  return [joined(groups, 0), joined(groups, 2), joined(groups, 4), joined(groups, 6)];
}

/** Two groups as one word. */
function joined(groups: readonly number[], at: number): number {
  return (((groups[at] as number) << 16) | (groups[at + 1] as number)) >>> 0;
}

/** Of a digit that is known to be one: 0-9, a-f, A-F. */
function hexDigit(code: number): number {
  return code < COLON ? code - 48 : (code | 32) - 87;
}

/** RFC 5952 §4. */
function formatIPv6(words: IPv6Words): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let gap = 0;
  let gapLength = 1; // §4.2.2: a single zero is written out; §4.2.3: of two runs alike, the first is shortened
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > gapLength) {
      gap = i;
      gapLength = end - i;
    }
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return gapLength === 1 ? text(0, 8) : `${text(0, gap)}::${text(gap + gapLength, 8)}`;
}
