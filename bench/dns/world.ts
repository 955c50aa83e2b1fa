import { writeFile } from 'node:fs/promises';
import { continentOf, countries } from '../../src/geodns/geo/countries.ts';
import { formatNet, type Net } from '../../src/geodns/geo/net.ts';
import { maxmindRecord, writeMmdb } from '../../test/support/mmdb-writer.ts';
import { randomFrom } from '../eviction/random.ts';

/** The world that servers are told of: who is where, and where clients from there are sent. The same in each run. */

export interface World {
  readonly nets: readonly Net[];
  /** Of each net, in two capital letters. */
  readonly countries: readonly string[];
}

export const DATACENTERS = ['us', 'eu', 'ap'] as const;
export type Datacenter = (typeof DATACENTERS)[number];

/** What clients get that are sent there. */
export const ADDRESSES: Readonly<Record<Datacenter, readonly string[]>> = {
  us: ['192.0.2.10', '192.0.2.11'],
  eu: ['198.51.100.10', '198.51.100.11'],
  ap: ['203.0.113.10', '203.0.113.11'],
};

/** In the order of preference, by continent; `default`: of those that are not named. */
export const BY_CONTINENT: Readonly<Record<string, readonly Datacenter[]>> = {
  default: ['us', 'eu', 'ap'],
  AF: ['eu', 'us', 'ap'],
  AS: ['ap', 'us', 'eu'],
  EU: ['eu', 'us', 'ap'],
  OC: ['ap', 'us', 'eu'],
};

/** Countries that are nearer to another datacenter than the rest of their continent, which is one of the above. */
export const BY_COUNTRY: Readonly<Record<string, Readonly<Record<string, readonly Datacenter[]>>>> = {
  AS: { AE: ['eu', 'ap', 'us'], CY: ['eu', 'us', 'ap'], IL: ['eu', 'us', 'ap'], TR: ['eu', 'us', 'ap'] },
  OC: { PF: ['us', 'ap', 'eu'] },
};

export function datacenterOf(country: string): Datacenter {
  const continent = continentOf(country) as string;
  const order = BY_COUNTRY[continent]?.[country] ?? BY_CONTINENT[continent] ?? BY_CONTINENT.default;
  return order?.[0] as Datacenter;
}

/** As large as the tables of countries that there are: some 340,000 nets of IPv4. */
export function makeWorld(): World {
  const random = randomFrom(1);
  const codes = countries();
  const nets: Net[] = [];
  const split = (first: number, prefix: number): void => {
    if (prefix === 24 || (prefix > 12 && random() < 0.33)) {
      nets.push({ family: 4, first: [0, 0, 0, first >>> 0], prefix });
      return;
    }
    split(first, prefix + 1);
    split(first + 2 ** (31 - prefix), prefix + 1);
  };
  for (let block = 1; block < 224; block++) if (!PARTLY_SPECIAL.has(block)) split(block * 2 ** 24, 8);
  return { nets, countries: nets.map(() => codes[Math.floor(random() * codes.length)] as string) };
}

/** First numbers of networks that hold private and other special ones, which are nowhere. */
const PARTLY_SPECIAL: ReadonlySet<number> = new Set([10, 100, 127, 169, 172, 192, 198, 203]);

/** As MaxMind's GeoLite2-Country. */
export async function writeDatabase(file: string, world: World): Promise<void> {
  const nets = world.nets.map((net, index) => {
    const country = world.countries[index] as string;
    return [net, maxmindRecord({ continent: continentOf(country) as string, country })] as const;
  });
  await writeFile(file, writeMmdb({ nets, type: 'GeoLite2-Country' }));
}

/** `81.2.69.0`, of a net. */
export function firstAddress(net: Net): string {
  return formatNet(net).replace(/\/\d+$/, '');
}
