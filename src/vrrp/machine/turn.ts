import type { Ms } from '../../base/units.ts';
import type { Alarm, Reason } from '../model.ts';
import type { InstanceRules } from './rules.ts';
import type { Action, InstanceState, Standing, Stepped } from './state.ts';

/** One step as it is taken: what is held so far, and what is to be done. It lives for that step alone. */
export class Turn {
  readonly rules: InstanceRules;
  readonly now: Ms;
  #state: InstanceState;
  readonly #actions: Action[] = [];
  /** Told when all is done: no advertisement waits for a log. */
  readonly #news: Action[] = [];

  constructor(state: InstanceState, rules: InstanceRules, now: Ms) {
    this.#state = state;
    this.rules = rules;
    this.now = now;
  }

  get state(): InstanceState {
    return this.#state;
  }

  get stepped(): Stepped {
    return { state: this.#state, actions: [...this.#actions, ...this.#news] };
  }

  set(part: Partial<InstanceState>): void {
    this.#state = { ...this.#state, ...part };
  }

  /** As `set`, for what is held within one role. */
  stay(standing: Standing): void {
    this.set({ standing });
  }

  /** Into another role, which is told. */
  enter(standing: Standing, reason: Reason): void {
    const from = this.#state.standing.role;
    const isPassing = standing.role === 'claiming' || (from === 'claiming' && standing.role === 'backup');
    const transitions = this.#state.transitions + (isPassing ? 0 : 1);
    this.set({ standing, since: this.now, reason, transitions });
    this.#news.push({ kind: 'tell', what: { kind: 'role', from, to: standing.role, reason } });
  }

  act(...actions: readonly Action[]): void {
    this.#actions.push(...actions);
  }

  alarm(alarm: Alarm): void {
    this.#news.push({ kind: 'tell', what: { kind: 'alarm', alarm } });
  }

  /** A number for a question; replies to the ones before are late from now on. */
  ask(): number {
    this.set({ question: this.#state.question + 1 });
    return this.#state.question;
  }

  /** Runs a hook that nobody waits for, if there is one. */
  hook(...names: readonly (keyof InstanceRules['hooks'])[]): void {
    for (const hook of names) {
      if (this.rules.hooks[hook] !== undefined) this.act({ kind: 'hook', hook, question: undefined });
    }
  }
}
