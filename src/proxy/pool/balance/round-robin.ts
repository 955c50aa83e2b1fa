import type { Balanced, Candidate, OriginsView, Policy } from './policy.ts';
import { unrolled } from './schedule.ts';

/**
 * Smooth weighted round robin. With the turns of a whole cycle laid out beforehand, one counter that all workers share
 * is all the state there is, and none of them waits for another.
 */
export class RoundRobin implements Policy {
  readonly #candidates: readonly Candidate[];
  readonly #schedule: Uint16Array;

  constructor(candidates: readonly Candidate[]) {
    this.#candidates = candidates;
    this.#schedule = unrolled(candidates.map(({ weight }) => weight));
  }

  choose(turn: number, _request: Balanced, view: OriginsView): number | undefined {
    const at = this.scheduled(turn, view);
    return at === undefined ? undefined : (this.#candidates[at] as Candidate).position;
  }

  /** Whose turn it is, or who comes next in the schedule and is not excluded; counted among the candidates. */
  scheduled(turn: number, view: OriginsView): number | undefined {
    const candidates = this.#candidates;
    const steps = Math.min(this.#schedule.length, STEPS_FOR_EACH * candidates.length);
    for (let step = 0; step < steps; step++) {
      const at = this.#schedule[(turn + step) % this.#schedule.length] as number;
      if (!view.excluded((candidates[at] as Candidate).position)) return at;
    }
    // Most are excluded: the rest are looked for one by one, before a long schedule is.
    for (let step = 0; step < candidates.length; step++) {
      const at = (turn + step) % candidates.length;
      if (!view.excluded((candidates[at] as Candidate).position)) return at;
    }
    return undefined;
  }
}

const STEPS_FOR_EACH = 4;
