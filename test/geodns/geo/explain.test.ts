import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/geodns/geo/compile.ts';
import { explain } from '../../../src/geodns/geo/explain.ts';
import { Database } from '../../../src/geodns/geo/mmdb/database.ts';
import type { Datacenter, GeoMapPlan } from '../../../src/geodns/geo/plan.ts';
import { GeoTable } from '../../../src/geodns/geo/table.ts';
import { maxmindRecord, writeMmdb } from '../../support/mmdb-writer.ts';

const DATACENTERS: readonly Datacenter[] = [
  { name: 'us', location: [37.7, -97.8], nets: ['6.0.0.0/8', '6.1.0.0/16'] },
  { name: 'uk', location: [51.5, -0.1], nets: ['6.1.2.0/24'], bias: 50 },
];
const MAP: GeoMapPlan = { name: 'map', mode: 'closest', datacenters: [0, 1] };
const LONDON = maxmindRecord({ continent: 'EU', country: 'GB', city: 'London', location: [51.5, -0.1] });
const DATABASE = new Database(writeMmdb({ nets: [['5.6.0.0/16', LONDON]] }));

function told(address: string, plan = MAP, databases = [DATABASE]) {
  const { maps } = compile(databases, DATACENTERS, [plan]);
  return explain(address, new GeoTable(maps[0] as never), plan, DATACENTERS, databases);
}

describe('an explanation', () => {
  test('tells the net, the place and the distances', () => {
    expect(told('5.6.7.8')).toEqual({
      address: '5.6.7.8',
      reason: {
        kind: 'database',
        net: '5.6.0.0/16',
        place: { continent: 'EU', country: 'GB', subdivisions: [], city: 'London', location: [51.5, -0.1] },
      },
      distances: [
        { datacenter: 0, kilometres: expect.closeTo(7298, -2), counted: expect.closeTo(7298, -2) },
        { datacenter: 1, kilometres: 0, counted: 0 },
      ],
      order: [1, 0],
      scope: 16,
    });
  });

  test.each([
    { address: '6.1.2.3', reason: { kind: 'nets', net: '6.1.2.0/24', datacenter: 1 }, order: [1, 0] },
    { address: '6.1.3.3', reason: { kind: 'nets', net: '6.1.0.0/16', datacenter: 0 }, order: [0, 1] },
    { address: '10.1.1.1', reason: { kind: 'special', net: '10.0.0.0/8', what: 'private' }, order: [0, 1] },
    { address: 'fe80::1', reason: { kind: 'special', net: 'fe80::/10', what: 'link-local' }, order: [0, 1] },
    { address: '5.7.0.1', reason: { kind: 'unknown', net: '5.7.0.0/16' }, order: [0, 1] },
    { address: '2a00::1', reason: { kind: 'unknown', net: '2000::/3' }, order: [0, 1] },
  ])('of $address says $reason.kind', ({ address, reason, order }) => {
    expect(told(address)).toMatchObject({ address, order, distances: [] });
    expect(told(address)?.reason.kind).toBe(reason.kind);
    if (reason.kind !== 'unknown') expect(told(address)?.reason).toEqual(reason);
  });

  test('tells which IPv4 address was looked up', () => {
    expect(told('2002:506:708::1')).toMatchObject({ address: '5.6.7.8', scope: 32, order: [1, 0] });
    expect(told('::ffff:5.6.7.8')).toMatchObject({ address: '5.6.7.8', scope: 16 });
  });

  test('says that nobody was asked where there is no database, or the mode does not need one', () => {
    expect(told('5.6.7.8', MAP, [])?.reason).toEqual({ kind: 'unknown', net: undefined });
    expect(told('5.6.7.8', { ...MAP, mode: 'failover' })).toMatchObject({
      reason: { kind: 'mode' },
      order: [0, 1],
      scope: 0,
    });
  });

  test('is none of what is no address', () => {
    expect(told('www.example.com')).toBeUndefined();
  });
});
