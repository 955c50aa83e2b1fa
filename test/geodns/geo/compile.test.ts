import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { formatAddress, type IPv6Words, parseAddress } from '../../../src/base/address.ts';
import { compile } from '../../../src/geodns/geo/compile.ts';
import { embeddedIPv4, embeddingOf, NOT_EMBEDDED } from '../../../src/geodns/geo/embedded.ts';
import { Database } from '../../../src/geodns/geo/mmdb/database.ts';
import { isWithin, netAround, parseNet } from '../../../src/geodns/geo/net.ts';
import { Ordering } from '../../../src/geodns/geo/order.ts';
import { placeOf } from '../../../src/geodns/geo/place.ts';
import type { Datacenter, GeoMapPlan, Order } from '../../../src/geodns/geo/plan.ts';
import { SPECIAL_NETS } from '../../../src/geodns/geo/special.ts';
import { choiceIn, GeoTable, scopeIn } from '../../../src/geodns/geo/table.ts';
import { Random } from '../../cache/memory/random.ts';
import { writeMmdb } from '../../support/mmdb-writer.ts';
import { NaiveNets, randomAddress, randomNets, randomPlaces } from './world.ts';

const US = 0;
const UK = 1;
const AU = 2;
const DATACENTERS: readonly Datacenter[] = [
  { name: 'us', location: [37.7, -97.8], nets: ['203.0.113.0/24', '2001:db8:1::/48', '1.2.0.0/16'] },
  { name: 'uk', location: [51.5, -0.1], nets: ['1.2.3.0/24'] },
  { name: 'au', location: [-33.9, 151.2], nets: [] },
];
const MAP: GeoMapPlan = { name: 'map', mode: 'closest', datacenters: [US, UK, AU] };

