import { expect, test } from 'vitest';
import { healthOf, problemsOf } from '../../src/admin/sibling-problems.ts';
import { linkedAt, NEVER_ASKED, progress, sibling } from '../support/sibling-report.ts';

/** What is told of a sibling that somebody should look at. */

const NOW = 1_700_000_000_000;
const UP = linkedAt(NOW);
const DOWN = { ...UP, standing: 'down', why: 'ECONNRESET', linked: undefined, subscribed: undefined } as const;

test.each([
  { name: 'answers, and is no Portico node', told: [] },
  { name: 'has never been asked', account: NEVER_ASKED, told: [] },
  { name: 'is linked both ways', link: UP, told: [] },
  { name: 'is no sibling of ours by the link, as there is none', link: 'none' as const, told: [] },
  { name: 'is behind, and just being told', link: { ...UP, ours: progress(12, 3) }, told: [] },
  { name: 'does not answer', account: { standing: 'dead' as const }, told: ['does not answer'] },
  { name: 'answers too late', account: { standing: 'slow' as const }, told: ['answers too late'] },
  {
    name: 'says that it has what it has not',
    account: { fetching: 'paused' as const },
    told: ['does not deliver what it says it has'],
  },
  {
    name: 'is on trial for that',
    account: { fetching: 'trial' as const },
    told: ['does not deliver what it says it has'],
  },
  {
    name: 'has refused all that it was asked',
    account: { hits: 0, misses: 0, denied: 3 },
    told: ['refuses to answer: are we in its list of who may ask?'],
  },
  { name: 'refused some of it once', account: { denied: 3 }, told: [] },
  {
    name: 'does not know the secret',
    link: { standing: 'refused' as const, why: 'it does not know the secret' },
    told: ['is not believed to be a Portico node of ours: it does not know the secret'],
  },
  { name: 'was linked', link: DOWN, told: ['the link is down: ECONNRESET'] },
  {
    name: 'was linked, and has missed purges',
    link: { ...DOWN, ours: progress(12, 9) },
    told: ['the link is down: ECONNRESET', 'has missed 3 purges'],
  },
  {
    name: 'is gone altogether',
    account: { standing: 'dead' as const },
    link: { ...DOWN, ours: progress(12, 11) },
    told: ['does not answer', 'the link is down: ECONNRESET', 'has missed 1 purge'],
  },
  {
    name: 'does not have us among its peers',
    link: { ...UP, subscribed: undefined },
    told: ['does not ask what is purged here: are we one of its peers?'],
  },
  { name: 'has only just been linked', link: { ...UP, linked: NOW - 1000, subscribed: undefined }, told: [] },
])('of one that $name: $told', ({ account = {}, link = {}, told }) => {
  expect(problemsOf(sibling('us-2', { account, link }), NOW)).toEqual(told);
});

test.each([
  { account: {}, health: 'alive' },
  { account: NEVER_ASKED, health: 'unknown' },
  { account: { standing: 'dead' as const }, health: 'dead' },
  { account: { ...NEVER_ASKED, standing: 'dead' as const }, health: 'dead' },
  { account: { standing: 'slow' as const }, health: 'slow' },
])('one that has $account is $health', ({ account, health }) => {
  expect(healthOf(sibling('us-2', { account }))).toBe(health);
});
