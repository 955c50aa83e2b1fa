import type { Fraction, Ms } from '../base/units.ts';
import type { Finding } from './check.ts';

/** An origin that is to be checked. */
export interface CheckTarget {
  readonly key: string;
  /** What must be equal for a target to be the one it was: else it is checked anew, and at once. */
  readonly identity: string;
  readonly interval: Ms;
  readonly jitter: Fraction;
  /** As `Check.run`. */
  readonly run: (signal: AbortSignal) => Promise<Finding | undefined>;
}

export interface CheckerOptions {
  readonly onResult: (key: string, finding: Finding) => void;
  readonly now: () => Ms;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** New targets up to this many are checked at once; more are spread over a second, as they may share a machine. */
const AT_ONCE = 20;
const SPREAD: Ms = 1000;

/**
 * Checks each target, now and then each interval, more or less by its jitter, so that the nodes of a site do not all ask
 * at the same time. A check is never begun before the last one of its target has ended.
 */
export class Checker {
  readonly #options: Required<CheckerOptions>;
  readonly #schedules = new Map<string, Schedule>();

  constructor(options: CheckerOptions) {
    this.#options = { random: Math.random, ...options };
  }

  /** From now on these are checked, and no others. */
  update(targets: readonly CheckTarget[]): void {
    const wanted = new Map(targets.map((target) => [target.key, target]));
    for (const [key, schedule] of this.#schedules) {
      if (wanted.get(key)?.identity === schedule.identity) continue;
      schedule.close();
      this.#schedules.delete(key);
    }
    const fresh = [...wanted.values()].filter(({ key }) => !this.#schedules.has(key));
    const gap = fresh.length > AT_ONCE ? SPREAD / fresh.length : 0;
    for (const [index, target] of fresh.entries()) {
      this.#schedules.set(target.key, new Schedule(target, index * gap, this.#options));
    }
  }

  /** Does not wait for the next check of this one, if it is checked at all. */
  checkNow(key: string): void {
    this.#schedules.get(key)?.hurry();
  }

  /** Ends what runs; nothing is told any more. */
  close(): void {
    this.update([]);
  }
}

/** When one target is checked. */
class Schedule {
  readonly #target: CheckTarget;
  readonly #options: Required<CheckerOptions>;
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #runs = false;

  constructor(target: CheckTarget, delay: Ms, options: Required<CheckerOptions>) {
    this.#target = target;
    this.#options = options;
    this.#in(delay);
  }

  get identity(): string {
    return this.#target.identity;
  }

  hurry(): void {
    if (!this.#runs) this.#in(0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  #in(delay: Ms): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), delay);
  }

  async #check(): Promise<void> {
    const { key, interval, jitter, run } = this.#target;
    const { now, random, onResult } = this.#options;
    const began = now();
    this.#runs = true;
    const finding = await run(this.#ended.signal);
    this.#runs = false;
    if (this.#ended.signal.aborted) return;
    // Before anybody is told: whoever is told may ask for the next one.
    const pause = interval * (1 + jitter * (2 * random() - 1));
    this.#in(Math.max(0, began + pause - now()));
    if (finding !== undefined) onResult(key, finding);
  }
}