describe('a table', () => {
  const database = new Database(
    writeMmdb({
      aliases: true,
      nets: [
        ['1.0.0.0/8', { country_code: 'AU' }],
        ['5.0.0.0/8', { country_code: 'DE' }],
        ['10.0.0.0/8', { country_code: 'AU' }],
        ['2a00::/12', { country_code: 'DE' }],
        ['2400::/12', { country_code: 'AU' }],
        ['2001:db8::/32', { country_code: 'AU' }],
      ],
    }),
  );

  test.each([
    { name: 'what the database says', address: '5.6.7.8', first: UK, scope: 8 },
    { name: 'what the database says of IPv6', address: '2a00::1', first: UK, scope: 12 },
    { name: 'whose net it is, whatever the database says', address: '1.2.9.9', first: US, scope: 21 },
    { name: 'the smaller of two nets', address: '1.2.3.4', first: UK, scope: 24 },
    { name: 'what is around a net', address: '1.3.0.0', first: AU, scope: 16 },
    { name: 'whose net it is, though it is for documentation', address: '203.0.113.1', first: US, scope: 1 },
    { name: 'the configured order for private addresses', address: '10.1.2.3', first: US, scope: 5 },
    { name: 'the configured order for what nobody knows', address: '99.1.2.3', first: US, scope: 2 },
    { name: 'the configured order for documentation', address: '2001:db8:2::1', first: US, scope: 21 },
    { name: 'an IPv4-mapped address', address: '::ffff:5.6.7.8', first: UK, scope: 8 },
    { name: 'an IPv4-compatible address', address: '::5.6.7.8', first: UK, scope: 96 + 8 },
    { name: 'an IPv4-translated address', address: '::ffff:0:5.6.7.8', first: UK, scope: 96 + 8 },
    { name: 'an address of NAT64', address: '64:ff9b::5.6.7.8', first: UK, scope: 96 + 8 },
    { name: 'an address of 6to4', address: '2002:506:708::1', first: UK, scope: 16 + 8 },
    { name: 'an address of Teredo', address: '2001:0:4136:e378:8000:63bf:faf9:f8f7', first: UK, scope: 96 + 8 },
    { name: 'a 6to4 address of a net', address: '2002:102:304::1', first: UK, scope: 16 + 24 },
    { name: 'a private 6to4 address', address: '2002:a01:203::1', first: US, scope: 16 + 5 },
    { name: 'loopback', address: '::1', first: US, scope: 96 + 8 },
    { name: 'what is beside addresses of NAT64', address: '64:ff9b::1:0:0:0', first: US, scope: 80 },
    { name: 'what is beside IPv4-mapped addresses', address: '::fffe:0:0', first: US, scope: 96 },
    { name: 'what is beside IPv4-translated addresses', address: '::fffe:0:0:0', first: US, scope: 80 },
    { name: 'what is far from all of them', address: '::7000:0:0:0', first: US, scope: 66 },
    { name: 'link-local', address: 'fe80::1', first: US, scope: 1 },
  ])('knows $name ($address)', ({ address, first, scope }) => {
    const table = compiled([database]);
    const found = find(table, address);
    expect(table.orders[choiceIn(found)]?.[0]).toBe(first);
    expect(scopeIn(found)).toBe(scope);
  });

  test('takes an IPv4-mapped address in bytes for what it is', () => {
    const table = compiled([database]);
    const mapped = Buffer.from('00000000000000000000ffff05060708', 'hex');
    expect(scopeIn(table.find(mapped))).toBe(96 + 8);
    expect(table.choose({ address: mapped, prefix: 128 })).toEqual({ datacenters: [UK, US, AU], scope: 96 + 8 });
    expect(table.choose({ address: Buffer.from([5, 6, 7, 8]), prefix: 32 })).toEqual({
      datacenters: [UK, US, AU],
      scope: 8,
    });
    const within = Buffer.concat([Buffer.from([9, 9]), Buffer.from([5, 6, 7, 8]), mapped]);
    expect(table.find(within, 2, 4)).toBe(table.find(Buffer.from([5, 6, 7, 8])));
    expect(table.find(within, 6)).toBe(table.find(mapped));
  });

  test('has a longer scope than the source prefix where that is not long enough', () => {
    // 1.2.0.0/15 is asked for, of which half is in a net.
    expect(scopeIn(find(compiled([database]), '1.2.0.0'))).toBe(23);
    expect(scopeIn(find(compiled([database]), '1.3.0.0'))).toBe(16);
  });

  test('of a database for IPv4 alone knows nothing of IPv6', () => {
    const ipv4 = new Database(writeMmdb({ ipVersion: 4, nets: [['0.0.0.0/0', { country_code: 'AU' }]] }));
    const table = compiled([ipv4]);
    expect(table.orders[choiceIn(find(table, '5.6.7.8'))]?.[0]).toBe(AU);
    expect(table.orders[choiceIn(find(table, '2a00::1'))]).toEqual(MAP.datacenters);
    expect(table.orders[choiceIn(find(table, '2002:506:708::'))]?.[0]).toBe(AU);
  });

  test('without a database knows nets alone', () => {
    const table = compiled([]);
    expect(table.orders[choiceIn(find(table, '1.2.3.4'))]?.[0]).toBe(UK);
    expect(table.orders[choiceIn(find(table, '5.6.7.8'))]).toEqual(MAP.datacenters);
  });

  test('of two maps knows each', () => {
    const other: GeoMapPlan = { ...MAP, name: 'other', datacenters: [AU, UK] };
    const { maps, databases } = compile([database], DATACENTERS, [MAP, other]);
    expect(maps.map(({ name }) => name)).toEqual(['map', 'other']);
    const [table, less] = maps.map((map) => new GeoTable(map)) as [GeoTable, GeoTable];
    expect(table.choose({ address: Buffer.from([1, 2, 9, 9]), prefix: 32 }).datacenters).toEqual([US, UK, AU]);
    expect(less.choose({ address: Buffer.from([1, 2, 9, 9]), prefix: 32 }).datacenters).toEqual([UK, AU]);
    expect(less.choose({ address: Buffer.from([99, 2, 9, 9]), prefix: 32 }).datacenters).toEqual([AU, UK]);
    expect(databases).toEqual([{ type: 'Test-City', buildEpoch: 1_790_000_000, families: [4, 6] }]);
  });

  test.each([
    { mode: 'failover', ipv4: 0, ipv6: 0, embedded: 0 },
    { mode: 'spread', ipv4: 0, ipv6: 0, embedded: 0 },
    { mode: 'weighted', ipv4: 24, ipv6: 48, embedded: 120 },
  ] as const)('for $mode has one order, and a scope of $ipv4 and $ipv6', ({ mode, ipv4, ipv6, embedded }) => {
    const table = compiled([database], { ...MAP, mode });
    expect(table.orders).toEqual([MAP.datacenters]);
    expect(scopeIn(find(table, '1.2.3.4'))).toBe(ipv4);
    expect(scopeIn(find(table, '2a00::1'))).toBe(ipv6);
    expect(scopeIn(find(table, '64:ff9b::1.2.3.4'))).toBe(embedded);
  });

  test('has no scope of 0, which is for both families, when one of them has several answers', () => {
    const table = new GeoTable(
      compile(
        [new Database(writeMmdb({ nets: [['2a00::/16', { country_code: 'AU' }]] }))],
        DATACENTERS.map((datacenter) => ({ ...datacenter, nets: [] })),
        [MAP],
      ).maps[0] as never,
    );
    expect(scopeIn(find(table, '1.2.3.4'))).toBe(1);
  });

  test('is sent to another thread without a copy', async () => {
    const { maps } = compile([database], DATACENTERS, [MAP]);
    const worker = new Worker(
      `require('node:worker_threads').parentPort.once('message', ({ ipv4 }) => ipv4.starts.fill(7))`,
      {
        eval: true,
      },
    );
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage(maps[0]);
    await ended;
    expect(maps[0]?.ipv4.starts[1]).toBe(7);
  });
});

