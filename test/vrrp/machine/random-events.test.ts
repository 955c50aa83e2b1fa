import { expect, test } from 'vitest';
import { explain } from '../../../src/vrrp/machine/explain.ts';
import type { InstanceEvent, InstanceState } from '../../../src/vrrp/machine/state.ts';
import { firstState, step, wakeAt } from '../../../src/vrrp/machine/step.ts';
import { Random } from '../../cache/memory/random.ts';
import { heard, operator, START, TIME, tracked } from './play.ts';
import { rulesWith } from './rules.ts';

/** Any events in any order, such as no agent would tell. Each of these must hold after each event. */
test.each(Array.from({ length: 40 }, (_, seed) => seed))('whatever it is told (seed %d)', (seed) => {
  const random = new Random(seed);
  const rules = rulesWith({
    version: random.pick([2, 3] as const),
    priority: random.pick([1, 100, 254, 255]),
    preempt: random.pick(['always', 'never', 0, 5000] as const),
    probe: random.pick(['off', 'refuse', 'alarm'] as const),
    lastResort: random.pick(['keep', 'release'] as const),
    announcements: random.pick([
      { count: 5, delay: 5000, refresh: 60_000 },
      { count: 1, delay: 0, refresh: 1 },
    ]),
    tracks: [
      { name: 'proxy', weight: 0, isVital: true },
      { name: 'app', weight: random.pick([0, -20, 'told'] as const), isVital: false },
    ],
    drain: random.pick([0, 100]),
    hooks: random.pick([{}, { fence: 100, before_add: 100, stop: 100 }, { before_remove: 0, before_add: 0 }]),
    witness: random.pick([undefined, { policy: 'strict', timeout: 0 }, { policy: 'plain', timeout: 200 }] as const),
  });
  let now = 1_000_000;
  let state = firstState(rules, undefined, now);
  let hasAddresses = false;
  const tell = (event: InstanceEvent) => {
    const before = JSON.stringify(state);
    const stepped = step(state, event, rules, now);
    expect(JSON.stringify(state), 'what was held is left as it was').toBe(before);
    for (const { kind } of stepped.actions) {
      if (kind === 'remove') expect(hasAddresses, 'nothing is removed that is not there').toBe(true);
      if (kind === 'add') hasAddresses = true;
      if (kind === 'remove') hasAddresses = false;
    }
    state = stepped.state;
    expect(hasAddresses, 'who has the addresses, says so').toBe(hasThem(state));
    expect(structuredClone(state), 'it is plain').toEqual(state);
    expect(JSON.stringify(state).length, 'it does not grow').toBeLessThan(2000);
    expect(explain(state, rules, now, now)).toMatch(/^[a-z]+ since .{20}, because ./);
  };
  for (let turn = 0; turn < 1500; turn++) {
    now += random.below(3) === 0 ? random.below(3000) : random.below(20);
    tell(randomEvent(random, state, now));
    for (let woken = 0; wakeAt(state, rules) <= now; woken++) {
      expect(woken, 'nobody is woken for nothing').toBeLessThan(6);
      tell(TIME);
    }
  }
});

function hasThem({ standing }: InstanceState): boolean {
  return standing.role === 'active' || standing.role === 'leaving';
}

function randomEvent(random: Random, { question }: InstanceState, now: number): InstanceEvent {
  const which = question - random.below(2);
  return random.pick<() => InstanceEvent>([
    () => START,
    () => ({ kind: 'stop', atOnce: random.below(2) === 0 }),
    () => TIME,
    () =>
      heard(
        random.pick([0, 1, 100, 254, 255]),
        random.pick(['10.0.0.1', '10.0.0.3', 'x']),
        random.pick([10, 1000, 40_950]),
      ),
    () => heard(random.pick([0, 50, 150]), '10.0.0.3'),
    () => tracked(random.pick(['proxy', 'app']), random.pick(['up', 'slow', 'down']), random.below(300) - 150),
    () => tracked(random.pick(['proxy', 'app']), 'up'),
    () => ({ kind: 'peer', grade: random.pick([undefined, 0, 1, 2, 3] as const) }),
    () => ({ kind: 'answered', mac: String(random.below(1000)) }),
    () => ({ kind: 'voted', question: which, vote: random.pick(['granted', 'denied', 'silent']), until: now + 900 }),
    () => ({ kind: 'lease', until: now + random.below(2000) - 100 }),
    () => ({ kind: 'hooked', question: which, isGood: random.below(2) === 0 }),
    () => ({ kind: 'removed', address: '192.0.2.10' }),
    () => ({ kind: 'conflict', address: '192.0.2.10', mac: '02:00:00:00:00:09' }),
    () => ({
      kind: 'asked',
      source: '10.0.0.3',
      priority: random.pick([1, 255]),
      cause: random.pick(['silence', 'preemption']),
    }),
    () => operator(random.pick(['handover', 'release', 'resume'])),
    () => operator('resume'),
    () => ({ kind: random.pick(['take', 'yield'] as const), instance: 'back' }),
    () => ({ kind: 'reconfigured' }),
    () => ({ kind: 'source', address: random.pick(['10.0.0.2', 'fe80::1', '']) }),
  ])();
}
