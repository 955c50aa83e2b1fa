import type { Ms } from '../../base/units.ts';
import type { Health, Observed } from './model.ts';

/** How this node is. */
export interface OwnState {
  /** Why it cannot take traffic, in stable words; empty: it can. */
  readonly problems: readonly string[];
  /** An operator wants its traffic to go elsewhere. */
  readonly draining: boolean;
}

/** This node's own datacenter: nobody has to ask whether it is there. */
export class OwnDatacenter {
  readonly #state: () => OwnState;
  readonly #now: () => Ms;
  #observed: Observed;

  constructor(state: () => OwnState, now: () => Ms) {
    this.#state = state;
    this.#now = now;
    this.#observed = this.#seen('checking', now());
  }

  get observed(): Observed {
    return this.#observed;
  }

  look(): void {
    const { health, since } = this.#observed;
    this.#observed = this.#seen(health, since);
  }

  #seen(before: Health, since: Ms): Observed {
    const { problems, draining } = this.#state();
    const health = problems.length === 0 ? 'up' : 'down';
    const problem = problems.length === 0 ? undefined : problems.join(', ');
    return {
      health,
      since: health === before ? since : this.#now(),
      problem,
      draining,
      due: undefined,
      last: undefined,
    };
  }
}