describe.each([24, 28, 32] as const)('a table of a random database of %i bits', (recordSize) => {
  const random = new Random(recordSize);
  const places = randomPlaces(random, 200);
  const datacenters = Array.from({ length: 6 }, (_, i) => ({
    name: `dc${i}`,
    location: [180 * random.next() - 90, 360 * random.next() - 180] as const,
    nets: [],
  }));
  const nets = ([4, 6] as const).flatMap((family) =>
    randomNets(random, family, 3000).map((net) => [net, random.pick(places)] as const),
  );
  const database = new Database(writeMmdb({ recordSize, nets, aliases: true }));
  const plan: GeoMapPlan = { name: 'map', mode: 'closest', datacenters: [3, 1, 0, 5, 2, 4] };
  const ordering = new Ordering(plan, datacenters);
  const table = new GeoTable(compile([database], datacenters, [plan]).maps[0] as never);
  const naive = new NaiveNets(nets);
  const orders = new Map<unknown, Order>();

  /** From the nets themselves and not from the tree; of the record's place alone the reader's word is taken. */
  function expected(family: 4 | 6, address: IPv6Words): Order {
    if (SPECIAL_NETS.some(({ net }) => isWithin(net, family, address))) return plan.datacenters;
    const record = naive.find(family, address);
    if (record === undefined) return plan.datacenters;
    const known =
      orders.get(record) ?? ordering.of(placeOf(database, database.lookUp(family, address).record as number));
    orders.set(record, known);
    return known;
  }

  test('says for 20,000 addresses of each family what a look-up in all nets says', () => {
    const wrong: string[] = [];
    for (let i = 0; i < 40_000; i++) {
      const family = i % 2 === 0 ? 4 : 6;
      const address = nearby(random, family, nets);
      if (table.orders[choiceIn(findWords(family, address))]?.join() === expected(family, address).join()) continue;
      wrong.push(formatAddress(family === 4 ? address[3] : address));
    }
    expect(wrong).toEqual([]);
  });

  test('has scopes in which every address gets the same, and which could not be larger', () => {
    const wrong: string[] = [];
    for (let i = 0; i < 6000; i++) {
      const family = i % 2 === 0 ? 4 : 6;
      const address = nearby(random, family, nets);
      const found = findWords(family, address);
      const scope = scopeIn(found);
      const text = `${formatAddress(family === 4 ? address[3] : address)}/${scope}`;
      for (let j = 0; j < 12; j++) {
        const other = within(random, family, address, scope);
        if (findWords(family, other) !== found) wrong.push(`${text}: ${other} has another scope`);
        if (table.orders[choiceIn(found)]?.join() !== expected(family, other).join()) wrong.push(`${text}: ${other}`);
      }
      if (scope > 1 && isUniform(family, address, scope - 1, choiceIn(found))) wrong.push(`${text} could be larger`);
    }
    expect(wrong).toEqual([]);
  });

  function findWords(family: 4 | 6, address: IPv6Words): number {
    return family === 4 ? table.findIPv4(address[3]) : table.findIPv6(...address);
  }

  /** Whether both halves of a net, of which one has the address, have the same choice throughout. */
  function isUniform(family: 4 | 6, address: IPv6Words, prefix: number, choice: number): boolean {
    const whole = netAround(family, address, prefix);
    const sibling = [...whole.first] as [number, number, number, number];
    const bit = (family === 4 ? 96 : 0) + prefix;
    const word = bit >>> 5;
    const own = ((address[word] as number) >>> (31 - (bit & 31))) & 1;
    if (own === 0) sibling[word] = ((sibling[word] as number) | (1 << (31 - (bit & 31)))) >>> 0;
    if (family === 6 && embeddingOf(sibling[0], sibling[1], sibling[2]) !== NOT_EMBEDDED) return false;
    const found = findWords(family, sibling);
    return choiceIn(found) === choice && scopeIn(found) <= prefix + 1;
  }

  test.each(['64:ff9b::', '::ffff:0:0:0', '2002::', '2001::'])(
    'says of addresses in %s what it says of IPv4',
    (start) => {
      for (let i = 0; i < 500; i++) {
        const words = [...(parseAddress(start) as IPv6Words)] as [number, number, number, number];
        const address = randomAddress(random, 4)[3];
        if (start === '2002::') [words[0], words[1]] = [0x2002_0000 + (address >>> 16), (address << 16) >>> 0];
        else words[3] = start === '2001::' ? ~address >>> 0 : address;
        expect(embeddedIPv4(embeddingOf(words[0], words[1], words[2]), words[0], words[1], words[3])).toBe(address);
        const [found, ipv4] = [table.findIPv6(...words), table.findIPv4(address)];
        expect(choiceIn(found)).toBe(choiceIn(ipv4));
        expect(scopeIn(found)).toBe(scopeIn(ipv4) + (start === '2002::' ? 16 : 96));
      }
    },
  );
});

