import type { InstanceRules } from '../../../src/vrrp/machine/rules.ts';
import type { Action, InstanceEvent, InstanceState, Kept } from '../../../src/vrrp/machine/state.ts';
import { firstState, step, wakeAt } from '../../../src/vrrp/machine/step.ts';
import type { Priority } from '../../../src/vrrp/model.ts';
import { rulesWith } from './rules.ts';

/** One instance through a number of events. Its address is 10.0.0.2: 10.0.0.1 is less, 10.0.0.3 is greater. */
export class Play {
  state: InstanceState;
  rules: InstanceRules;
  now = 1_000_000;
  /** Of the last `after`, in short: `advertise 100`, `add`, `remove`, `announce 5`, `alarm two-actives`, … */
  done: string[] = [];
  actions: Action[] = [];

  constructor(rules: Partial<InstanceRules> = {}, kept?: Kept) {
    this.rules = rulesWith(rules);
    this.state = firstState(this.rules, kept, this.now);
  }

  after(ms: number, ...events: readonly InstanceEvent[]): this {
    this.now += ms;
    this.done = [];
    this.actions = [];
    for (const event of events) {
      const { state, actions } = step(this.state, event, this.rules, this.now);
      this.state = state;
      this.actions.push(...actions);
      this.done.push(...actions.map(inShort));
    }
    return this;
  }

  /** All that time brings within `ms`. */
  through(ms: number): this {
    const end = this.now + ms;
    const done: string[] = [];
    for (let due = wakeAt(this.state, this.rules); due <= end; due = wakeAt(this.state, this.rules)) {
      this.after(Math.max(0, due - this.now), TIME);
      done.push(...this.done);
    }
    this.now = end;
    this.done = done;
    return this;
  }

  started(): this {
    return this.after(0, START);
  }

  active(): this {
    return this.started().through(this.wakesIn + 1);
  }

  get role(): string {
    return this.state.standing.role;
  }

  get why(): string {
    return this.state.reason.kind;
  }

  get wakesIn(): number {
    return wakeAt(this.state, this.rules) - this.now;
  }
}

export const START: InstanceEvent = { kind: 'start', source: '10.0.0.2' };
export const STOP: InstanceEvent = { kind: 'stop', atOnce: false };
export const TIME: InstanceEvent = { kind: 'time' };

export function heard(priority: Priority, source = '10.0.0.1', interval = 1000): InstanceEvent {
  return { kind: 'advert', advert: { source, priority, interval } };
}

export function tracked(name: string, status: 'up' | 'slow' | 'down', adds?: number): InstanceEvent {
  return { kind: 'tracked', name, status, ...(adds !== undefined && { adds }) };
}

export function operator(kind: 'handover' | 'release' | 'resume'): InstanceEvent {
  return { kind, by: 'ops', why: 'kernel' };
}

function inShort(action: Action): string {
  switch (action.kind) {
    case 'advertise':
      return `advertise ${action.priority}`;
    case 'announce':
      return `announce ${action.count}`;
    case 'hook':
      return action.question === undefined ? action.hook : `${action.hook}?`;
    case 'tell':
      return action.what.kind === 'role' ? `is ${action.what.to}` : `alarm ${action.what.alarm.kind}`;
    default:
      return action.kind;
  }
}
