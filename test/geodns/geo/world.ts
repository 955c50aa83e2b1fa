import type { IPv6Words } from '../../../src/base/address.ts';
import { continentOf, countries } from '../../../src/geodns/geo/countries.ts';
import { type Net, netAround } from '../../../src/geodns/geo/net.ts';
import type { Random } from '../../cache/memory/random.ts';
import { type MmdbValue, maxmindRecord } from '../../support/mmdb-writer.ts';

/** Nets at random in which some lie in others, all over a part of the address space that is small enough for that. */
export function randomNets(random: Random, family: 4 | 6, count: number): Net[] {
  return Array.from({ length: count }, () =>
    netAround(family, randomAddress(random, family), family === 4 ? 8 + random.below(25) : 13 + random.below(52)),
  );
}

/** In 1.0.0.0 to 9.255.255.255, or 2a00::/12. */
export function randomAddress(random: Random, family: 4 | 6): IPv6Words {
  const word = () => random.below(2 ** 32);
  if (family === 4) return [0, 0, 0, 2 ** 24 + random.below(9 * 2 ** 24)];
  return [0x2a00_0000 + random.below(2 ** 20), word(), word(), word()];
}

export function randomPlaces(random: Random, count: number): MmdbValue[] {
  return Array.from({ length: count }, () => {
    const country = random.pick(countries());
    return maxmindRecord({
      continent: continentOf(country) as string,
      country,
      subdivisions: [`S${random.below(3)}`],
      location: [180 * random.next() - 90, 360 * random.next() - 180],
    });
  });
}

/** The slow way to what a database with these nets says: the smallest net around an address counts, of equal ones the last. */
export class NaiveNets<T> {
  readonly #byPrefix: readonly (readonly [prefix: number, nets: ReadonlyMap<string, T>])[];

  constructor(nets: readonly (readonly [Net, T])[]) {
    const byPrefix = new Map<number, Map<string, T>>();
    for (const [net, value] of nets) {
      const same = byPrefix.get(net.prefix) ?? new Map<string, T>();
      byPrefix.set(net.prefix, same.set(`${net.family} ${net.first}`, value));
    }
    this.#byPrefix = [...byPrefix].sort(([a], [b]) => b - a);
  }

  find(family: 4 | 6, address: IPv6Words): T | undefined {
    for (const [prefix, nets] of this.#byPrefix) {
      if (family === 4 && prefix > 32) continue;
      const found = nets.get(`${family} ${netAround(family, address, prefix).first}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