test('a hundred thousand nets of an operator are taken', () => {
  const random = new Random(9);
  const nets = Array.from(
    { length: 100_000 },
    () => `${formatAddress(random.below(2 ** 32))}/${16 + random.below(17)}`,
  );
  const table = compiled([], MAP, [{ ...(DATACENTERS[0] as Datacenter), nets }, ...DATACENTERS.slice(1)]);
  for (const net of nets.slice(0, 500)) {
    const address = parseNet(net)?.first[3] as number;
    expect(table.orders[choiceIn(table.findIPv4(address))]?.[0]).toBe(US);
  }
});

function compiled(
  databases: readonly Database[],
  plan: GeoMapPlan = MAP,
  datacenters: readonly Datacenter[] = DATACENTERS,
): GeoTable {
  return new GeoTable(compile(databases, datacenters, [plan]).maps[0] as never);
}

function find(table: GeoTable, text: string): number {
  const address = parseAddress(text) as number | IPv6Words;
  return typeof address === 'number' ? table.findIPv4(address) : table.findIPv6(...address);
}

/** Near the edge of a net half of the time. */
function nearby(
  random: Random,
  family: 4 | 6,
  nets: readonly (readonly [ReturnType<typeof netAround>, unknown])[],
): IPv6Words {
  const [net] = random.pick(nets);
  if (net.family !== family || random.below(2) === 0) return randomAddress(random, family);
  const address = random.below(2) === 0 ? net.first : within(random, family, net.first, net.prefix);
  const moved = ((address[3] + random.below(3) - 1) >>> 0) as number;
  return [address[0], address[1], address[2], moved];
}

/** An address at random that has the first bits of another. */
function within(random: Random, family: 4 | 6, address: IPv6Words, prefix: number): IPv6Words {
  const bits = family === 4 ? 96 + prefix : prefix;
  const word = (i: 0 | 1 | 2 | 3) => {
    const kept = Math.min(32, Math.max(0, bits - 32 * i));
    const mask = kept === 0 ? 0 : (0xffff_ffff << (32 - kept)) >>> 0;
    return ((address[i] & mask) | (random.below(2 ** 32) & ~mask)) >>> 0;
  };
  return family === 4 ? [0, 0, 0, word(3)] : [word(0), word(1), word(2), word(3)];
}
