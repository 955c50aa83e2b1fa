import { describe, expect, test } from 'vitest';
import { overrideAfter, problemOf } from '../../src/operator/change.ts';
import type { Change } from '../../src/operator/commands.ts';
import type { Configured, Override } from '../../src/operator/model.ts';

const WAS: Configured = { url: 'http://app1.test', weight: 4, role: 'primary', set: 0 };
const BOB = { name: 'bob', source: 'page' };

function after(current: Override | undefined, change: Partial<Change>, now = 200): Override | undefined {
  return overrideAfter(WAS, current, { values: {}, reason: 'why', ...change }, BOB, now);
}

const drained: Override = {
  values: { admin: 'drain' },
  by: 'alice',
  source: 'api',
  reason: 'deploy',
  since: 100,
  adminSince: 100,
  expires: 900,
  deadline: 500,
  onDeadline: 'cut',
  was: WAS,
};

describe('a change', () => {
  test('says who, by which way, when and why, and what it was said of', () => {
    expect(after(undefined, { values: { weight: 9 }, expiresIn: 10 })).toEqual({
      values: { weight: 9 },
      by: 'bob',
      source: 'page',
      reason: 'why',
      since: 200,
      expires: 210,
      was: WAS,
    });
  });

  test('adds to what was said before; a drain goes on, and what was for a time stays so', () => {
    expect(after(drained, { values: { weight: 9 } })).toMatchObject({
      values: { admin: 'drain', weight: 9 },
      by: 'bob',
      since: 200,
      adminSince: 100,
      expires: 900,
      deadline: 500,
      onDeadline: 'cut',
    });
  });

  test('of the state begins the drain anew, without the deadline of the one before', () => {
    const maint = after(drained, { values: { admin: 'maint' } });
    expect(maint).toMatchObject({ values: { admin: 'maint' }, adminSince: 200 });
    expect(maint?.deadline).toBeUndefined();
    expect(maint?.expires).toBeUndefined();
  });

  test('may give a drain that runs another deadline', () => {
    expect(after(drained, { values: { admin: 'drain' }, deadlineIn: 1 })).toMatchObject({
      deadline: 201,
      onDeadline: 'cut',
      adminSince: 100,
    });
  });

  test('for good ends the time and the deadline that were said before, and is told as its own', () => {
    const change = { values: { admin: 'drain' }, expiresIn: null, deadlineIn: null } as const;
    const kept = after(drained, change);
    expect(kept).toMatchObject({ values: { admin: 'drain' }, by: 'bob', since: 200, adminSince: 100 });
    expect([kept?.expires, kept?.deadline, kept?.onDeadline]).toEqual([undefined, undefined, undefined]);
    expect(after(kept, change)).toBe(kept);
    expect(problemOf({ values: { admin: 'active' }, reason: '', expiresIn: null, deadlineIn: null })).toBeUndefined();
  });

  test.each([
    { name: 'active', values: { admin: 'active' } },
    { name: 'null', values: { admin: null } },
    { name: 'null and what the file says', values: { admin: null, weight: 4, role: 'primary', set: 0 } },
  ] as const)('back to the file by $name leaves nothing', ({ values }) => {
    expect(after(drained, { values })).toBeUndefined();
  });

  test.each([
    { name: 'the same', values: { admin: 'drain' } },
    { name: 'nothing', values: {} },
    { name: 'what the file says', values: { weight: 4 } },
    { name: 'undefined', values: { admin: undefined } },
  ] as const)('to $name is none', ({ values }) => {
    expect(after(drained, { values: values as Change['values'] })).toBe(drained);
  });
});

describe('bad input', () => {
  test.each<{ change: object; says: string }>([
    { change: { values: { admin: 'off' } }, says: 'admin: expected active, drain, maint, stopped, got "off"' },
    { change: { values: { weight: 0 } }, says: 'weight: expected a whole number from 1 to 256, got 0' },
    { change: { values: { weight: 257 } }, says: 'weight: expected' },
    { change: { values: { weight: 1.5 } }, says: 'weight: expected' },
    { change: { values: { weight: '5' } }, says: 'weight: expected a whole number from 1 to 256, got "5"' },
    { change: { values: { set: 100 } }, says: 'set: expected a whole number from 0 to 99' },
    { change: { values: { role: 'backup' } }, says: 'role: expected primary, standby, spare' },
    { change: { values: { health: 'up' } }, says: 'health: expected forced_down, got "up"' },
    { change: { values: { ignoreErrors: 1 } }, says: 'ignoreErrors: expected true or false' },
    { change: { values: { colour: 'red' } }, says: 'colour: unknown, expected one of admin, weight' },
    { change: { values: { constructor: 1 } }, says: 'constructor: unknown' },
    { change: { expiresIn: 0 }, says: 'expiresIn: expected milliseconds from 1' },
    { change: { expiresIn: Number.NaN }, says: 'expiresIn: expected' },
    { change: { deadlineIn: -1 }, says: 'deadlineIn: expected' },
    { change: { deadlineIn: 1, values: { admin: 'active' } }, says: 'deadlineIn, onDeadline: expected only with' },
    { change: { onDeadline: 'never' }, says: 'onDeadline: expected keep, cut' },
    { change: { reason: 'x'.repeat(501) }, says: 'reason: expected a text of at most 500 characters' },
    { change: { reason: 7 }, says: 'reason: expected' },
  ])('$change: $says', ({ change, says }) => {
    expect(problemOf({ values: {}, reason: '', ...change } as Change)).toContain(says);
  });

  test('is not what is right', () => {
    const values = {
      admin: 'drain',
      weight: 256,
      role: null,
      set: 0,
      health: 'forced_down',
      ignoreErrors: false,
    } as const;
    expect(problemOf({ values, reason: '', expiresIn: 1, deadlineIn: 0, onDeadline: 'cut' })).toBeUndefined();
  });
});
