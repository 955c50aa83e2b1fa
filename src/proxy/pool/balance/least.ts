import { scattered } from './hash.ts';
import type { Balanced, Candidate, OriginsView, Policy } from './policy.ts';
import { RoundRobin } from './round-robin.ts';

/** What a candidate costs: the cheapest gets the request. */
export type Cost = (candidate: Candidate, view: OriginsView) => number;

/**
 * Whoever costs least. All are looked at: with a choice of two at random, as others have it, a slow origin still gets a
 * request whenever both that are drawn are slow, and those are the slowest replies of all. Of those that cost the same
 * the one whose turn it is comes first, so that they share by weight; unless another is far quicker: while there is
 * little to do all are idle, and a slow one would have its turn like any other. Beyond some dozens a sample does as well.
 */
export class Least implements Policy {
  readonly #candidates: readonly Candidate[];
  readonly #turns: RoundRobin;
  readonly #cost: Cost;

  constructor(candidates: readonly Candidate[], cost: Cost) {
    this.#candidates = candidates;
    this.#turns = new RoundRobin(candidates);
    this.#cost = cost;
  }

  choose(turn: number, _request: Balanced, view: OriginsView): number | undefined {
    const candidates = this.#candidates;
    const first = this.#turns.scheduled(turn, view);
    if (first === undefined) return undefined;
    let best = candidates[first] as Candidate;
    let least = this.#cost(best, view);
    const all = candidates.length <= MOST_LOOKED_AT;
    // Not always from the same one on: who comes after a slow one would get all its turns.
    const start = scattered(turn);
    for (let step = 0; step < (all ? candidates.length : SAMPLE); step++) {
      const at = (all ? start + step : scattered(start + step)) % candidates.length;
      const candidate = candidates[at] as Candidate;
      if (at === first || view.excluded(candidate.position)) continue;
      const cost = this.#cost(candidate, view);
      if (cost > least || (cost === least && !isFarQuicker(candidate, best, view))) continue;
      best = candidate;
      least = cost;
    }
    return best.position;
  }
}

/** Of one of which nothing is known, nobody can say so. */
function isFarQuicker(candidate: Candidate, other: Candidate, view: OriginsView): boolean {
  return 2 * view.latency(candidate.position) + NOTICEABLE < view.latency(other.position);
}

/** ms */
const NOTICEABLE = 5;

const MOST_LOOKED_AT = 64;
const SAMPLE = 16;

/** `least-requests`: requests in flight, for the weight. */
export function requestsInFlight({ position, weight }: Candidate, view: OriginsView): number {
  return view.load(position) / weight;
}

/**
 * `ewma`: what a request takes there of late, times those that it would have to share the origin with. An origin of
 * which nothing is known gets one request to find out, and waits for it then.
 */
export function timeInFlight({ position, weight }: Candidate, view: OriginsView): number {
  const load = view.load(position);
  const latency = view.latency(position);
  if (latency === 0) return load === 0 ? 0 : (UNKNOWN * load) / weight;
  return (latency * (load + 1)) / weight;
}

/** ms; slower than any origin that is well. */
const UNKNOWN = 60_000;
