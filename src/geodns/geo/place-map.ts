import { continentOf } from './countries.ts';
import type { Place } from './place.ts';
import type { PlaceMap, PlaceOrder } from './plan.ts';

/** A `PlaceMap` made ready: keys in capitals, and defaults filled in from the maps around. */
export interface FoldedMap {
  readonly otherwise: PlaceOrder;
  readonly places: ReadonlyMap<string, PlaceOrder | FoldedMap>;
}

/** `otherwise`: what holds where neither this map nor one around it has a default. */
export function foldMap(map: PlaceMap, otherwise: PlaceOrder): FoldedMap {
  const own = map.default ?? otherwise;
  const places = Object.entries(map.places).map(([key, value]) => {
    const folded = isMap(value) ? foldMap(value, own) : value;
    return [key.toUpperCase(), folded] as const;
  });
  return { otherwise: own, places: new Map(places) };
}

/**
 * What a map says of a place, as gdnsd reads its maps: the first key is a continent, the second a country. From there on each
 * may be any of what the place has left, the widest subdivision first and the city last; so levels that do not matter
 * can be left out.
 */
export function orderIn(map: FoldedMap, place: Place): PlaceOrder {
  const continent = place.continent ?? (place.country === undefined ? undefined : continentOf(place.country));
  const inContinent = entry(map, continent);
  if (!isFolded(inContinent)) return inContinent ?? map.otherwise;

  const inCountry = entry(inContinent, place.country);
  if (!isFolded(inCountry)) return inCountry ?? inContinent.otherwise;

  let inner = inCountry;
  for (const name of [...place.subdivisions, place.city]) {
    const found = entry(inner, name);
    if (isFolded(found)) inner = found;
    else if (found !== undefined) return found;
  }
  return inner.otherwise;
}

function entry(map: FoldedMap, key: string | undefined): PlaceOrder | FoldedMap | undefined {
  return key === undefined ? undefined : map.places.get(key.toUpperCase());
}

function isMap(value: PlaceOrder | PlaceMap): value is PlaceMap {
  return typeof value === 'object' && 'places' in value;
}

function isFolded(value: PlaceOrder | FoldedMap | undefined): value is FoldedMap {
  return typeof value === 'object' && 'places' in value;
}
