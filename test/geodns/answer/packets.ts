import { type DnsQueryParts, dnsQuery } from '../../support/dns-message.ts';

/** What may come in place of queries. */

/** Queries to begin with: each part of the parser is in one of them. */
export const SEEDS = (
  [
    {},
    { name: 'static.example.com.', edns: {} },
    { name: 'x.wild.example.com.', type: 16, edns: { options: [[10, '0102030405060708']] } },
    { edns: { options: [[8, '00011800010203']] } },
    {
      edns: {
        options: [
          [8, '0002380002000000000000'],
          [10, '0102030405060708'],
          [3, ''],
          [11, ''],
          [12, '0000'],
        ],
      },
    },
    { name: 'many.example.com.', edns: { udpLength: 600 } },
    { name: 'crowd.example.com.', edns: { udpLength: 4096, flags: 0x8000 } },
    { name: 'x.dn.example.com.', additional: ['0161000010000100000000000401020304'], edns: {} },
    { name: 'version.bind.', type: 16, class: 3 },
    { question: '', edns: { options: [[10, '0102030405060708']] } },
    { additional: ['c00c00010001000000000000', '0000fa00ff000000000000'] },
  ] satisfies DnsQueryParts[]
).map(dnsQuery);

/** Writes bytes, but for a header that gets them read, most of the time; returns how many. */
export function noise(random: Random, packet: Buffer): number {
  const length = random.below(100);
  for (let i = 0; i < length; i++) packet[i] = random.below(256);
  if (random.below(4) > 0 && length >= 12) Buffer.from('0100000100000000', 'hex').copy(packet, 2);
  if (random.below(2) > 0) packet[11] = 1;
  return length;
}

/** Likewise: one of the seeds with some bytes changed, cut off, put in or doubled. */
export function mutated(random: Random, packet: Buffer): number {
  const seed = SEEDS[random.below(SEEDS.length)] as Buffer;
  let length = seed.copy(packet);
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.below(length + 1);
    switch (random.below(6)) {
      case 0:
        length = at;
        break;
      case 1:
        packet.copyWithin(at + 1, at, length++);
        packet[at] = random.below(256);
        break;
      case 2:
        packet.copyWithin(at, at + 1, length);
        length = Math.max(0, length - 1);
        break;
      case 3:
        length += packet.copy(packet, length, at, length);
        break;
      case 4:
        packet[at] = [0, 1, 0x3f, 0x40, 0x7f, 0xc0, 0xff][random.below(7)] as number;
        break;
      default:
        packet[at] = (packet[at] as number) ^ (1 << random.below(8));
    }
  }
  return length;
}

/** Xorshift: quick, and the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}
