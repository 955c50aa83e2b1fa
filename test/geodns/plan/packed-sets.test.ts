import { expect, test } from 'vitest';
import { packSets, unpackSets } from '../../../src/geodns/plan/packed-sets.ts';
import { rebuildZone } from '../../../src/geodns/zone/build.ts';
import type { Zone } from '../../../src/geodns/zone/zone.ts';
import { recordsOf, zoneOf } from '../zone/zones.ts';

const ZONE = `$TTL 60
@ SOA a. hostmaster 1 2 3 4 30
@ NS ns
@ NS ns.other.
@ MX 10 mail
@ TXT ""
NS A 192.0.2.1
ns AAAA 2001:db8::1
mail A 192.0.2.2
child NS ns.child
ns.child A 192.0.2.3
*.wild CNAME ns
a.b.c.d TYPE65280 \\# 3 010203
long TXT "${'x'.repeat(255)}" "${'y'.repeat(255)}"
`;

test('a zone is the same after its sets were packed and unpacked', () => {
  const zone = zoneOf('example.', ZONE);
  const again = rebuildZone(zone.name, unpackSets(structuredClone(packSets(zone.recordSets()))), []);
  expect(shown(again)).toEqual(shown(zone));
  expect(again.soa.rdatas).toEqual(zone.soa.rdatas);
});

test('sets of one name share its bytes, if it is written alike', () => {
  const owners = [...unpackSets(packSets(zoneOf('example.', ZONE).recordSets()))].map(({ owner }) => owner);
  expect(new Set(owners).size).toBeLessThan(owners.length);
});

test.each([0, 1])('%i records are packed', (count) => {
  const owner = Buffer.from([0]);
  const rdatas = Array.from({ length: count }, () => ({ bytes: Buffer.alloc(0), names: [] }));
  const sets = [{ owner, type: 65_280, ttl: 2 ** 31 - 1, rdatas }];
  expect([...unpackSets(packSets(sets))]).toEqual(sets);
});

test('a set may have more records than 16 bits can count', () => {
  const rdatas = Array.from({ length: 70_000 }, (_, i) => ({ bytes: Buffer.from([i, i >>> 8]), names: [] }));
  const [set] = unpackSets(packSets([{ owner: Buffer.from([0]), type: 1, ttl: 0, rdatas }]));
  expect(set?.rdatas).toHaveLength(70_000);
  expect(set?.rdatas.at(-1)?.bytes).toEqual(Buffer.from([69_999 & 255, (69_999 >>> 8) & 255]));
});

function shown(zone: Zone) {
  return [...zone.nodes]
    .map(([key, { name, sets, geo }]) => ({
      key,
      name: name.toString('latin1'),
      sets: recordsOf([...sets.values()]).sort(),
      geo,
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}
