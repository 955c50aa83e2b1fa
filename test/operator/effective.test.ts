import { describe, expect, test } from 'vitest';
import { drain, effective, type Facts, held, standing } from '../../src/operator/effective.ts';
import type { Configured, Observed, OverrideValues } from '../../src/operator/model.ts';

const CONFIGURED: Configured = { url: 'http://app1.test', weight: 4, role: 'primary', set: 2 };

function facts(
  values: OverrideValues | undefined,
  observed: Partial<Observed> = {},
  more: Partial<Facts> & { readonly deadline?: number; readonly onDeadline?: 'keep' | 'cut' } = {},
): Facts {
  const { deadline, onDeadline, ...rest } = more;
  const override = values && {
    values,
    by: 'alice',
    source: 'api',
    reason: '',
    since: 50,
    adminSince: 40,
    deadline,
    onDeadline,
    was: CONFIGURED,
  };
  return {
    configured: CONFIGURED,
    override,
    observed: { health: 'up', since: 0, warmth: 1, ...observed },
    removingSince: undefined,
    ...rest,
  };
}

describe('what holds', () => {
  test('is what the file says, where nobody said anything', () => {
    expect(held(facts(undefined))).toEqual({
      admin: 'active',
      role: 'primary',
      health: 'up',
      weight: 4,
      set: 2,
      ignoreErrors: false,
    });
  });

  test.each([
    { values: { admin: 'drain' }, holds: { admin: 'drain', weight: 4 } },
    { values: { weight: 9 }, holds: { admin: 'active', weight: 9, set: 2 } },
    { values: { set: 0, role: 'spare' }, holds: { set: 0, role: 'spare' } },
    { values: { health: 'forced_down' }, holds: { health: 'forced_down' } },
    { values: { ignoreErrors: true }, holds: { ignoreErrors: true } },
  ] as const)('is what an operator said: $values', ({ values, holds }) => {
    expect(held(facts(values))).toMatchObject(holds);
  });
});

describe('what workers are told', () => {
  test.each([
    { name: 'all may come', values: {}, observed: {}, told: { admits: 'all', health: 'up', weight: 400, set: 2 } },
    { name: 'sticky clients stay in a drain', values: { admin: 'drain' }, observed: {}, told: { admits: 'known' } },
    { name: 'nobody comes in maint', values: { admin: 'maint' }, observed: {}, told: { admits: 'none' } },
    { name: 'nobody comes when stopped', values: { admin: 'stopped' }, observed: {}, told: { admits: 'none' } },
    {
      name: 'an operator says down, whatever is seen',
      values: { health: 'forced_down' },
      observed: { ejectedUntil: 9 },
      told: { admits: 'all', health: 'forced_down' },
    },
    { name: 'checks say down', values: {}, observed: { health: 'down' }, told: { admits: 'all', health: 'down' } },
    { name: 'no check was good yet', values: {}, observed: { health: 'checking' }, told: { health: 'checking' } },
    { name: 'nobody checks', values: {}, observed: { health: 'unknown' }, told: { health: 'up' } },
    { name: 'requests failed', values: {}, observed: { ejectedUntil: 9 }, told: { health: 'ejected' } },
    { name: 'it is on trial', values: {}, observed: { trial: true }, told: { health: 'trial' } },
    {
      name: 'checks say down of what is ejected',
      values: {},
      observed: { health: 'down', ejectedUntil: 9 },
      told: { health: 'down' },
    },
    {
      name: 'failed requests are ignored',
      values: { ignoreErrors: true },
      observed: { ejectedUntil: 9 },
      told: { health: 'up', ignoreErrors: true },
    },
    {
      name: 'failed checks are not',
      values: { ignoreErrors: true },
      observed: { health: 'down' },
      told: { health: 'down' },
    },
    { name: 'it warms up', values: {}, observed: { warmth: 0.25 }, told: { weight: 100 } },
    { name: 'it is never without weight', values: { weight: 1 }, observed: { warmth: 0.0001 }, told: { weight: 1 } },
    { name: 'the greatest weight', values: { weight: 256 }, observed: {}, told: { weight: 25_600 } },
  ] as const)('$name', ({ values, observed, told }) => {
    expect(standing(facts(values, observed))).toMatchObject(told);
  });

  test('of what is being removed: nobody comes', () => {
    expect(standing(facts(undefined, {}, { removingSince: 7 }))).toMatchObject({ admits: 'none' });
  });
});

