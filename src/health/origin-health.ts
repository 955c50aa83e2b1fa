import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { Evidence, type Outcomes } from './evidence.ts';
import {
  type Action,
  firstJudgement,
  type HealthEvent,
  type Judged,
  type Judgement,
  judge,
  observed,
  type Rules,
  underNewRules,
  wakeAt,
} from './judgement.ts';
import { isSame, type Observed } from './observed.ts';
import type { WatchedOrigin, WatchedPool } from './settings.ts';

/** What one origin's health stands on. */
export interface Surroundings {
  /** The counts of an origin, by its row in the shared table. */
  readonly outcomes: (slot: number) => Outcomes;
  /** Whether an operator wants the failures of this origin overlooked. */
  readonly ignoresErrors: (key: string) => boolean;
  /** How long it takes this origin to its whole share; `undefined`: as long as its pool says. */
  readonly slowStart: (key: string) => Ms | undefined;
  readonly mayEject: (pool: WatchedPool) => boolean;
  readonly onChange: (key: string, observed: Observed) => void;
  /** Epoch milliseconds of a clock that nobody sets while we run: `performance.timeOrigin + performance.now()`. */
  readonly now: () => Ms;
  readonly log: Pick<EventLog, 'info' | 'warn'>;
}

/** So often the counts of an origin on trial are looked at: every moment that it has succeeded unseen, its pool lacks it. */
const TRIAL_LOOK: Ms = 100;

/** The longest that `setTimeout` can wait. */
const LONGEST_TIMER: Ms = 2 ** 31 - 1;

/** One origin while it is configured: what is held of it, and the next time to think about it. */
export class OriginHealth {
  readonly #around: Surroundings;
  readonly #evidence: Evidence;
  #origin: WatchedOrigin;
  #pool: WatchedPool;
  #judgement: Judgement;
  #observed: Observed;
  #timer: NodeJS.Timeout | undefined;

  /** `joins`: the node runs already. */
  constructor(origin: WatchedOrigin, pool: WatchedPool, around: Surroundings, joins: boolean) {
    const now = around.now();
    this.#around = around;
    this.#origin = origin;
    this.#pool = pool;
    this.#evidence = new Evidence(around.outcomes(origin.slot), now);
    this.#judgement = firstJudgement(this.#rules, joins, now);
    this.#observed = observed(this.#judgement, this.#rules, now);
    this.#wakeWhenDue(now);
  }

  /** Asked anew each time: an operator may have another slow start for it. */
  get #rules(): Rules {
    return rulesOf(this.#pool, this.#around.slowStart(this.#origin.key));
  }

  get judgement(): Judgement {
    return this.#judgement;
  }

  get observed(): Observed {
    return this.#observed;
  }

  get url(): string {
    return this.#origin.url;
  }

  /** The same origin, configured anew. */
  renew(origin: WatchedOrigin, pool: WatchedPool): void {
    const now = this.#around.now();
    // Nobody has looked at these counts until now.
    const isUnseen = origin.slot !== this.#origin.slot || this.#pool.outlier === 'off';
    this.#origin = origin;
    this.#pool = pool;
    if (isUnseen) this.#forget(now);
    this.#apply(underNewRules(this.#judgement, this.#rules, now), now);
  }

  take(event: HealthEvent): void {
    const now = this.#around.now();
    if (event.kind === 'enabled') this.#forget(now);
    this.#apply(judge(this.#judgement, event, this.#rules, now), now);
  }

  /** Looks at what became of its requests. */
  look(): void {
    const { outlier } = this.#pool;
    if (outlier === 'off') return;
    const { outcomes, ignoresErrors, now } = this.#around;
    const { kind } = this.#judgement.service;
    const counts = outcomes(this.#origin.slot);
    if (ignoresErrors(this.#origin.key)) this.#overlook();
    else if (kind === 'in') this.#eject(this.#evidence.against(counts, outlier, now()));
    else if (kind === 'trial') this.#decideTrial(counts);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #overlook(): void {
    if (this.#judgement.service.kind === 'in') this.#forget(this.#around.now());
    else this.take({ kind: 'pardoned', why: 'its failures are ignored' });
  }

  #decideTrial(counts: Outcomes): void {
    const { succeeded, failed } = this.#evidence.since(counts);
    if (succeeded > 0) this.take({ kind: 'succeeded' });
    else if (failed > 0) this.#eject('it failed again on trial');
  }

  #eject(why: string | undefined): void {
    if (why !== undefined && this.#around.mayEject(this.#pool)) this.take({ kind: 'failing', why });
  }

  #apply({ state, actions }: Judged, now: Ms): void {
    this.#judgement = state;
    for (const { kind } of actions) if (kind === 'up' || kind === 'trial' || kind === 'returned') this.#forget(now);
    this.#wakeWhenDue(now);
    const next = observed(state, this.#rules, now);
    if (!isSame(next, this.#observed)) {
      this.#observed = next;
      this.#around.onChange(this.#origin.key, next);
    }
    // Whoever reads it finds that it is so.
    for (const action of actions) this.#tell(action);
  }

  #tell(action: Action): void {
    const { log } = this.#around;
    const which = { pool: this.#pool.name, origin: this.#origin.name };
    switch (action.kind) {
      case 'up':
        log.info('origin up', which);
        return;
      case 'down':
        log.warn('origin down', { ...which, problem: action.problem });
        return;
      case 'ejected':
        log.warn('origin ejected', { ...which, why: action.why, until: new Date(action.until) });
        return;
      case 'trial':
        return;
      case 'returned':
        log.info('origin returned', { ...which, why: action.why });
        return;
    }
  }

  /** What failed until now does not speak against it any more. */
  #forget(now: Ms): void {
    this.#evidence.forget(this.#around.outcomes(this.#origin.slot), now);
  }

  #wakeWhenDue(now: Ms): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const onTrial = this.#judgement.service.kind === 'trial';
    const due = Math.min(wakeAt(this.#judgement, this.#rules, now) ?? Infinity, onTrial ? now + TRIAL_LOOK : Infinity);
    if (due === Infinity) return;
    const wake = () => {
      this.take({ kind: 'time' });
      if (onTrial) this.look();
    };
    this.#timer = setTimeout(wake, Math.min(Math.max(1, Math.ceil(due - now)), LONGEST_TIMER));
  }
}

function rulesOf({ health_check, outlier, slow_start }: WatchedPool, slowStart: Ms | undefined): Rules {
  return {
    checks: health_check === 'off' ? undefined : health_check,
    ejection: outlier === 'off' ? undefined : { first: outlier.eject_for, longest: outlier.max_eject_for },
    slowStart: slowStart ?? slow_start,
  };
}
