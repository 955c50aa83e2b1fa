import { describe, expect, test } from 'vitest';
import { takesLast } from '../../src/operator/guard.ts';
import type { Standing } from '../../src/operator/standing.ts';

/** `up`, `up known`, `down none`: health, and who is admitted if that is not all. */
function standings(text: string): Standing[] {
  return text
    .split(', ')
    .filter((each) => each !== '')
    .map((each): Standing => {
      const [health, admits = 'all'] = each.split(' ') as [Standing['health'], Standing['admits'] | undefined];
      return { admits, health, role: 'primary', set: 0, weight: 100, ignoreErrors: false };
    });
}

describe('the last usable origin', () => {
  test.each([
    { name: 'one of two may go', before: 'up, up', after: 'up known, up', taken: false },
    { name: 'the last one may not be drained', before: 'up', after: 'up known', taken: true },
    { name: 'nor put into maint', before: 'up, up none', after: 'up none, up none', taken: true },
    { name: 'nor forced down', before: 'up', after: 'forced_down', taken: true },
    { name: 'nor removed', before: 'up, down', after: 'down', taken: true },
    { name: 'two at once may not, if they are all', before: 'up, up', after: 'up none, up none', taken: true },
    { name: 'who is down is of no use', before: 'up, down', after: 'up none, down', taken: true },
    { name: 'nor is who was ejected', before: 'up, ejected', after: 'up none, ejected', taken: true },
    { name: 'who is being checked is not yet of use', before: 'up, checking', after: 'up none, checking', taken: true },
    { name: 'who is on trial is', before: 'up, trial', after: 'up none, trial', taken: false },
    { name: 'the last that is checked, where none is up', before: 'checking', after: 'checking none', taken: true },
    {
      name: 'one that is checked beside another',
      before: 'checking, checking',
      after: 'checking none, checking',
      taken: false,
    },
    { name: 'what is down may go', before: 'down', after: 'down none', taken: false },
    { name: 'what is ejected may go', before: 'ejected', after: 'ejected none', taken: false },
    { name: 'where there is none, none is taken', before: 'up none, down', after: 'up none, down none', taken: false },
    { name: 'from drain to maint', before: 'up known', after: 'up none', taken: false },
    { name: 'to put one back', before: 'up none', after: 'up', taken: false },
    { name: 'a pool of none', before: '', after: '', taken: false },
  ])('$name: $taken', ({ before, after, taken }) => {
    expect(takesLast(standings(before), standings(after))).toBe(taken);
  });
});