describe('in one word', () => {
  test.each([
    { word: 'active', values: {}, observed: {}, serving: true, drained: false },
    { word: 'active', values: {}, observed: { trial: true }, serving: true, drained: false },
    { word: 'active', values: {}, observed: { health: 'unknown' }, serving: true, drained: false },
    { word: 'warming', values: {}, observed: { warmth: 0.5 }, serving: true, drained: false },
    { word: 'draining', values: { admin: 'drain' }, observed: {}, serving: false, drained: false },
    { word: 'drained', values: { admin: 'drain' }, observed: {}, serving: false, drained: true },
    { word: 'draining', values: { admin: 'drain' }, observed: { health: 'down' }, serving: false, drained: false },
    { word: 'maint', values: { admin: 'maint' }, observed: { health: 'down' }, serving: false, drained: true },
    { word: 'stopped', values: { admin: 'stopped' }, observed: {}, serving: false, drained: false },
    { word: 'down', values: {}, observed: { health: 'down' }, serving: false, drained: false },
    { word: 'down', values: {}, observed: { health: 'down' }, serving: true, drained: false },
    { word: 'down', values: {}, observed: { health: 'checking' }, serving: false, drained: false },
    { word: 'down', values: {}, observed: { ejectedUntil: 9 }, serving: false, drained: false },
    { word: 'down', values: { health: 'forced_down' }, observed: {}, serving: false, drained: false },
    { word: 'standby', values: { role: 'standby' }, observed: {}, serving: false, drained: false },
    { word: 'active', values: { role: 'standby' }, observed: {}, serving: true, drained: false },
    { word: 'spare', values: { role: 'spare' }, observed: {}, serving: false, drained: false },
    { word: 'standby', values: { set: 3 }, observed: {}, serving: false, drained: false },
  ] as const)('$word: $values, $observed, serving $serving', ({ word, values, observed, serving, drained }) => {
    const all = facts(values, observed);
    expect(effective(all, serving, drain(all, drained))).toBe(word);
  });

  test('removing comes before all else', () => {
    const all = facts({ admin: 'drain' }, { health: 'down' }, { removingSince: 7 });
    expect(effective(all, false, drain(all, true))).toBe('removing');
  });
});

describe('a drain', () => {
  test.each([
    { values: undefined, more: {}, is: undefined },
    { values: { weight: 3 }, more: {}, is: undefined },
    { values: { health: 'forced_down' }, more: {}, is: undefined },
    {
      values: { admin: 'drain' },
      more: {},
      is: { since: 40, deadline: undefined, onDeadline: 'keep', drained: true },
    },
    { values: { admin: 'maint' }, more: { deadline: 90, onDeadline: 'cut' }, is: { deadline: 90, onDeadline: 'cut' } },
    { values: { admin: 'stopped' }, more: { deadline: 90 }, is: { deadline: 90, onDeadline: 'cut' } },
    { values: { admin: 'stopped' }, more: { deadline: 90, onDeadline: 'keep' }, is: { onDeadline: 'keep' } },
    { values: undefined, more: { removingSince: 7 }, is: { since: 7, deadline: undefined, onDeadline: 'keep' } },
  ] as const)('of $values with $more is $is', ({ values, more, is }) => {
    const state = drain(facts(values, {}, more), true);
    if (is === undefined) expect(state).toBeUndefined();
    else expect(state).toMatchObject(is);
  });
});
