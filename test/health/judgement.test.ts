import { describe, expect, test } from 'vitest';
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
} from '../../src/health/judgement.ts';
import { usable } from '../../src/health/observed.ts';

const RULES: Rules = {
  checks: { rise: 2, fall: 3, initial: 'checking' },
  ejection: { first: 30_000, longest: 100_000 },
  slowStart: 0,
};
const UNCHECKED: Rules = { ...RULES, checks: undefined };
const SLOW: Rules = { ...RULES, slowStart: 20_000 };

const GOOD: HealthEvent = { kind: 'checked', problem: undefined };
const BAD: HealthEvent = { kind: 'checked', problem: 'connection refused' };
const FAILING: HealthEvent = { kind: 'failing', why: '5 requests failed in a row' };
const SUCCEEDED: HealthEvent = { kind: 'succeeded' };
const TIME: HealthEvent = { kind: 'time' };
const ENABLED: HealthEvent = { kind: 'enabled' };

/** One origin through a number of events, and what it came to. */
class Play {
  state: Judgement;
  now = 1_000_000;
  readonly actions: Action[] = [];
  readonly #rules: Rules;

  constructor(rules: Rules, joins = false) {
    this.#rules = rules;
    this.state = firstJudgement(rules, joins, this.now);
  }

  after(ms: number, ...events: readonly HealthEvent[]): this {
    this.now += ms;
    for (const event of events) this.take(judge(this.state, event, this.#rules, this.now));
    return this;
  }

  take({ state, actions }: Judged): void {
    this.state = state;
    this.actions.push(...actions);
  }

  get observed() {
    return observed(this.state, this.#rules, this.now);
  }

  get usable() {
    return usable(this.observed);
  }

  get wakesIn() {
    const at = wakeAt(this.state, this.#rules, this.now);
    return at === undefined ? undefined : at - this.now;
  }
}

describe('what checks say', () => {
  test.each([
    { name: 'nothing, before the first', events: [], expected: 'checking' },
    { name: 'up, after one that is good, whatever `rise` is', events: [GOOD], expected: 'up' },
    { name: 'nothing new, after fewer than `fall` bad ones', events: [BAD, BAD], expected: 'checking' },
    { name: 'down, after `fall` bad ones', events: [BAD, BAD, BAD], expected: 'down' },
    { name: 'up, when the first good one comes before that', events: [BAD, BAD, GOOD], expected: 'up' },
    { name: 'up still, after fewer than `fall`', events: [GOOD, BAD, BAD], expected: 'up' },
    { name: 'up still, when not all of them are in a row', events: [GOOD, BAD, BAD, GOOD, BAD, BAD], expected: 'up' },
    { name: 'down, when they are', events: [GOOD, BAD, BAD, GOOD, BAD, BAD, BAD], expected: 'down' },
    { name: 'down still, after fewer than `rise`', events: [BAD, BAD, BAD, GOOD], expected: 'down' },
    { name: 'down still, when not all are in a row', events: [BAD, BAD, BAD, GOOD, BAD, GOOD], expected: 'down' },
    { name: 'up, when they are', events: [BAD, BAD, BAD, GOOD, BAD, GOOD, GOOD], expected: 'up' },
  ])('$name', ({ events, expected }) => {
    expect(new Play(RULES).after(0, ...events).observed.health).toBe(expected);
  });

  test('up from the start, where the pool says so; and down after `fall` bad ones', () => {
    const play = new Play({ ...RULES, checks: { rise: 2, fall: 3, initial: 'up' } });
    expect(play.observed.health).toBe('up');
    expect(play.after(0, BAD, BAD).observed.health).toBe('up');
    expect(play.after(0, BAD).observed.health).toBe('down');
  });

  test('that it is unknown, where nobody checks; then a late result changes nothing', () => {
    const play = new Play(UNCHECKED).after(5, BAD, BAD, BAD, BAD);
    expect(play.observed).toMatchObject({ health: 'unknown', problem: undefined });
    expect(play.usable).toBe('up');
  });

  test('the problem of the last one as soon as there is one, and of one that is down until it is up', () => {
    const play = new Play(RULES).after(0, GOOD, BAD);
    expect(play.observed).toMatchObject({ health: 'up', problem: 'connection refused' });
    expect(play.after(0, GOOD).observed.problem).toBeUndefined();
    play.after(0, BAD, BAD, { kind: 'checked', problem: 'no answer within 2s' });
    expect(play.observed).toMatchObject({ health: 'down', problem: 'no answer within 2s' });
    expect(play.after(0, GOOD).observed.problem).toBe('no answer within 2s');
    expect(play.after(0, GOOD).observed.problem).toBeUndefined();
  });

  test('when that changed last', () => {
    const play = new Play(RULES);
    const start = play.now;
    expect(play.after(10, BAD).observed.since).toBe(start);
    expect(play.after(10, GOOD).observed.since).toBe(start + 20);
    expect(play.after(10, GOOD, BAD, BAD).observed.since).toBe(start + 20);
    expect(play.after(10, BAD).observed.since).toBe(start + 40);
  });

  test('is told once for each change', () => {
    const play = new Play(RULES).after(0, GOOD, GOOD, BAD, BAD, BAD, BAD, GOOD, GOOD, GOOD);
    expect(play.actions).toEqual([{ kind: 'up' }, { kind: 'down', problem: 'connection refused' }, { kind: 'up' }]);
  });
});

describe('an ejection', () => {
  test('lasts for its time, then one request at a time decides', () => {
    const play = new Play(UNCHECKED).after(0, FAILING);
    expect(play.usable).toBe('ejected');
    expect(play.observed.ejectedUntil).toBe(play.now + 30_000);
    expect(play.wakesIn).toBe(30_000);
    expect(play.after(29_999, TIME).usable).toBe('ejected');
    expect(play.after(1, TIME).usable).toBe('trial');
    expect(play.observed).toMatchObject({ ejectedUntil: undefined, trial: true });
    expect(play.after(5000, TIME).usable).toBe('trial');
    expect(play.after(0, SUCCEEDED).usable).toBe('up');
    expect(play.actions.map(({ kind }) => kind)).toEqual(['ejected', 'trial', 'returned']);
  });

  test('is longer with each failure on trial, up to the limit, and told with its end', () => {
    const play = new Play(UNCHECKED).after(0, FAILING);
    const lengths = [30_000, 60_000, 90_000, 100_000, 100_000];
    for (const length of lengths) {
      expect(play.actions.at(-1)).toEqual({ ...FAILING, kind: 'ejected', until: play.now + length });
      play.after(length, TIME, FAILING);
    }
  });

  test.each([
    { name: 'is longer soon after the last one', served: 29_999, expected: 90_000 },
    {
      name: 'is as long as the last one after the time of the first has been served well',
      served: 30_000,
      expected: 60_000,
    },
    { name: 'is as the first after twice that time', served: 60_000, expected: 30_000 },
    { name: 'is never shorter than the first', served: 3_600_000, expected: 30_000 },
  ])('$name', ({ served, expected }) => {
    const play = new Play(UNCHECKED).after(0, FAILING).after(30_000, TIME, FAILING).after(60_000, TIME, SUCCEEDED);
    play.after(served, FAILING);
    expect(play.wakesIn).toBe(expected);
  });

  test('comes down from the limit at once, as times beyond it are not counted', () => {
    const play = new Play(UNCHECKED).after(0, FAILING);
    for (let i = 0; i < 50; i++) play.after(100_000, TIME, FAILING);
    play.after(100_000, TIME, SUCCEEDED).after(90_000, FAILING);
    expect(play.wakesIn).toBe(60_000);
  });

  test.each([
    { name: 'one that is ejected', before: [GOOD, FAILING] },
    { name: 'one that is down', before: [BAD, BAD, BAD] },
    { name: 'one that is not known to be up', before: [] },
  ])('does not befall $name: it is out already', ({ before }) => {
    const play = new Play(RULES).after(0, ...before);
    const { state } = play;
    expect(play.after(7, FAILING).state).toBe(state);
  });

  test('does not befall anybody where it is off', () => {
    expect(new Play({ ...UNCHECKED, ejection: undefined }).after(0, FAILING).usable).toBe('up');
  });

  test('is not ended by a good check, nor by a request of before that succeeds', () => {
    expect(new Play(RULES).after(0, GOOD, FAILING, GOOD, GOOD, GOOD, SUCCEEDED).usable).toBe('ejected');
  });

  test('goes on while checks say down, and the trial waits until they say up', () => {
    const play = new Play(RULES).after(0, GOOD, FAILING).after(5, BAD, BAD, BAD);
    expect(play.usable).toBe('down');
    expect(play.after(29_995, TIME).usable).toBe('down');
    expect(play.after(0, GOOD, GOOD).usable).toBe('trial');
  });

  test('is ended by who has reason to', () => {
    const play = new Play(UNCHECKED).after(0, FAILING, { kind: 'pardoned', why: 'so be it' });
    expect(play.usable).toBe('up');
    expect(play.actions.at(-1)).toEqual({ kind: 'returned', why: 'so be it' });
    const { state } = play;
    expect(play.after(1, { kind: 'pardoned', why: 'again' }).state).toBe(state);
  });
});

describe('warming up', () => {
  /** The shares of the time after now, at each of its own wake-ups. */
  function course(play: Play): number[] {
    const shares = [play.observed.warmth];
    for (let next = play.wakesIn; next !== undefined; next = play.wakesIn) {
      expect(next).toBeGreaterThan(0);
      shares.push(play.after(next, TIME).observed.warmth);
    }
    return shares;
  }

  const IN_STEPS = [0.05, ...Array.from({ length: 20 }, (_, step) => (step + 1) / 20)];

  test('goes by twentieths, from one twentieth to all, and takes its time', () => {
    const play = new Play(SLOW).after(0, BAD, BAD, BAD, GOOD, GOOD);
    const begun = play.now;
    expect(course(play)).toEqual(IN_STEPS);
    expect(play.now - begun).toBe(20_000);
    expect(play.state.warmingSince).toBeUndefined();
  });

  test.each([1, 7, 33, 1000, 12_345, 3_600_000])('of %d ms is over after its time', (slowStart) => {
    const play = new Play({ ...RULES, slowStart }).after(0, BAD, BAD, BAD, GOOD, GOOD);
    const begun = play.now;
    expect(course(play).at(-1)).toBe(1);
    expect(play.now - begun).toBeCloseTo(slowStart, 6);
  });

  test.each([
    { name: 'what was down', rules: SLOW, joins: false, events: [BAD, BAD, BAD, GOOD, GOOD], warmth: 0.05 },
    { name: 'what was ejected', rules: SLOW, joins: false, events: [GOOD, FAILING, ENABLED], warmth: 0.05 },
    { name: 'what an operator puts back', rules: SLOW, joins: false, events: [GOOD, ENABLED], warmth: 0.05 },
    { name: 'what joins, once it is up', rules: SLOW, joins: true, events: [GOOD], warmth: 0.05 },
    {
      name: 'what joins and is not checked',
      rules: { ...SLOW, checks: undefined },
      joins: true,
      events: [],
      warmth: 0.05,
    },
    { name: 'not what the node starts with', rules: SLOW, joins: false, events: [GOOD], warmth: 1 },
    { name: 'nothing where there is no slow start', rules: RULES, joins: true, events: [GOOD, ENABLED], warmth: 1 },
    { name: 'nothing that is down', rules: SLOW, joins: true, events: [BAD, BAD, BAD], warmth: 1 },
  ])('is for $name', ({ rules, joins, events, warmth }) => {
    expect(new Play(rules, joins).after(3, ...events).observed.warmth).toBe(warmth);
  });

  test('begins when a trial has been stood', () => {
    const play = new Play(SLOW).after(0, GOOD, FAILING).after(30_000, TIME);
    expect(play.observed.warmth).toBe(1);
    expect(play.after(500, SUCCEEDED).observed.warmth).toBe(0.05);
  });

  test('begins anew with each return', () => {
    const play = new Play(SLOW).after(0, BAD, BAD, BAD, GOOD, GOOD).after(10_000, TIME);
    expect(play.observed.warmth).toBe(0.5);
    expect(play.after(0, BAD, BAD, BAD, GOOD, GOOD).observed.warmth).toBe(0.05);
  });

  test('of one that was put back while it was down begins when it is up', () => {
    const play = new Play(SLOW).after(0, BAD, BAD, BAD, ENABLED);
    expect(play.wakesIn).toBeUndefined();
    expect(play.after(60_000, GOOD, GOOD).observed.warmth).toBe(0.05);
  });

  test('of one that joins does not begin while it is checked for the first time', () => {
    const play = new Play(SLOW, true);
    expect(play.wakesIn).toBeUndefined();
    expect(play.after(60_000, GOOD).observed.warmth).toBe(0.05);
  });
});

test('an operator who puts an origin back wipes out what failed before', () => {
  const play = new Play(UNCHECKED).after(0, FAILING).after(30_000, TIME, FAILING, ENABLED);
  expect(play.usable).toBe('up');
  expect(play.actions.at(-1)).toEqual({ kind: 'returned', why: 'it was enabled' });
  expect(play.after(1, FAILING).wakesIn).toBe(30_000);
});

test('what was up before an operator put it back has to prove it by a good check', () => {
  const play = new Play(RULES).after(0, GOOD, ENABLED);
  expect(play.observed).toMatchObject({ health: 'up', unproven: true });
  expect(play.after(0, BAD, BAD).observed).toMatchObject({ health: 'up', unproven: true });
  expect(play.after(0, BAD).observed).toMatchObject({ health: 'down', unproven: false });
  expect(new Play(RULES).after(0, GOOD, ENABLED, GOOD).observed.unproven).toBe(false);
  expect(new Play(UNCHECKED).after(0, ENABLED).observed.unproven).toBe(false);
});

describe('new rules', () => {
  test.each([
    { name: 'let what is up be up', from: RULES, to: SLOW, events: [GOOD], health: 'up' },
    { name: 'let what is down be down', from: RULES, to: SLOW, events: [BAD, BAD, BAD], health: 'down' },
    {
      name: 'leave in service what is to be checked from now on',
      from: UNCHECKED,
      to: RULES,
      events: [],
      health: 'up',
    },
    {
      name: 'make unknown what is no longer checked',
      from: RULES,
      to: UNCHECKED,
      events: [BAD, BAD, BAD],
      health: 'unknown',
    },
  ])('$name', ({ from, to, events, health }) => {
    const play = new Play(from).after(0, ...events);
    const { state } = underNewRules(play.state, to, play.now + 10);
    expect(observed(state, to, play.now + 10).health).toBe(health);
  });

  test('go on counting: else nobody would go down who is reloaded often', () => {
    const play = new Play(RULES).after(0, GOOD, BAD, BAD);
    play.take(underNewRules(play.state, RULES, play.now));
    expect(play.after(0, BAD).observed.health).toBe('down');
  });

  test('without checks warm up what was down', () => {
    const play = new Play(SLOW).after(0, BAD, BAD, BAD);
    const unchecked = { ...SLOW, checks: undefined };
    const { state } = underNewRules(play.state, unchecked, play.now);
    expect(observed(state, unchecked, play.now)).toMatchObject({ health: 'unknown', problem: undefined, warmth: 0.05 });
  });

  test('let an ejection last; without ejections it ends', () => {
    const play = new Play(UNCHECKED).after(0, FAILING);
    expect(underNewRules(play.state, RULES, play.now).state.service.kind).toBe('ejected');
    const ended = underNewRules(play.state, { ...UNCHECKED, ejection: undefined }, play.now);
    expect(ended.state.service.kind).toBe('in');
    expect(ended.actions.map(({ kind }) => kind)).toEqual(['returned']);
  });

  test('of warming up hold for what warms up already', () => {
    const play = new Play(SLOW).after(0, GOOD, ENABLED).after(5000, TIME);
    const at = (rules: Rules) => {
      const { state } = underNewRules(play.state, rules, play.now);
      return [observed(state, rules, play.now).warmth, wakeAt(state, rules, play.now)];
    };
    expect(at({ ...SLOW, slowStart: 10_000 })).toEqual([0.5, play.now + 500]);
    expect(at({ ...SLOW, slowStart: 5000 })).toEqual([1, undefined]);
    expect(at(RULES)).toEqual([1, undefined]);
    expect(at({ ...RULES, ejection: undefined })).toEqual([1, undefined]);
  });
});
