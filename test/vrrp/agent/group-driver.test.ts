import { describe, expect, test } from 'vitest';
import type { Ms } from '../../../src/base/units.ts';
import { GroupDriver } from '../../../src/vrrp/agent/group-driver.ts';
import type { InstanceEvent } from '../../../src/vrrp/machine/state.ts';
import { heard, START } from '../machine/play.ts';
import { rulesWith } from '../machine/rules.ts';

/** A driver of one instance, by a clock that stands still until it is told to go on. */
class Driven {
  readonly driver: GroupDriver;
  /** What has been received, and not been read. */
  readonly received: InstanceEvent[] = [];
  readonly done: string[] = [];
  #now: Ms = 1000;
  #due: Ms = Infinity;
  #fire = () => {};

  constructor() {
    this.driver = new GroupDriver({
      rules: [rulesWith({ name: 'front', probe: 'refuse' })],
      kept: () => undefined,
      carryOut: (_, { kind }) => this.done.push(kind),
      drain: () => {
        for (let next = this.received.shift(); next !== undefined; next = this.received.shift()) {
          this.driver.handle('front', next);
        }
      },
      now: () => this.#now,
      timer: (onDue) => {
        this.#fire = onDue;
        return {
          set: (delay) => {
            this.#due = this.#now + delay;
          },
          clear: () => {
            this.#due = Infinity;
          },
          close: () => {},
        };
      },
    });
    this.driver.handle('front', START);
  }

  get role(): string {
    return this.driver.state('front').standing.role;
  }

  get isArmed(): boolean {
    return this.#due < Infinity;
  }

  /** To when its timer is due, and so much later. */
  goOn(late: Ms = 0): void {
    this.#now = this.#due + late;
    this.#due = Infinity;
    this.#fire();
  }
}

const ANSWERED: InstanceEvent = { kind: 'answered', mac: '02:00:00:00:00:01' };

describe('what was received before the time was up', () => {
  test('is known when it is up: an answer to a probe', () => {
    const driven = new Driven();
    driven.goOn();
    expect(driven.done).toContain('probe');
    driven.received.push(ANSWERED);
    driven.goOn(500);
    expect(driven.role).toBe('backup');
    driven.goOn();
    driven.goOn();
    expect(driven.role).toBe('active');
  });

  test('is known when it is up: an advertisement, after a standstill', () => {
    const driven = new Driven();
    driven.received.push(heard(150));
    driven.goOn(10_000);
    expect(driven.role).toBe('backup');
    expect(driven.done).not.toContain('probe');
    expect(driven.isArmed).toBe(true);
  });
});

test('a timer that is a little early is set anew', () => {
  const driven = new Driven();
  driven.goOn(-0.4);
  expect(driven.done).not.toContain('probe');
  driven.goOn();
  expect(driven.done).toContain('probe');
});
