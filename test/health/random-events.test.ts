import { describe, expect, test } from 'vitest';
import { mayEject, mostEjected } from '../../src/health/ejection-limit.ts';
import {
  firstJudgement,
  type HealthEvent,
  type Judgement,
  judge,
  observed,
  type Rules,
  wakeAt,
} from '../../src/health/judgement.ts';
import { usable } from '../../src/health/observed.ts';
import { Random } from '../cache/memory/random.ts';

/** A pool whose origins meet with anything at any time. Each of these must hold after each event. */

const STEPS = 600;

describe('whatever happens to the origins of a pool', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))('(seed %d)', (seed) => {
    const random = new Random(seed);
    const rules = randomRules(random);
    const share = random.pick([0, 0.1, 0.3, 0.5, 1]);
    let now = 1_000_000;
    const pool = Array.from({ length: 1 + random.below(8) }, () => firstJudgement(rules, random.below(2) === 0, now));
    for (let step = 0; step < STEPS; step++) {
      now += random.below(3) === 0 ? random.below(20_000) : random.below(50);
      const index = random.below(pool.length);
      const event = randomEvent(random);
      if (event.kind === 'failing' && !mayEject(pool, share)) continue;
      const { state } = judge(pool[index] as Judgement, event, rules, now);
      pool[index] = state;

      const ejected = pool.filter(({ service }) => service.kind === 'ejected').length;
      expect(ejected, 'never more are ejected than the pool can do without').toBeLessThanOrEqual(
        mostEjected(pool.length, share),
      );
      const { warmth } = observed(state, rules, now);
      expect(warmth).toBeGreaterThan(0);
      expect(warmth).toBeLessThanOrEqual(1);
      expect(isServing(wayBack(state, rules, now)), `there is a way back from ${JSON.stringify(state)}`).toBe(true);
    }
  });
});

/** What it comes to when all goes well from now on: good checks, requests that succeed, and time. */
function wayBack(state: Judgement, rules: Rules, start: number): { state: Judgement; now: number; rules: Rules } {
  let now = start;
  let current = state;
  for (let round = 0; round < 60 && !isServing({ state: current, now, rules }); round++) {
    const due = wakeAt(current, rules, now);
    if (due !== undefined) {
      now = Math.max(now, due);
      current = judge(current, { kind: 'time' }, rules, now).state;
      expect(wakeAt(current, rules, now) ?? Infinity, 'nobody is woken for nothing').toBeGreaterThan(now);
    }
    current = judge(current, { kind: 'checked', problem: undefined }, rules, now).state;
    if (usable(observed(current, rules, now)) === 'trial') {
      current = judge(current, { kind: 'succeeded' }, rules, now).state;
    }
  }
  return { state: current, now, rules };
}

function isServing({ state, now, rules }: { state: Judgement; now: number; rules: Rules }): boolean {
  const seen = observed(state, rules, now);
  return usable(seen) === 'up' && seen.warmth === 1;
}

function randomRules(random: Random): Rules {
  const first = 1 + random.below(60_000);
  return {
    checks: random.pick([
      undefined,
      { rise: 1 + random.below(5), fall: 1 + random.below(5), initial: random.pick(['checking', 'up'] as const) },
    ]),
    ejection: { first, longest: random.pick([1, first, first * 3, first * 3.5]) },
    slowStart: random.pick([0, 1, 999, 30_000]),
  };
}

function randomEvent(random: Random): HealthEvent {
  return random.pick<HealthEvent>([
    { kind: 'checked', problem: undefined },
    { kind: 'checked', problem: undefined },
    { kind: 'checked', problem: 'connection refused' },
    { kind: 'checked', problem: 'connection refused' },
    { kind: 'failing', why: 'requests failed' },
    { kind: 'failing', why: 'requests failed' },
    { kind: 'succeeded' },
    { kind: 'pardoned', why: 'so be it' },
    { kind: 'enabled' },
    { kind: 'time' },
    { kind: 'time' },
  ]);
}
