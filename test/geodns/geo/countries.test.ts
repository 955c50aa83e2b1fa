import { describe, expect, test } from 'vitest';
import { continentOf, countries, pointsOf, pointsOfContinent } from '../../../src/geodns/geo/countries.ts';
import { biased, distance, meanDistance } from '../../../src/geodns/geo/distance.ts';

/** ISO 3166-1 alpha-2. */
const ISO_3166 = `
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW`;

describe('countries', () => {
  test('are all that ISO 3166-1 has, and Kosovo', () => {
    const iso = ISO_3166.trim().split(/\s/);
    expect(iso).toHaveLength(249);
    expect(countries().sort()).toEqual([...iso, 'XK'].sort());
  });

  test.each(countries())('%s is somewhere on the Earth', (country) => {
    expect(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']).toContain(continentOf(country));
    const points = pointsOf(country) ?? [];
    expect(points.length).toBeGreaterThan(0);
    for (const { location, weight } of points) {
      expect(Math.abs(location[0])).toBeLessThanOrEqual(90);
      expect(Math.abs(location[1])).toBeLessThanOrEqual(180);
      expect(weight).toBeGreaterThan(0);
    }
  });

  test.each([
    ['DE', 'EU', 52.5, 13.4],
    ['GB', 'EU', 51.5, -0.1],
    ['IS', 'EU', 64.1, -21.9],
    ['CY', 'EU', 35.2, 33.4],
    ['TR', 'AS', 39.9, 32.9],
    ['JP', 'AS', 35.7, 139.7],
    ['SG', 'AS', 1.3, 103.9],
    ['IN', 'AS', 23, 78],
    ['EG', 'AF', 30, 31.2],
    ['NA', 'AF', -22.6, 17.1],
    ['RE', 'AF', -20.9, 55.5],
    ['US', 'NA', 39, -90],
    ['GL', 'NA', 64.2, -51.7],
    ['PR', 'NA', 18.5, -66.1],
    ['BR', 'SA', -17, -46],
    ['FK', 'SA', -51.7, -57.9],
    ['AU', 'OC', -33, 146],
    ['FJ', 'OC', -18.1, 178.4],
    ['TO', 'OC', -21.1, -175.2],
    ['AQ', 'AN', -77.8, 166.7],
  ] as const)('%s is in %s, near %f, %f', (country, continent, latitude, longitude) => {
    expect(continentOf(country)).toBe(continent);
    const nearest = Math.min(
      ...(pointsOf(country) ?? []).map(({ location }) => distance(location, [latitude, longitude])),
    );
    expect(nearest).toBeLessThan(800);
  });

  test('and continents of one code are not mistaken for each other', () => {
    expect(pointsOf('NA')).not.toEqual(pointsOfContinent('NA'));
    expect(pointsOfContinent('DE')).toBeUndefined();
  });

  test.each(['ZZ', 'EU', 'AP', 'A1', '', 'constructor'])('%j is none', (code) => {
    expect(pointsOf(code)).toBeUndefined();
    expect(continentOf(code)).toBeUndefined();
  });
});

describe('a distance', () => {
  test.each([
    { from: [51.5, -0.1], to: [51.5, -0.1], km: 0 },
    { from: [0, 0], to: [0, 180], km: 20_015 },
    { from: [90, 0], to: [-90, 77], km: 20_015 },
    { from: [0, 179], to: [0, -179], km: 222 },
    { from: [48.857, 2.351], to: [40.713, -74.006], km: 5837 },
    { from: [-33.868, 151.207], to: [35.69, 139.692], km: 7822 },
  ] as const)('from $from to $to is $km km', ({ from, to, km }) => {
    expect(distance(from, to)).toBeCloseTo(km, -1);
    expect(distance(to, from)).toBeCloseTo(km, -1);
  });

  test('from several points is their mean by weight', () => {
    const points = [
      { location: [0, 0], weight: 3 },
      { location: [0, 10], weight: 1 },
    ] as const;
    expect(meanDistance(points, [0, 0])).toBeCloseTo(distance([0, 0], [0, 10]) / 4, 6);
  });

  test.each([
    { bias: 0, counted: 1000 },
    { bias: 50, counted: 500 },
    { bias: 99, counted: 10 },
    { bias: -50, counted: 2000 },
    { bias: -99, counted: 100_000 },
  ])('of 1000 km with a bias of $bias counts as $counted', ({ bias, counted }) => {
    expect(biased(1000, bias)).toBeCloseTo(counted, 6);
  });
});
