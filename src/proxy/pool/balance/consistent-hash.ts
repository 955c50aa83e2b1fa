import { hashOf, scattered } from './hash.ts';
import { type HashOn, hashKey } from './hash-key.ts';
import type { Balanced, Candidate, OriginsView, Policy } from './policy.ts';

/**
 * The same origin for the same key, by weighted rendezvous hashing: each origin draws a number for the key, and the best
 * one, for its weight, wins. When one is lost only its keys go elsewhere, each to where it was second; that spreads them
 * over all that are left. A ring of points has the same aim, needs a hundred points for each origin to come near it, and
 * is built anew with each change of a weight; this takes some 10 ns for each origin instead.
 *
 * Load is bounded, as in "Consistent Hashing with Bounded Loads" (Mirrokni, Thorup, Zadimoghaddam): who has a quarter
 * more in flight than its share is passed over for who is next.
 */
export class ConsistentHash implements Policy {
  readonly #candidates: readonly (Candidate & { readonly seed: number })[];
  readonly #hashOn: HashOn;
  readonly #weight: number;

  constructor(candidates: readonly Candidate[], hashOn: HashOn) {
    this.#candidates = candidates.map((candidate) => ({ ...candidate, seed: scattered(hashOf(candidate.name)) }));
    this.#hashOn = hashOn;
    this.#weight = candidates.reduce((sum, { weight }) => sum + weight, 0);
  }

  choose(_turn: number, request: Balanced, view: OriginsView): number | undefined {
    const key = scattered(hashOf(hashKey(this.#hashOn, request)));
    let inFlight = 1;
    for (const { position } of this.#candidates) inFlight += view.load(position);
    return this.#best(key, view, (BOUND * inFlight) / this.#weight) ?? this.#best(key, view, Number.POSITIVE_INFINITY);
  }

  /** `fair`: how many in flight are too many, for each unit of weight. */
  #best(key: number, view: OriginsView, fair: number): number | undefined {
    let best: number | undefined;
    let shortest = Number.POSITIVE_INFINITY;
    for (const { position, weight, seed } of this.#candidates) {
      // As long as an exponentially distributed wait: whose weight is twice as great wins twice as often.
      const wait = -Math.log((scattered(key ^ seed) + 0.5) / 2 ** 32) / weight;
      if (wait >= shortest || view.excluded(position)) continue;
      if (view.load(position) >= Math.max(FEW, Math.ceil(fair * weight))) continue;
      best = position;
      shortest = wait;
    }
    return best;
  }
}

const BOUND = 1.25;

/** So many in flight overload nobody, whatever the others have. */
const FEW = 8;
