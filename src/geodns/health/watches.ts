import type { Fraction, Ms } from '../../base/units.ts';
import { firstJudgement, type Judgement, judge } from './judgement.ts';
import type { CheckRules, Observed } from './model.ts';
import { anyWell, type Finding, type Probe, type Run } from './target.ts';

/** Who calls `run` of each target, now and then each interval. That of `src/health` is one. */
export interface Schedule {
  /** From now on these, and no others; one of another identity is called anew, and at once. */
  update(targets: readonly ScheduledCheck[]): void;
  close(): void;
}

export interface ScheduledCheck {
  readonly key: string;
  readonly identity: string;
  readonly interval: Ms;
  readonly jitter: Fraction;
  readonly run: Run;
}

export interface WatchesOptions {
  readonly schedule: (onResult: (key: string, finding: Finding) => void) => Schedule;
  readonly probe: Probe;
  readonly now: () => Ms;
  /** Something was found. */
  readonly onChange: () => void;
}

interface Watched {
  readonly name: string;
  readonly check: CheckRules;
}

interface Watch {
  readonly key: string;
  rules: CheckRules;
  judgement: Judgement;
  last: { readonly at: Ms; readonly took: Ms } | undefined;
}

/**
 * Pauses are up to a tenth shorter than the interval, at random, so that the nodes of a site do not all ask at the same
 * time; never longer, so that `fall` bad checks have begun within `fall` intervals.
 */
const EARLIER: Fraction = 0.1;

/** The checks of datacenters, and what they say. What is asked for as before is held to be as it was. */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #schedule: Schedule;
  readonly #waiting = new Set<() => void>();
  #watches = new Map<string, Watch>();

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#schedule = options.schedule((key, finding) => this.#take(key, finding));
  }

  /** From now on these are watched. Of several with the same key the rules of the last count. */
  update(watched: readonly Watched[]): void {
    const before = this.#watches;
    this.#watches = new Map();
    for (const { name, check } of watched) {
      const key = keyOf(name, check);
      const watch = before.get(key) ?? this.#fresh(key, check);
      watch.rules = check;
      this.#watches.set(key, watch);
    }
    this.#schedule.update([...this.#watches.values()].map((watch) => this.#scheduled(watch)));
  }

  observed(name: string, check: CheckRules): Observed {
    const watch = this.#watches.get(keyOf(name, check)) ?? this.#fresh('', check);
    const { health, since, problem, due } = watch.judgement;
    return { health, since, problem, draining: false, due, last: watch.last };
  }

  /** Resolves when something is known of each of these, after `limit` at the latest. */
  known(watched: readonly Watched[], limit: Ms): Promise<void> {
    const isKnown = () => watched.every(({ name, check }) => this.observed(name, check).health !== 'checking');
    if (isKnown()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (isKnown()) end();
      };
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(end, limit);
      this.#waiting.add(look);
    });
  }

  /** Ends what runs; nothing is told any more. */
  close(): void {
    this.#schedule.close();
  }

  #fresh(key: string, rules: CheckRules): Watch {
    return { key, rules, judgement: firstJudgement(this.#options.now()), last: undefined };
  }

  #scheduled(watch: Watch): ScheduledCheck {
    const { key, rules } = watch;
    const { interval, timeout } = rules;
    return {
      key,
      identity: JSON.stringify([interval, timeout]),
      interval: interval * (1 - EARLIER / 2),
      jitter: EARLIER / (2 - EARLIER),
      run: this.#timed(watch, anyWell(rules.urls.map((url) => [url, this.#options.probe(url, rules)]))),
    };
  }

  #timed(watch: Watch, run: Run): Run {
    return async (signal) => {
      const at = this.#options.now();
      const finding = await run(signal);
      if (finding !== undefined) watch.last = { at, took: this.#options.now() - at };
      return finding;
    };
  }

  #take(key: string, { problem }: Finding): void {
    const watch = this.#watches.get(key);
    if (watch?.last === undefined) return;
    const { judgement, rules, last } = watch;
    watch.judgement = judge(judgement, { problem, began: last.at }, rules, this.#options.now());
    this.#options.onChange();
    for (const look of [...this.#waiting]) look();
  }
}

/** Another thing to ask for makes it another watch: nothing is known of that yet. */
function keyOf(name: string, { urls, verify, ca }: CheckRules): string {
  return JSON.stringify([name, urls, verify, ca]);
}
