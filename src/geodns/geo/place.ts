import type { Database } from './mmdb/database.ts';
import type { Fields } from './mmdb/fields.ts';

/** Degrees: latitude −90 to 90 (north), longitude −180 to 180 (east). */
export type Location = readonly [latitude: number, longitude: number];

/** Where a client is, as far as anybody knows. */
export interface Place {
  /** `AF`, `AN`, `AS`, `EU`, `NA`, `OC`, `SA`. */
  readonly continent: string | undefined;
  /** ISO 3166-1, two capital letters. */
  readonly country: string | undefined;
  /** The widest first: ISO 3166-2 without the country (`CA` of `US-CA`), or names where a database has no codes. */
  readonly subdivisions: readonly string[];
  /** English, where a database has several. */
  readonly city: string | undefined;
  readonly location: Location | undefined;
}

/**
 * The place of a record of either schema: MaxMind's (GeoIP2, GeoLite2, DB-IP) with its nested maps, or the flat one of
 * ip-location-db and IPinfo. What only one of them has, the other cannot mistake: `country` is a map in the first and text in
 * the second. Where a net is of no country the one where it is registered stands in. Throws a `DatabaseError`.
 */
export function placeOf(database: Database, record: number): Place {
  const fields = database.fields;
  fields.begin();
  const root = database.fieldOf(record);
  return {
    continent: code(text(fields, root, CONTINENT_CODES)),
    country: code(text(fields, root, COUNTRY_CODES)),
    subdivisions: subdivisionsOf(fields, root),
    city: text(fields, root, CITIES),
    location: locationOf(fields, root),
  };
}

/** Keys from the record down to a field. */
type Path = readonly Buffer[];

const CONTINENT_CODES = paths('continent/code', 'continent_code', 'continent');
const COUNTRY_CODES = paths('country/iso_code', 'registered_country/iso_code', 'country_code', 'country');
const LATITUDES = paths('location/latitude', 'latitude', 'lat');
const LONGITUDES = paths('location/longitude', 'longitude', 'lng', 'lon');
const CITIES = paths('city/names/en', 'city', 'city_name');
const SUBDIVISIONS = paths('subdivisions')[0] as Path;
const ISO_CODE = Buffer.from('iso_code');
const FLAT_SUBDIVISIONS = [paths('region_code', 'state1', 'region'), paths('state2')];

/** Countries with more levels than three are not known. */
const MOST_SUBDIVISIONS = 8;

function paths(...texts: string[]): Path[] {
  return texts.map((text) => text.split('/').map((key) => Buffer.from(key)));
}

/** The first of the paths that leads to a text with anything in it. */
function text(fields: Fields, root: number, choices: readonly Path[]): string | undefined {
  for (const path of choices) {
    const found = fields.text(follow(fields, root, path));
    if (found !== undefined && found !== '') return found;
  }
  return undefined;
}

/** The first of the paths that leads to a number. */
function number(fields: Fields, root: number, choices: readonly Path[]): number | undefined {
  for (const path of choices) {
    const found = fields.number(follow(fields, root, path));
    if (found !== undefined) return found;
  }
  return undefined;
}

function follow(fields: Fields, root: number, path: Path): number {
  return path.reduce((at, key) => fields.valueOf(at, key), root);
}

/** Two letters are a code. Anything else (`-`, a name in full) tells us nothing. */
function code(found: string | undefined): string | undefined {
  return found !== undefined && /^[A-Za-z]{2}$/.test(found) ? found.toUpperCase() : undefined;
}

function subdivisionsOf(fields: Fields, root: number): string[] {
  const codes = fields
    .elements(follow(fields, root, SUBDIVISIONS), MOST_SUBDIVISIONS)
    .map((element) => fields.text(fields.valueOf(element, ISO_CODE)));
  const found = codes.length > 0 ? codes : FLAT_SUBDIVISIONS.map((choices) => text(fields, root, choices));
  return found.filter((name) => name !== undefined);
}

function locationOf(fields: Fields, root: number): Location | undefined {
  const latitude = number(fields, root, LATITUDES);
  const longitude = number(fields, root, LONGITUDES);
  if (latitude === undefined || longitude === undefined) return undefined;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? [latitude, longitude] : undefined;
}
