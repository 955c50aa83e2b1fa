import type { Location } from './place.ts';

/** One of the points that stand for a country, with its share of those who live there. */
export interface WeightedPoint {
  readonly location: Location;
  readonly weight: number;
}

/** Of the Earth taken for a ball, in km (IUGG). */
const MEAN_RADIUS = 6371.0088;

/** In km, along a great circle, by the haversine formula. */
export function distance([latitude, longitude]: Location, [toLatitude, toLongitude]: Location): number {
  const halfLatitude = Math.sin(radians(toLatitude - latitude) / 2);
  const halfLongitude = Math.sin(radians(toLongitude - longitude) / 2);
  const haversine =
    halfLatitude ** 2 + Math.cos(radians(latitude)) * Math.cos(radians(toLatitude)) * halfLongitude ** 2;
  return 2 * MEAN_RADIUS * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

/** In km, for somebody of whom only the country is known: the mean over those who live there. */
export function meanDistance(points: readonly WeightedPoint[], to: Location): number {
  let sum = 0;
  let weights = 0;
  for (const { location, weight } of points) {
    sum += weight * distance(location, to);
    weights += weight;
  }
  return sum / weights;
}

/**
 * A distance as a datacenter's bias lets it count, as Route 53's geoproximity has it: 50 halves it, −50 doubles it, 0 leaves it,
 * 99 makes it a hundredth. So two datacenters that are 1,000 km apart meet in the middle, and with a bias of 50 on one
 * of them two thirds of the way from that one.
 */
export function biased(kilometres: number, bias: number): number {
  return bias >= 0 ? kilometres * (1 - bias / 100) : kilometres / (1 + bias / 100);
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
