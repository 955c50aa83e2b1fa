import { describe, expect, test } from 'vitest';
import { eligibility } from '../../../src/proxy/pool/eligibility.ts';
import type { Standing } from '../../../src/proxy/pool/standing.ts';
import { WELL } from './pool-plan.ts';

const DOWN = { health: 'down' } as const;
const DRAINED = { admits: 'known' } as const;
const MAINT = { admits: 'none' } as const;
const STANDBY = { role: 'standby' } as const;
const SPARE = { role: 'spare' } as const;

function of(...changes: Partial<Standing>[]) {
  return eligibility(
    changes.map((each) => ({ ...WELL, ...each })),
    'try',
  );
}

describe('who may get a request', () => {
  test.each<{ name: string; origins: Partial<Standing>[]; eligible: number[]; mode?: string }>([
    { name: 'all that are well', origins: [{}, {}, {}], eligible: [0, 1, 2] },
    {
      name: 'no origin that is down, ejected or not yet checked',
      eligible: [3],
      origins: [DOWN, { health: 'ejected' }, { health: 'checking' }, {}],
    },
    { name: 'one on trial', origins: [{}, { health: 'trial' }], eligible: [0, 1] },
    { name: 'no drained origin, none in maint', origins: [DRAINED, MAINT, {}], eligible: [2] },
    { name: 'no standby beside a primary', origins: [{}, STANDBY], eligible: [0] },
    { name: 'the standbys without a primary', origins: [DOWN, STANDBY, STANDBY], eligible: [1, 2] },
    { name: 'the standbys when the primaries are drained', origins: [DRAINED, STANDBY], eligible: [1] },
    { name: 'no spare while all primaries are well', origins: [{}, {}, SPARE], eligible: [0, 1] },
    { name: 'a spare for each that is out', origins: [{}, DOWN, SPARE, SPARE], eligible: [0, 2] },
    { name: 'no more spares than there are', origins: [DOWN, DRAINED, {}, SPARE], eligible: [2, 3] },
    {
      name: 'a spare that is well, and not the first one',
      origins: [{}, MAINT, { ...SPARE, ...DOWN }, SPARE],
      eligible: [0, 3],
    },
    { name: 'spares alone', origins: [DOWN, DOWN, SPARE, STANDBY], eligible: [2] },
    { name: 'the lowest set', origins: [{ set: 2 }, { set: 1 }, { set: 1 }], eligible: [1, 2] },
    { name: 'the next set when the lowest is out', origins: [{ ...DOWN }, { set: 5 }, { set: 9 }], eligible: [1] },
    { name: 'spares of their own set only', origins: [{}, DOWN, { ...SPARE, set: 1 }], eligible: [0] },
    { name: 'spares of another set when nobody else is well', origins: [DOWN, { ...SPARE, set: 1 }], eligible: [1] },
    { name: 'spares whose place nobody had', origins: [SPARE, SPARE, { ...SPARE, set: 1 }], eligible: [0, 1] },
    { name: 'standbys before spares whose place nobody had', origins: [SPARE, STANDBY], eligible: [1] },
    { name: 'the set of a spare before the next set', origins: [DOWN, SPARE, { set: 1 }], eligible: [1] },
    { name: 'the primaries of a later set before standbys', origins: [DOWN, STANDBY, { set: 1 }], eligible: [2] },
    {
      name: 'the standbys of the lowest set that has any',
      origins: [DOWN, { ...STANDBY, set: 2 }, { ...STANDBY, set: 1 }],
      eligible: [2],
    },
    {
      name: 'all that are down, for want of better',
      origins: [DOWN, { health: 'ejected' }, { ...STANDBY, ...DOWN }],
      eligible: [0, 1, 2],
      mode: 'panic',
    },
    {
      name: 'in a panic nobody whom an operator took away',
      origins: [DOWN, { ...DOWN, ...DRAINED }, MAINT, { health: 'forced_down' }],
      eligible: [0],
      mode: 'panic',
    },
    {
      name: 'nobody, while they are being checked for the first time',
      origins: [{ health: 'checking' }, MAINT],
      eligible: [],
      mode: 'checking',
    },
    {
      name: 'nobody where an operator took them all away',
      origins: [MAINT, DRAINED, { health: 'forced_down' }],
      eligible: [],
      mode: 'none',
    },
  ])('is $name', ({ origins, eligible, mode = 'normal' }) => {
    expect(of(...origins)).toMatchObject({ eligible, mode });
  });

  test('is nobody in a panic where the pool says splash', () => {
    const down = [{ ...WELL, ...DOWN }];
    expect(eligibility(down, 'splash')).toMatchObject({ eligible: [], mode: 'none' });
  });
});

describe('who may get a request of a client that sticks to it', () => {
  test('is whoever is well and not in maint, whatever its role and set', () => {
    const { known } = of({}, DRAINED, MAINT, DOWN, STANDBY, { set: 7 }, { ...DRAINED, ...DOWN });
    expect(known).toEqual([true, true, false, false, true, true, false]);
  });

  test('in a panic also who is down, but never who is in maint', () => {
    const { known } = of(DOWN, { ...DOWN, ...DRAINED }, { ...DOWN, ...MAINT });
    expect(known).toEqual([true, true, false]);
  });
});
