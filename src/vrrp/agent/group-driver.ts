import type { Ms } from '../../base/units.ts';
import { type Members, stepGroup } from '../machine/group.ts';
import type { InstanceRules } from '../machine/rules.ts';
import type { Action, InstanceEvent, InstanceState, Kept } from '../machine/state.ts';
import { firstState, wakeAt } from '../machine/step.ts';

export interface GroupDriverOptions {
  /** One, or those of a sync group. */
  readonly rules: readonly InstanceRules[];
  readonly kept: (instance: string) => Kept | undefined;
  readonly carryOut: (instance: string, action: Action) => void;
  /** Has all events told that have happened by now: asked before anything is decided because of the time. */
  readonly drain: () => void;
  /** Of a monotonic clock. */
  readonly now: () => Ms;
  /** One that calls this when it is due. */
  readonly timer: (onDue: () => void) => DriverTimer;
}

/** Due once, at most a little early. */
export interface DriverTimer {
  /** In place of what was set before. */
  set(delay: Ms): void;
  clear(): void;
  close(): void;
}

/**
 * Drives the instances of a sync group, or one alone: an event at a time, each with all of its actions carried out before the next
 * one, and the time when it is due.
 */
export class GroupDriver {
  readonly #options: GroupDriverOptions;
  #members: Members;
  readonly #waiting: { readonly instance: string; readonly event: InstanceEvent }[] = [];
  #isBusy = false;
  readonly #timer: DriverTimer;
  #timerAt = Infinity;

  constructor(options: GroupDriverOptions) {
    this.#options = options;
    this.#timer = options.timer(() => this.#due());
    const now = options.now();
    this.#members = Object.fromEntries(
      options.rules.map((rules) => [rules.name, { rules, state: firstState(rules, options.kept(rules.name), now) }]),
    );
  }

  get names(): readonly string[] {
    return Object.keys(this.#members);
  }

  state(instance: string): InstanceState {
    return (this.#members[instance] as Members[string]).state;
  }

  /** What is received comes first, whatever was told first: after a pause there is much of both. */
  handle(instance: string, event: InstanceEvent): void {
    if (!this.#isBusy && event.kind !== 'advert') this.#options.drain();
    this.#waiting.push({ instance, event });
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#step(next);
    } finally {
      this.#isBusy = false;
    }
    this.#arm();
  }

  /** Others of the same names, from the next event on. */
  reconfigure(rules: readonly InstanceRules[]): void {
    this.#members = Object.fromEntries(
      rules.map((each) => [each.name, { rules: each, state: (this.#members[each.name] as Members[string]).state }]),
    );
    for (const { name } of rules) this.handle(name, { kind: 'reconfigured' });
  }

  close(): void {
    this.#timer.close();
    this.#timerAt = Infinity;
  }

  #step({ instance, event }: { readonly instance: string; readonly event: InstanceEvent }): void {
    const { members, actions } = stepGroup(this.#members, instance, event, this.#options.now());
    this.#members = members;
    for (const each of actions) this.#options.carryOut(each.instance, each.action);
  }

  #arm(): void {
    const at = Math.min(...Object.values(this.#members).map(({ state, rules }) => wakeAt(state, rules)));
    if (at === this.#timerAt) return;
    this.#timerAt = at;
    if (at === Infinity) this.#timer.clear();
    else this.#timer.set(at - this.#options.now());
  }

  #due(): void {
    this.#timerAt = Infinity;
    this.#options.drain();
    const now = this.#options.now();
    for (const [name, { state, rules }] of Object.entries(this.#members)) {
      if (wakeAt(state, rules) <= now) this.handle(name, { kind: 'time' });
    }
    this.#arm();
  }
}
