import type { Fraction, Ms } from '../base/units.ts';
import { NOTHING, plus, type Totals } from './totals.ts';

/** What a rate is taken over. */
const WINDOW: Ms = 10_000;
/** A point of the history, and how many are kept: ten minutes. */
const POINT: Ms = 5_000;
const MOST_POINTS = 120;

export interface Rate {
  /** Requests, by the second. */
  readonly requests: number;
  /** Failed or answered by 5xx, of all; 0 without any. */
  readonly errors: Fraction;
  /** Mean: of a site's whole requests, of an origin's time to the first byte; `undefined` without any. */
  readonly latency: Ms | undefined;
  /** Bytes of bodies, by the second; see `Totals` for whence and whither. */
  readonly received: number;
  readonly sent: number;
}

export interface RatePoint extends Rate {
  /** Epoch milliseconds at which it ends; it covers 5 s. */
  readonly at: Ms;
}

interface Step {
  readonly at: Ms;
  readonly span: Ms;
  readonly delta: Totals;
}

/** The traffic of one subject over the last seconds, and its history. */
export class RateSeries {
  readonly #steps: Step[] = [];
  readonly #points: RatePoint[] = [];
  #open: Totals = NOTHING;
  #openSpan: Ms = 0;

  /** `delta`: what was counted in the `span` before `at`. */
  add(at: Ms, span: Ms, delta: Totals): void {
    this.#steps.push({ at, span, delta });
    while ((this.#steps[0] as Step).at <= at - WINDOW) this.#steps.shift();
    this.#open = plus(this.#open, delta);
    this.#openSpan += span;
    // Half a step early is nearer than half a step late.
    if (this.#openSpan < POINT - span / 2) return;
    this.#points.push({ at, ...rateOf(this.#open, this.#openSpan) });
    if (this.#points.length > MOST_POINTS) this.#points.shift();
    this.#open = NOTHING;
    this.#openSpan = 0;
  }

  /** Of the last ten seconds, or of those that there were. */
  get rate(): Rate {
    const span = this.#steps.reduce((sum, step) => sum + step.span, 0);
    return rateOf(
      this.#steps.reduce((sum, step) => plus(sum, step.delta), NOTHING),
      span,
    );
  }

  /** Oldest first. */
  get history(): readonly RatePoint[] {
    return this.#points;
  }
}

function rateOf({ requests, errors, timed, time, received, sent }: Totals, span: Ms): Rate {
  const seconds = span / 1_000;
  const bySecond = (count: number) => (seconds > 0 ? count / seconds : 0);
  return {
    requests: bySecond(requests),
    errors: requests > 0 ? Math.min(1, errors / requests) : 0,
    latency: timed > 0 ? time / timed : undefined,
    received: bySecond(received),
    sent: bySecond(sent),
  };
}
