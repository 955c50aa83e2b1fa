import type { Ms } from '../base/units.ts';
import type { OutlierSettings } from './settings.ts';

/** What became of the requests of one origin, over all workers. */
export interface Outcomes {
  /** Attempts that came to their end, those that failed among them. Wraps around at 2³². */
  readonly responses: number;
  /** Attempts that failed. Wraps around at 2³². */
  readonly failures: number;
  /** Failures since the last attempt that did not fail. */
  readonly consecutiveFailures: number;
}

interface Sample {
  readonly at: Ms;
  readonly responses: number;
  readonly failures: number;
}

/** A window is told in this many pieces: it may be longer than it is set by one of them. */
const PIECES = 20;

/**
 * What speaks against an origin: what was counted since `forget`, and within the window. Samples of counts that only
 * ever grow; what was within a window is a difference.
 */
export class Evidence {
  #start: Sample;
  #samples: Sample[];

  constructor(outcomes: Outcomes, now: Ms) {
    this.#start = sample(outcomes, now);
    this.#samples = [this.#start];
  }

  /** From now on nothing counts that was before. */
  forget(outcomes: Outcomes, now: Ms): void {
    this.#start = sample(outcomes, now);
    this.#samples = [this.#start];
  }

  /** What became of requests since `forget`. */
  since(outcomes: Outcomes): { readonly succeeded: number; readonly failed: number } {
    const failed = difference(outcomes.failures, this.#start.failures);
    return { succeeded: Math.max(0, difference(outcomes.responses, this.#start.responses) - failed), failed };
  }

  /** Takes the counts as they are now, and says why the origin should be ejected; `undefined`: there is no reason. */
  against(outcomes: Outcomes, { failures, error_rate, min_requests, window }: OutlierSettings, now: Ms) {
    const row = Math.min(outcomes.consecutiveFailures, this.since(outcomes).failed);
    const first = this.#beginOf(window, now);
    this.#add(sample(outcomes, now), window);
    if (row >= failures) return `${row} requests failed in a row`;
    const requests = difference(outcomes.responses, first.responses);
    const failed = difference(outcomes.failures, first.failures);
    if (failed === 0 || requests < min_requests || failed < error_rate * requests) return undefined;
    return `${failed} of ${requests} requests failed within ${Math.round((now - first.at) / 1000)}s`;
  }

  /** The newest sample that is as old as the window, else the oldest. Older ones are dropped. */
  #beginOf(window: Ms, now: Ms): Sample {
    const begin = this.#samples.findLastIndex(({ at }) => at <= now - window);
    if (begin > 0) this.#samples.splice(0, begin);
    return this.#samples[0] as Sample;
  }

  #add(next: Sample, window: Ms): void {
    const newest = this.#samples.at(-1) as Sample;
    if (next.at - newest.at >= window / PIECES) this.#samples.push(next);
  }
}

function sample({ responses, failures }: Outcomes, at: Ms): Sample {
  return { at, responses, failures };
}

/** 0 when the count went back: a worker that died took its part along. */
function difference(now: number, before: number): number {
  return Math.max(0, (now - before) | 0);
}
