import { describe, expect, test } from 'vitest';
import { Ordering, placeOfCountry } from '../../../src/geodns/geo/order.ts';
import type { Place } from '../../../src/geodns/geo/place.ts';
import type { Datacenter, GeoMapPlan, PlaceMap } from '../../../src/geodns/geo/plan.ts';

const US = 0;
const UK = 1;
const SG = 2;
const AU = 3;
const SPARE = 4;
const DATACENTERS: readonly Datacenter[] = [
  { name: 'us', location: [37.7, -97.8], nets: [] },
  { name: 'uk', location: [51.5, -0.1], nets: [] },
  { name: 'sg', location: [1.3, 103.9], nets: [] },
  { name: 'au', location: [-33.9, 151.2], nets: [] },
  { name: 'spare', nets: [] },
];
const ALL = { name: 'all', mode: 'closest', datacenters: [SPARE, US, UK, SG, AU], ranked: 0 } as const;
const NOWHERE: Place = { ...placeOfCountry('ZZ'), country: undefined };

function ordering(plan: Partial<GeoMapPlan> = {}, datacenters = DATACENTERS): Ordering {
  return new Ordering({ ...ALL, ...plan }, datacenters);
}

describe('the order by distance', () => {
  test.each([
    { name: 'Paris', place: { ...NOWHERE, location: [48.9, 2.4] }, order: [UK, US, SG, AU, SPARE] },
    { name: 'Tokyo', place: { ...NOWHERE, location: [35.7, 139.7] }, order: [SG, AU, UK, US, SPARE] },
    {
      name: 'Fiji, over the date line',
      place: { ...NOWHERE, location: [-18, -179.9] },
      order: [AU, SG, US, UK, SPARE],
    },
    { name: 'Germany', place: placeOfCountry('DE'), order: [UK, US, SG, AU, SPARE] },
    { name: 'China', place: placeOfCountry('CN'), order: [SG, AU, UK, US, SPARE] },
    { name: 'Canada', place: placeOfCountry('CA'), order: [US, UK, SG, AU, SPARE] },
    { name: 'Australia', place: placeOfCountry('AU'), order: [AU, SG, US, UK, SPARE] },
    { name: 'a continent', place: { ...NOWHERE, continent: 'OC' }, order: [AU, SG, US, UK, SPARE] },
    {
      name: 'a country that is none, on a continent',
      place: { ...placeOfCountry('EU'), continent: 'EU' },
      order: [UK, US, SG, AU, SPARE],
    },
    {
      name: 'coordinates, whatever the country',
      place: { ...placeOfCountry('AU'), location: [48.9, 2.4] },
      order: [UK, US, SG, AU, SPARE],
    },
    { name: 'a country that is none', place: placeOfCountry('ZZ'), order: ALL.datacenters },
    { name: 'nowhere', place: NOWHERE, order: ALL.datacenters },
  ] satisfies { name: string; place: Place; order: readonly number[] }[])(
    'from $name is $order',
    ({ place, order }) => {
      expect(ordering().of(place)).toEqual(order);
    },
  );

  test('ranks three if not told otherwise, and the others follow as configured', () => {
    const { ranked: _, ...plan } = ALL;
    const found = new Ordering(plan, DATACENTERS).of({ ...NOWHERE, location: [48.9, 2.4] });
    expect(found).toEqual([UK, US, SG, SPARE, AU]);
    expect(ordering({ ranked: 1 }).of(placeOfCountry('FR'))).toEqual([UK, SPARE, US, SG, AU]);
  });

  test('leaves those that are as far away as each other as configured', () => {
    const twins = [
      { name: 'a', location: [10, 10], nets: [] },
      { name: 'b', location: [10, 10], nets: [] },
    ] as const;
    expect(ordering({ datacenters: [1, 0] }, twins).of(placeOfCountry('DE'))).toEqual([1, 0]);
  });

  test('moves with a bias', () => {
    const halfway: Place = { ...NOWHERE, location: [0, 50] };
    const pair = (bias: number): Datacenter[] => [
      { name: 'west', location: [0, 0], nets: [] },
      { name: 'east', location: [0, 99], nets: [], bias },
    ];
    expect(ordering({ datacenters: [0, 1] }, pair(0)).of(halfway)).toEqual([1, 0]);
    expect(ordering({ datacenters: [0, 1] }, pair(-10)).of(halfway)).toEqual([0, 1]);
    expect(ordering({ datacenters: [0, 1] }, pair(50)).of({ ...NOWHERE, location: [0, 34] })).toEqual([1, 0]);
    expect(ordering({ datacenters: [0, 1] }, pair(50)).of({ ...NOWHERE, location: [0, 32] })).toEqual([0, 1]);
  });

  test('can be told with its distances', () => {
    const told = ordering({ datacenters: [UK, SPARE] }).distances({ ...NOWHERE, location: [51.5, -0.1] });
    expect(told).toEqual([
      { datacenter: UK, kilometres: 0, counted: 0 },
      { datacenter: SPARE, kilometres: undefined, counted: Number.POSITIVE_INFINITY },
    ]);
  });
});

