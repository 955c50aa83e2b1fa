import { describe, expect, test } from 'vitest';
import { drawn, isOpen, netHash, pick } from '../../../src/geodns/geo/pick.ts';
import type { Datacenter, GeoMode } from '../../../src/geodns/geo/plan.ts';
import { Random } from '../../cache/memory/random.ts';

const DATACENTERS: readonly Datacenter[] = [
  { name: 'a', nets: [] },
  { name: 'b', nets: [], weight: 2 },
  { name: 'c', nets: [], weight: 0 },
  { name: 'd', nets: [], weight: 5 },
];
const ALL_UP = Uint8Array.of(1, 1, 1, 1);

describe('a pick', () => {
  test.each([
    { mode: 'closest', order: [3, 0, 1], up: [1, 1, 1, 1], picked: [3] },
    { mode: 'closest', order: [3, 0, 1], up: [1, 1, 1, 0], picked: [0] },
    { mode: 'failover', order: [0, 1, 3], up: [0, 0, 1, 1], picked: [3] },
    { mode: 'failover', order: [0, 1], up: [0, 0, 1, 1], picked: [0] },
    { mode: 'closest', order: [], up: [1, 1, 1, 1], picked: [] },
    { mode: 'spread', order: [3, 0, 1], up: [1, 0, 1, 1], picked: [3, 0] },
    { mode: 'spread', order: [3, 0, 1], up: [0, 0, 1, 0], picked: [3, 0, 1] },
    { mode: 'spread', order: [], up: [1, 1, 1, 1], picked: [] },
    { mode: 'weighted', order: [2], up: [1, 1, 1, 1], picked: [2] },
    { mode: 'weighted', order: [2, 3], up: [1, 1, 0, 0], picked: [3] },
    { mode: 'weighted', order: [2, 3], up: [1, 1, 1, 0], picked: [2] },
    { mode: 'weighted', order: [], up: [1, 1, 1, 1], picked: [] },
  ] satisfies { mode: GeoMode; order: number[]; up: number[]; picked: number[] }[])(
    'by $mode of $order with $up in service is $picked',
    ({ mode, order, up, picked }) => {
      expect(pick(order, Uint8Array.from(up), mode, DATACENTERS, 12345)).toEqual(picked);
    },
  );

  test('is open when none of the order is in service', () => {
    expect(isOpen([0, 1], Uint8Array.of(0, 0, 1, 1))).toBe(true);
    expect(isOpen([0, 1], Uint8Array.of(0, 1, 1, 1))).toBe(false);
    expect(isOpen([], ALL_UP)).toBe(false);
  });
});

describe('weights', () => {
  const order = [0, 1, 2, 3];
  const clients = Array.from({ length: 40_000 }, (_, i) => netHash(Uint8Array.of(10 + (i >>> 16), i >>> 8, i, 77)));
  const draw = (up: Uint8Array) => clients.map((hash) => drawn(order, up, DATACENTERS, hash));

  test('are the shares of clients', () => {
    const shares = [0, 0, 0, 0];
    for (const position of draw(ALL_UP))
      shares[position as number] = (shares[position as number] as number) + 1 / clients.length;
    expect(shares[0]).toBeCloseTo(1 / 8, 1.7);
    expect(shares[1]).toBeCloseTo(2 / 8, 1.7);
    expect(shares[2]).toBe(0);
    expect(shares[3]).toBeCloseTo(5 / 8, 1.7);
  });

  test('leave everybody else where he was when one goes out of service, and spread its clients by weight', () => {
    const before = draw(ALL_UP);
    const after = draw(Uint8Array.of(1, 1, 1, 0));
    const moved = [0, 0, 0, 0];
    before.forEach((position, i) => {
      if (position !== 3) expect(after[i]).toBe(position);
      else moved[after[i] as number] = (moved[after[i] as number] as number) + 1;
    });
    expect((moved[1] as number) / (moved[0] as number)).toBeCloseTo(2, 0.7);
    expect([moved[2], moved[3]]).toEqual([0, 0]);
  });

  test('do not depend on the order that the datacenters are written in', () => {
    const turned = clients.map((hash) => drawn([3, 2, 1, 0], ALL_UP, DATACENTERS, hash));
    expect(turned).toEqual(draw(ALL_UP));
  });
});

describe("a client's net", () => {
  test.each([
    { name: 'of one /24', a: [192, 0, 2, 1], b: [192, 0, 2, 254], same: true },
    { name: 'of two', a: [192, 0, 2, 1], b: [192, 0, 3, 1], same: false },
    {
      name: 'of one /48',
      a: bytes('20010db8000100020000000000000001'),
      b: bytes('20010db80001ffff0000000000000009'),
      same: true,
    },
    {
      name: 'of two /48',
      a: bytes('20010db8000100020000000000000001'),
      b: bytes('20010db8000200020000000000000001'),
      same: false,
    },
    { name: 'of IPv4, mapped', a: bytes('00000000000000000000ffffc0000201'), b: [192, 0, 2, 9], same: true },
    { name: 'of IPv4, by 6to4', a: bytes('2002c000020100000000000000000001'), b: [192, 0, 2, 9], same: true },
    { name: 'of IPv4, by Teredo', a: bytes('200100000102030405060708' + '3ffffdfe'), b: [192, 0, 2, 9], same: true },
  ])('$name: the same hash is $same', ({ a, b, same }) => {
    expect(netHash(Uint8Array.from(a)) === netHash(Uint8Array.from(b))).toBe(same);
  });

  test('is read where it lies', () => {
    const random = new Random(4);
    const message = Uint8Array.from({ length: 64 }, () => random.below(256));
    expect(netHash(message, 11, 4)).toBe(netHash(message.slice(11, 15)));
    expect(netHash(message, 30, 16)).toBe(netHash(message.slice(30, 46)));
  });
});

function bytes(hex: string): number[] {
  return [...Buffer.from(hex, 'hex')];
}
