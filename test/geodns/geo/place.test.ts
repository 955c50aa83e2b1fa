import { describe, expect, test } from 'vitest';
import { Database } from '../../../src/geodns/geo/mmdb/database.ts';
import { placeOf } from '../../../src/geodns/geo/place.ts';
import { type MmdbValue, maxmindRecord, writeMmdb } from '../../support/mmdb-writer.ts';

const NOWHERE = { continent: undefined, country: undefined, subdivisions: [], city: undefined, location: undefined };

describe('the place of a record', () => {
  test.each([
    {
      name: "MaxMind's City",
      record: maxmindRecord({
        continent: 'NA',
        country: 'US',
        subdivisions: ['CA', 'SF'],
        city: 'Palo Alto',
        location: [37, -122.14],
      }),
      place: {
        continent: 'NA',
        country: 'US',
        subdivisions: ['CA', 'SF'],
        city: 'Palo Alto',
        location: [37, -122.14],
      },
    },
    {
      name: "MaxMind's Country",
      record: maxmindRecord({ continent: 'EU', country: 'GB', registered: 'US' }),
      place: { ...NOWHERE, continent: 'EU', country: 'GB' },
    },
    {
      name: 'the country of registration where there is no other',
      record: maxmindRecord({ continent: 'EU', registered: 'FR' }),
      place: { ...NOWHERE, continent: 'EU', country: 'FR' },
    },
    {
      name: "ip-location-db's country",
      record: { country_code: 'AU' },
      place: { ...NOWHERE, country: 'AU' },
    },
    {
      name: "ip-location-db's city",
      record: {
        city: 'Melbourne',
        country_code: 'AU',
        latitude: -37.8,
        longitude: 144.9,
        postcode: '3000',
        state1: 'Victoria',
        state2: '',
        timezone: 'Australia/Melbourne',
      },
      place: {
        ...NOWHERE,
        country: 'AU',
        subdivisions: ['Victoria'],
        city: 'Melbourne',
        location: [-37.8, 144.9],
      },
    },
    {
      name: "IPinfo's, with coordinates as text",
      record: { country: 'jp', continent: 'AS', city: 'Tokyo', region: 'Tokyo', lat: '35.6895', lng: '139.69171' },
      place: {
        continent: 'AS',
        country: 'JP',
        subdivisions: ['Tokyo'],
        city: 'Tokyo',
        location: [35.6895, 139.69171],
      },
    },
    { name: 'none of a country written out', record: { country: 'Japan', continent: 'Asia' }, place: NOWHERE },
    { name: 'none of -', record: { country_code: '-' }, place: NOWHERE },
    { name: 'none of coordinates that are none', record: { latitude: 91, longitude: 0 }, place: NOWHERE },
    { name: 'none of half of them', record: { latitude: 1.5 }, place: NOWHERE },
    { name: 'none of text that is no number', record: { lat: '1e3', lng: 'NaN' }, place: NOWHERE },
    { name: 'none of a number', record: 17, place: NOWHERE },
    { name: 'none of a map of other things', record: { autonomous_system_number: 64_500 }, place: NOWHERE },
    { name: 'none of fields of other types', record: { country: 7, subdivisions: 'CA', location: [] }, place: NOWHERE },
  ] satisfies { name: string; record: MmdbValue; place: unknown }[])('is read from $name', ({ record, place }) => {
    const database = new Database(writeMmdb({ nets: [['1.0.0.0/8', record]] }));
    const found = database.lookUp(4, [0, 0, 0, 0x0100_0000]).record as number;
    expect(placeOf(database, found)).toEqual(place);
  });

  test('is found behind fields of every length', () => {
    const long = (length: number) => 'x'.repeat(length);
    const before = { a: long(28), b: long(29), c: long(284), d: long(285), e: long(65_820), f: long(65_821), g: true };
    const database = new Database(writeMmdb({ nets: [['1.0.0.0/8', { ...before, country_code: 'NZ' }]] }));
    const found = database.lookUp(4, [0, 0, 0, 0x0100_0000]).record as number;
    expect(placeOf(database, found).country).toBe('NZ');
  });

  test.each([2000, 500_000, 20_000_000])('is found by pointers over %i bytes', (length) => {
    const nets = [
      [
        '1.0.0.0/8',
        { filler: 'x'.repeat(Math.min(length, 16_000_000)), other: 'y'.repeat(length > 16_000_000 ? 8e6 : 1) },
      ],
      ['2.0.0.0/8', { country_code: 'NZ' }],
      ['3.0.0.0/8', { a: 1, country_code: 'NZ' }],
    ] as const;
    const database = new Database(writeMmdb({ nets, recordSize: 28 }));
    const found = database.lookUp(4, [0, 0, 0, 0x0300_0000]).record as number;
    expect(placeOf(database, found).country).toBe('NZ');
  });
});
