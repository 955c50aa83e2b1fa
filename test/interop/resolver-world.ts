import { isWithin, type Net, parseNet } from '../../src/geodns/geo/net.ts';
import { SPECIAL_NETS } from '../../src/geodns/geo/special.ts';
import { maxmindRecord, writeMmdb } from '../support/mmdb-writer.ts';

/** A world at random: which networks there are, and who of them asks. */

export interface Question {
  readonly name: string;
  readonly type: number;
  /** The client's. */
  readonly subnet: string;
}

/** Clients come from some hundred networks, each of them with many nets, and one in ten by IPv6. */
export function questionsOf(names: readonly string[], count: number, random: () => number): Question[] {
  const dice = new Dice(random);
  const ipv4 = dice.nets(300, () => `${dice.ipv4()}.0.0/16`);
  const ipv6 = dice.nets(40, () => `${dice.ipv6()}:${hex(dice.below(0x400) * 64)}::/32`);
  return Array.from({ length: count }, () => ({
    name: dice.pick(names),
    type: random() < 0.8 ? 1 : 28,
    subnet:
      random() < 0.9
        ? dice.pick(ipv4).replace('.0.0/16', `.${dice.below(256)}.0/24`)
        : dice.pick(ipv6).replace('::/32', `:${hex(dice.below(65_536))}::/56`),
  }));
}

/** Networks of all sizes at places all over the world, and much between them of which nothing is known. */
export function worldDatabase(random: () => number): Buffer {
  const dice = new Dice(random);
  const places = PLACES.map(([continent, country, latitude, longitude]) =>
    maxmindRecord({ continent, country, location: [latitude, longitude] }),
  );
  const ipv4 = dice.nets(6_000, () => `${dice.ipv4()}.${dice.below(256)}.0/${8 + dice.below(17)}`);
  const ipv6 = dice.nets(2_000, () => `${dice.ipv6()}:${hex(dice.below(65_536))}::/${16 + dice.below(33)}`);
  const nets = [...ipv4, ...ipv6].map((net) => [net, dice.pick(places)] as const);
  return writeMmdb({ nets, type: 'GeoLite2-City' });
}

class Dice {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** The beginning of an address. */
  ipv4(): string {
    return `${1 + this.below(222)}.${this.below(256)}`;
  }

  ipv6(): string {
    return hex(0x2a00 + this.below(64));
  }

  /** None of which Portico has an idea of its own, whatever the database says: those that are nobody's. */
  nets(count: number, draw: () => string): string[] {
    return Array.from({ length: count }, () => {
      for (;;) {
        const net = draw();
        if (!isSpecial(net)) return net;
      }
    });
  }
}

function isSpecial(text: string): boolean {
  const { family, first } = parseNet(text) as Net;
  return SPECIAL_NETS.some(({ net }) => isWithin(net, family, first));
}

function hex(number: number): string {
  return number.toString(16);
}

const PLACES = [
  ['NA', 'US', 40.7, -74],
  ['NA', 'US', 34.1, -118.2],
  ['NA', 'CA', 49.3, -123.1],
  ['SA', 'BR', -23.6, -46.6],
  ['EU', 'GB', 51.5, -0.1],
  ['EU', 'DE', 52.5, 13.4],
  ['EU', 'RU', 55.8, 37.6],
  ['AF', 'ZA', -33.9, 18.4],
  ['AF', 'EG', 30, 31.2],
  ['AS', 'IN', 19.1, 72.9],
  ['AS', 'JP', 35.7, 139.7],
  ['AS', 'CN', 31.2, 121.5],
  ['OC', 'AU', -31.9, 115.9],
  ['OC', 'NZ', -36.8, 174.8],
] as const;