describe('the order by a map', () => {
  const map: PlaceMap = {
    default: [AU],
    places: {
      EU: { default: [UK, US], places: { de: [UK], CH: { places: { GE: [SG] } }, FR: 'closest' } },
      NA: { places: { US: { default: [US], places: { ca: [AU, US], Dallas: [SPARE] } }, MX: [] } },
      AS: 'closest',
    },
  };

  test.each([
    { name: 'a country', place: placeOfCountry('DE'), order: [UK] },
    { name: 'another of its continent', place: placeOfCountry('PL'), order: [UK, US] },
    { name: 'a country with a map that has nothing for it', place: placeOfCountry('CH'), order: [UK, US] },
    { name: 'a subdivision', place: { ...placeOfCountry('US'), subdivisions: ['CA'] }, order: [AU, US] },
    {
      name: 'a subdivision in a wider one',
      place: { ...placeOfCountry('US'), subdivisions: ['X', 'CA'] },
      order: [AU, US],
    },
    { name: 'a city', place: { ...placeOfCountry('US'), subdivisions: ['TX'], city: 'Dallas' }, order: [SPARE] },
    { name: 'the rest of the country', place: { ...placeOfCountry('US'), subdivisions: ['TX'] }, order: [US] },
    { name: 'nobody', place: placeOfCountry('MX'), order: [] },
    { name: 'a country without an entry', place: placeOfCountry('CA'), order: [AU] },
    { name: 'a continent without an entry', place: placeOfCountry('BR'), order: [AU] },
    { name: 'a continent by distance', place: placeOfCountry('SG'), order: [SG, AU, UK, US, SPARE] },
    { name: 'a country by distance', place: placeOfCountry('FR'), order: [UK, US, SG, AU, SPARE] },
    {
      name: 'what the database says of the continent',
      place: { ...placeOfCountry('DE'), continent: 'AS', location: [1, 104] },
      order: [SG, AU, UK, US, SPARE],
    },
    { name: 'nowhere', place: NOWHERE, order: [AU] },
  ] satisfies { name: string; place: Place; order: readonly number[] }[])(
    'from $name is $order',
    ({ place, order }) => {
      expect(ordering({ map }).of(place)).toEqual(order);
    },
  );

  test('has the default at its top for clients of whom nothing is known', () => {
    expect(ordering({ map }).fallback).toEqual([AU]);
    expect(ordering({ map: { places: {} } }).fallback).toEqual(ALL.datacenters);
  });

  test('is as configured elsewhere when no datacenter has a location', () => {
    const found = ordering({ datacenters: [SPARE], map: { places: {} } }).of(placeOfCountry('DE'));
    expect(found).toEqual([SPARE]);
  });

  test.each(['constructor', '__proto__', 'toString'])('takes %s for a name like others', (city) => {
    const odd: PlaceMap = { places: { EU: { places: { DE: { places: {} } } } } };
    expect(ordering({ map: odd }).of({ ...placeOfCountry('DE'), city })[0]).toBe(UK);
  });
});

describe('the order for clients of a net', () => {
  test('has its datacenter first, then those closest to that', () => {
    expect(ordering().ofNet(SG)).toEqual([SG, AU, UK, US, SPARE]);
    expect(ordering().ofNet(SPARE)).toEqual([SPARE, US, UK, SG, AU]);
  });

  test('is that of its datacenter when that is not in the map, and none if nobody knows where it is', () => {
    expect(ordering({ datacenters: [US, UK, AU] }).ofNet(SG)).toEqual([AU, UK, US]);
    expect(ordering({ datacenters: [US, UK, AU] }).ofNet(SPARE)).toBeUndefined();
  });
});

test.each(['failover', 'weighted', 'spread'] as const)('the mode %s takes no notice of the place', (mode) => {
  expect(ordering({ mode }).of(placeOfCountry('AU'))).toEqual(ALL.datacenters);
});
