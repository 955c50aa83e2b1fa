import { COUNTRY_TABLE } from './country-table.ts';
import type { WeightedPoint } from './distance.ts';

interface Country {
  readonly continent: string;
  readonly points: readonly WeightedPoint[];
}

/** As databases call them. */
export const CONTINENTS: readonly string[] = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'];

/** Of a country (two capital letters); `undefined` for a code that is none, or means nowhere in particular. */
export function continentOf(country: string): string | undefined {
  return COUNTRIES.get(country)?.continent;
}

/** The points that stand for a country. `undefined` as above. */
export function pointsOf(country: string): readonly WeightedPoint[] | undefined {
  return COUNTRIES.get(country)?.points;
}

/** For a client of whom the continent alone is known. Codes of continents are those of countries too, hence this. */
export function pointsOfContinent(continent: string): readonly WeightedPoint[] | undefined {
  return CONTINENT_POINTS.get(continent);
}

/** All codes of the table. */
export function countries(): string[] {
  return [...COUNTRIES.keys()];
}

const CONTINENT_POINTS = new Map<string, readonly WeightedPoint[]>();
const COUNTRIES = new Map<string, Country>();

for (const row of COUNTRY_TABLE.split('\n').filter((line) => line !== '')) {
  const [code, continent, ...rest] = row.split(' ') as [string, string, ...string[]];
  const points = rest.join(' ').split(' / ').map(readPoint);
  if (code === '*') CONTINENT_POINTS.set(continent, points);
  else COUNTRIES.set(code, { continent, points });
}

function readPoint(text: string): WeightedPoint {
  const [latitude, longitude, weight = 1] = text.split(' ').map(Number) as [number, number, number?];
  return { location: [latitude, longitude], weight };
}
