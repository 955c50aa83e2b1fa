import { describe, expect, test } from 'vitest';
import { firstJudgement, type Judgement, judge } from '../../../src/geodns/health/judgement.ts';
import { Random } from '../../cache/memory/random.ts';

const RULES = { rise: 2, fall: 3, interval: 5000 };

/** `g`: good, `b`: bad; a check each interval from 0 on, done at once. */
function after(checks: string, rules = RULES): Judgement {
  let state = firstJudgement(0);
  for (const [index, check] of [...checks].entries()) {
    const now = index * rules.interval;
    state = judge(state, { problem: check === 'b' ? 'refused' : undefined, began: now }, rules, now);
  }
  return state;
}

describe('what checks say of a datacenter', () => {
  test.each([
    { checks: '', health: 'checking', due: 0, why: 'nothing is known: anything may come' },
    { checks: 'g', health: 'up', due: undefined, why: 'the first one decides' },
    { checks: 'b', health: 'down', due: undefined, why: 'also against it' },
    { checks: 'gb', health: 'up', due: 15_000, why: 'two more bad ones are needed' },
    { checks: 'gbb', health: 'up', due: 15_000, why: 'one more is needed' },
    { checks: 'gbbb', health: 'down', due: undefined, why: '`fall` in a row' },
    { checks: 'gbbgbb', health: 'up', due: 30_000, why: 'a good one between them ends the row' },
    { checks: 'bg', health: 'down', due: 10_000, why: 'one more good one is needed' },
    { checks: 'bgg', health: 'up', due: undefined, why: '`rise` in a row' },
    { checks: 'bgbg', health: 'down', due: 20_000, why: 'a bad one between them ends the row' },
  ])('"$checks" makes it $health, as $why', ({ checks, health, due }) => {
    expect(after(checks)).toMatchObject({ health, due });
  });

  test('has the problem of the last check while that is bad, and while it is down', () => {
    expect(after('gb').problem).toBe('refused');
    expect(after('gbg').problem).toBeUndefined();
    expect(after('gbbbg').problem).toBe('refused');
    expect(after('gbbbgg').problem).toBeUndefined();
  });

  test('is told since when it is so', () => {
    expect(after('ggg').since).toBe(0);
    expect(after('gbbb').since).toBe(15_000);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))('is what the last of them were (seed %d)', (seed) => {
    const random = new Random(seed);
    const rules = { rise: 1 + random.below(5), fall: 1 + random.below(5), interval: 1000 };
    let checks = random.pick(['g', 'b']);
    for (let step = 0; step < 200; step++) {
      checks += random.pick(['g', 'b']);
      const { health, due, against } = after(checks, rules);
      const [falls, rises] = ['b'.repeat(rules.fall), 'g'.repeat(rules.rise)];
      if (checks.length > rules.fall && checks.endsWith(falls)) expect(health).toBe('down');
      if (checks.length > rules.rise && checks.endsWith(rises)) expect(health).toBe('up');
      expect(due !== undefined, 'a change is due when checks speak against what is held').toBe(against > 0);
      const [last, next] = [(checks.length - 1) * rules.interval, checks.length * rules.interval];
      expect(due ?? next, 'not before another check').toBeGreaterThanOrEqual(next);
      expect(due ?? last).toBeLessThanOrEqual(last + 5 * rules.interval);
    }
  });
});
