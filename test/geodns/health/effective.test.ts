import { describe, expect, test } from 'vitest';
import { changeDue, distinct, effective, failingOpen } from '../../../src/geodns/health/effective.ts';
import type { Health, Word } from '../../../src/geodns/health/model.ts';

interface Seen {
  readonly health: Health;
  readonly draining?: boolean;
  readonly due?: number;
}

function facts({ health, draining = false, due }: Seen, word?: Word) {
  return { word, observed: { health, draining, due } };
}

const DRAIN: Word = { admin: 'drain' };
const DOWN: Word = { admin: 'down' };

describe('what follows for a datacenter', () => {
  test.each<{ name: string; seen: Seen; word?: Word; is: string }>([
    { name: 'is up', seen: { health: 'up' }, is: 'serving' },
    { name: 'is checked by nobody', seen: { health: 'unknown' }, is: 'serving' },
    { name: 'is not yet checked', seen: { health: 'checking' }, is: 'serving' },
    { name: 'is down', seen: { health: 'down' }, is: 'down' },
    { name: 'is drained', seen: { health: 'up' }, word: DRAIN, is: 'drain' },
    { name: 'is drained and down', seen: { health: 'down' }, word: DRAIN, is: 'drain' },
    { name: 'is said to be down', seen: { health: 'up' }, word: DOWN, is: 'down' },
    { name: 'is that of a node that drains', seen: { health: 'up', draining: true }, is: 'drain' },
    { name: 'is that of a node that drains and has no workers', seen: { health: 'down', draining: true }, is: 'down' },
  ])('that $name: $is', ({ seen, word, is }) => {
    expect(effective(facts(seen, word))).toBe(is);
  });
});

describe('when it may change', () => {
  test.each<{ name: string; seen: Seen; word?: Word; due: number | undefined }>([
    { name: 'nobody knows of one that is well', seen: { health: 'up' }, due: undefined },
    { name: 'is when its checks say so', seen: { health: 'up', due: 7 }, due: 7 },
    { name: 'is so for one that comes back as well', seen: { health: 'down', due: 7 }, due: 7 },
    {
      name: 'is not by its checks while an operator keeps it out',
      seen: { health: 'up', due: 7 },
      word: DRAIN,
      due: undefined,
    },
    { name: 'is when the word of the operator ends', seen: { health: 'up' }, word: { ...DRAIN, expires: 9 }, due: 9 },
    {
      name: 'is not then if it is down all the same',
      seen: { health: 'down' },
      word: { ...DOWN, expires: 9 },
      due: undefined,
    },
    { name: 'is not by checks while the node drains', seen: { health: 'up', draining: true, due: 7 }, due: undefined },
  ])('$name', ({ seen, word, due }) => {
    expect(changeDue(facts(seen, word))).toBe(due);
  });
});

describe('a choice of which nobody is in service', () => {
  const choices = [['us', 'uk'], ['uk', 'us'], ['au'], [], ['us', 'uk', 'au']];

  test('is known by its datacenters, whatever their order', () => {
    expect(distinct(choices)).toEqual([['us', 'uk'], ['au'], [], ['us', 'uk', 'au']]);
  });

  test.each([
    { out: [], open: [] },
    { out: ['us'], open: [] },
    { out: ['au'], open: [['au']] },
    { out: ['us', 'uk'], open: [['us', 'uk']] },
    { out: ['us', 'uk', 'au'], open: [['us', 'uk'], ['au'], ['us', 'uk', 'au']] },
  ])('without $out: $open', ({ out, open }) => {
    expect(failingOpen(distinct(choices), (name) => !(out as string[]).includes(name))).toEqual(open);
  });
});
