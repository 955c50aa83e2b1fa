import type { IPv6Words } from '../../src/base/address.ts';
import { continentOf, countries } from '../../src/geodns/geo/countries.ts';
import { EMBEDDED_NETS } from '../../src/geodns/geo/embedded.ts';
import { isWithin, type Net, netAround, parseNet } from '../../src/geodns/geo/net.ts';
import { SPECIAL_NETS } from '../../src/geodns/geo/special.ts';
import type { Random } from '../cache/memory/random.ts';
import { type MmdbValue, maxmindRecord } from '../support/mmdb-writer.ts';

/** Databases and clients at random. A client subnet is a net, as in a question: bits beyond its prefix are zeros. */

/** Half of the records are of these, which maps know. */
const KNOWN = ['GB', 'DE', 'FR', 'US', 'MX', 'BR', 'NZ', 'AU', 'ZA', 'IN', 'JP'];
const SUBDIVISIONS = ['BE', 'IDF', 'CA', 'WA', 'OTA', 'X1', 'X2'];
const CITIES = ['Paris', 'Lyon', 'New York', 'Elsewhere'];

/** As MaxMind's City has it. */
export function randomCity(random: Random): MmdbValue {
  const country = randomCountry(random);
  return maxmindRecord({
    continent: continentOf(country) as string,
    country,
    subdivisions: Array.from({ length: random.below(3) }, () => random.pick(SUBDIVISIONS)),
    city: random.pick(CITIES),
    location: [180 * random.next() - 90, 360 * random.next() - 180],
  });
}

/** As MaxMind's Country has it. */
export function randomCountryRecord(random: Random): MmdbValue {
  const country = randomCountry(random);
  return maxmindRecord({ continent: continentOf(country) as string, country });
}

function randomCountry(random: Random): string {
  return random.pick(random.below(2) === 0 ? KNOWN : countries());
}

/** Parts of the address space in which nets lie close together, and within one another. */
const CROWDS = {
  4: nets('1.0.0.0/8', '5.0.0.0/8', '9.8.0.0/14', '20.0.0.0/6', '100.128.0.0/9', '192.1.0.0/16', '223.255.0.0/16'),
  6: nets('2001:200::/23', '2003::/19', '2400::/12', '2600::/12', '2a00::/12', '2a00:1450::/32', '3ffe:1000::/20'),
};

/** Where clients are. */
const ALL = { 4: nets('0.0.0.0/0'), 6: nets('2000::/3') };

/** Of these databases know nothing. */
const SPECIAL = {
  4: SPECIAL_NETS.map(({ net }) => net).filter(({ family }) => family === 4),
  6: SPECIAL_NETS.map(({ net }) => net).filter(({ family }) => family === 6),
};

/** IPv6 nets of IPv4 addresses. */
const APART = { 4: [], 6: EMBEDDED_NETS.map((net): Net => ({ family: 6, ...net })) };

/** Some are within others; none has special-purpose addresses in it. */
export function randomNets(random: Random, family: 4 | 6, count: number): Net[] {
  const found: Net[] = [];
  while (found.length < count) {
    const around = random.pick(random.below(10) === 0 ? ALL[family] : CROWDS[family]);
    const prefix = around.prefix + 4 + random.below((family === 4 ? 29 : 61) - around.prefix);
    const net = netAround(family, addressIn(random, around), prefix);
    if (!SPECIAL[family].some((special) => overlap(special, net))) found.push(net);
  }
  return found;
}

/** Of a client near the edge of a net, in a crowd, in a special-purpose net or anywhere; of any length, often the usual one. */
export function randomSubnet(random: Random, known: readonly Net[]): Net {
  const net = random.pick(known);
  const { family } = net;
  const kind = random.below(8);
  const address =
    kind === 0
      ? addressIn(random, random.pick(ALL[family]))
      : kind === 1
        ? addressIn(random, random.pick(CROWDS[family]))
        : kind === 2
          ? addressBeside(random, random.pick([...SPECIAL[family], ...APART[family]]))
          : addressBeside(random, net);
  const [usual, longest] = family === 4 ? [24, 32] : [56, 128];
  return netAround(family, address, random.below(2) === 0 ? usual : 1 + random.below(longest));
}

/** An IPv4 subnet as part of an IPv6 address: mapped, translated, NAT64, 6to4 or Teredo. */
export function embedded(random: Random, { first, prefix }: Net): Net {
  const address = first[3];
  const kind = random.below(6);
  if (kind === 4) return netAround(6, [0x2002_0000 | (address >>> 16), (address << 16) >>> 0, 0, 0], 16 + prefix);
  if (kind === 5) return netAround(6, [0x2001_0000, random.below(2 ** 32), random.below(2 ** 32), ~address >>> 0], 128);
  const before = [
    [0, 0, 0],
    [0, 0, 0xffff],
    [0, 0, 0xffff_0000],
    [0x0064_ff9b, 0, 0],
  ] as const;
  return netAround(6, [...(before[kind as 0 | 1 | 2 | 3] as readonly [number, number, number]), address], 96 + prefix);
}

/** The first or the last address of a net. */
export function edgeOf({ family, first, prefix }: Net, edge: 'first' | 'last'): IPv6Words {
  if (edge === 'first') return first;
  return filled(first, family === 4 ? 96 + prefix : prefix, () => 0xffff_ffff);
}

export function overlap(a: Net, b: Net): boolean {
  return a.prefix <= b.prefix ? isWithin(a, b.family, b.first) : isWithin(b, a.family, a.first);
}

export function addressIn(random: Random, { family, first, prefix }: Net): IPv6Words {
  return filled(first, family === 4 ? 96 + prefix : prefix, () => random.below(2 ** 32));
}

/** In it, at its edge, or just beyond. */
function addressBeside(random: Random, net: Net): IPv6Words {
  const kind = random.below(4);
  if (kind === 0) return addressIn(random, net);
  const address = edgeOf(net, kind === 1 ? 'first' : 'last');
  const step = random.below(2) === 0 ? 0 : kind === 1 ? -1 : 1;
  return added(address, step, net.family);
}

function added(address: IPv6Words, step: number, family: 4 | 6): IPv6Words {
  const words: [number, number, number, number] = [...address];
  for (let i = 3, carry = step; i >= (family === 4 ? 3 : 0) && carry !== 0; i--) {
    const sum = (words[i] as number) + carry;
    words[i] = sum >>> 0;
    carry = sum < 0 ? -1 : sum >= 2 ** 32 ? 1 : 0;
  }
  return words;
}

/** The first bits of an address, and others behind them. */
function filled(address: IPv6Words, bits: number, other: () => number): IPv6Words {
  const word = (i: 0 | 1 | 2 | 3) => {
    const kept = Math.min(32, Math.max(0, bits - 32 * i));
    const mask = kept === 0 ? 0 : (0xffff_ffff << (32 - kept)) >>> 0;
    return ((address[i] & mask) | (other() & ~mask)) >>> 0;
  };
  return [word(0), word(1), word(2), word(3)];
}

function nets(...texts: string[]): Net[] {
  return texts.map((text) => parseNet(text) as Net);
}
