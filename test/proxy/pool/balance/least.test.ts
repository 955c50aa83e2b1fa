import { describe, expect, test } from 'vitest';
import { Least, requestsInFlight, timeInFlight } from '../../../../src/proxy/pool/balance/least.ts';
import { candidates, REQUEST, scene } from './scene.ts';

describe('least-requests', () => {
  const policy = (...weights: number[]) => new Least(candidates(weights), requestsInFlight);

  test.each([
    { name: 'the one with the fewest', loads: [3, 1, 2], weights: [1, 1, 1], chosen: 1 },
    { name: 'the one with the fewest for its weight', loads: [3, 2, 2], weights: [4, 1, 1], chosen: 0 },
    { name: 'one of two that are excluded from it', loads: [0, 5, 6], weights: [1, 1, 1], excluded: [0], chosen: 1 },
  ])('takes $name', ({ loads, weights, excluded = [], chosen }) => {
    for (let turn = 0; turn < 10; turn++) {
      expect(policy(...weights).choose(turn, REQUEST, scene({ loads, excluded }))).toBe(chosen);
    }
  });

  test('has those that are idle take turns by weight', () => {
    const turns = Array.from({ length: 6 }, (_, turn) => policy(2, 1).choose(turn, REQUEST, scene()));
    expect(turns).toEqual([0, 1, 0, 0, 1, 0]);
  });

  test('of those that are idle passes over one that is far slower, and the others share its turns', () => {
    const counts = [0, 0, 0, 0];
    for (let turn = 0; turn < 4000; turn++) {
      const latencies = [10, 12, 800, 9];
      const position = policy(1, 1, 1, 1).choose(turn, REQUEST, scene({ latencies })) as number;
      counts[position] = (counts[position] as number) + 1;
    }
    expect(counts[2]).toBe(0);
    for (const position of [0, 1, 3]) expect(Math.abs((counts[position] as number) - 4000 / 3)).toBeLessThan(250);
  });

  test('gives a slow one what it can bear, when the others are busy', () => {
    const latencies = [10, 10, 800];
    expect(policy(1, 1, 1).choose(0, REQUEST, scene({ latencies, loads: [2, 3, 1] }))).toBe(2);
  });

  test('has nobody to take when all are excluded', () => {
    expect(policy(1, 1).choose(0, REQUEST, scene({ excluded: [0, 1] }))).toBeUndefined();
    expect(policy().choose(0, REQUEST, scene())).toBeUndefined();
  });

  test('of a thousand looks at some, and a slow one among them gets next to nothing', () => {
    const many = policy(...Array.from({ length: 1000 }, () => 1));
    const loads = Array.from({ length: 1000 }, (_, i) => (i < 100 ? 50 : 1));
    let slow = 0;
    for (let turn = 0; turn < 10_000; turn++) {
      const position = many.choose(turn, REQUEST, scene({ loads })) as number;
      if (position < 100) slow += 1;
    }
    expect(slow).toBe(0);
  });
});

describe('ewma', () => {
  const policy = (...weights: number[]) => new Least(candidates(weights), timeInFlight);

  test.each([
    { name: 'the quickest', latencies: [30, 10, 20], loads: [0, 0, 0], chosen: 1 },
    { name: 'a slower one that is less busy', latencies: [30, 10, 40], loads: [0, 5, 0], chosen: 0 },
    { name: 'one of which nothing is known', latencies: [5, 0, 5], loads: [0, 0, 0], chosen: 1 },
    {
      name: 'one that is known, while the first request is at the other',
      latencies: [500, 0],
      loads: [3, 1],
      chosen: 0,
    },
  ])('takes $name', ({ latencies, loads, chosen }) => {
    const three = policy(...latencies.map(() => 1));
    for (let turn = 0; turn < 5; turn++) expect(three.choose(turn, REQUEST, scene({ latencies, loads }))).toBe(chosen);
  });

  test('takes the heavier of two that are alike', () => {
    expect(policy(1, 2).choose(0, REQUEST, scene({ latencies: [10, 10], loads: [0, 0] }))).toBe(1);
  });
});
