import { describe, expect, test } from 'vitest';
import { RoundRobin } from '../../../../src/proxy/pool/balance/round-robin.ts';
import { unrolled } from '../../../../src/proxy/pool/balance/schedule.ts';
import { candidates, REQUEST, scene } from './scene.ts';

describe('the order of turns by weight', () => {
  test.each([
    { weights: [1], turns: [0] },
    { weights: [1, 1, 1], turns: [0, 1, 2] },
    { weights: [5, 1, 1], turns: [0, 0, 1, 0, 2, 0, 0] },
    { weights: [1, 5], turns: [1, 1, 0, 1, 1, 1] },
    { weights: [2, 1], turns: [0, 1, 0] },
    { weights: [4, 3, 2, 1], turns: [0, 1, 2, 0, 1, 3, 0, 2, 1, 0] },
    { weights: [100, 100], turns: [0, 1] },
    { weights: [200, 100], turns: [0, 1, 0] },
    { weights: [256], turns: [0] },
    { weights: [], turns: [] },
  ])('of $weights is $turns', ({ weights, turns }) => expect([...unrolled(weights)]).toEqual(turns));

  test.each([
    [[5, 1, 1]],
    [[1, 2, 3, 4, 5]],
    [[256, 1]],
    [[7, 7, 7, 1]],
    [[256, 255, 254, 3]],
    [Array.from({ length: 40 }, (_, i) => (i % 7) + 1)],
  ])('of %j gives each exactly its share in a cycle', (weights) => {
    const shares = weights.map(() => 0);
    for (const position of unrolled(weights)) shares[position] = (shares[position] as number) + 1;
    const unit = (shares[0] as number) / (weights[0] as number);
    expect(shares).toEqual(weights.map((weight) => weight * unit));
  });

  test.each([
    { name: 'a thousand weights without a divisor', weights: Array.from({ length: 1000 }, (_, i) => 20_000 + i) },
    { name: 'eight thousand', weights: Array.from({ length: 8192 }, (_, i) => 1 + ((i * 7919) % 25_600)) },
    { name: 'two that are far apart', weights: [25_600, 1] },
  ])('of $name is bounded, and nobody’s share is nothing', ({ weights }) => {
    const begun = performance.now();
    const schedule = unrolled(weights);
    expect(performance.now() - begun).toBeLessThan(500);
    expect(schedule.length).toBeLessThanOrEqual(65_536 + weights.length);
    const shares = weights.map(() => 0);
    for (const position of schedule) shares[position] = (shares[position] as number) + 1;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, weight] of weights.entries()) {
      expect(shares[i]).toBeGreaterThan(0);
      expect(Math.abs((shares[i] as number) - (weight / total) * schedule.length)).toBeLessThanOrEqual(2);
    }
  });

  test('is smooth: whoever has half of the turns never has three in a row', () => {
    const schedule = unrolled([10, 5, 3, 2]);
    const twice = [...schedule, ...schedule].join('');
    expect(twice).not.toContain('000');
  });
});

describe('whose turn it is', () => {
  const three = () => roundRobin(3, 1);

  test('goes round and round', () => {
    const policy = three();
    expect(Array.from({ length: 10 }, (_, turn) => policy.choose(turn, REQUEST, scene()))).toEqual([
      0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
    ]);
  });

  test('goes on where a cursor of 32 bits wraps around', () => {
    const turns = [2 ** 32 - 2, 2 ** 32 - 1, 0, 1].map((turn) => three().choose(turn, REQUEST, scene()));
    expect(turns).toEqual([1, 0, 0, 0]);
  });

  test('is the next one’s, if one is excluded, however often that one stands in the schedule', () => {
    for (let turn = 0; turn < 8; turn++) {
      expect(three().choose(turn, REQUEST, scene({ excluded: [0] }))).toBe(1);
      expect(three().choose(turn, REQUEST, scene({ excluded: [1] }))).toBe(0);
    }
  });

  test('keeps to the weights of those that are left', () => {
    const policy = roundRobin(2, 1, 1);
    const counts = [0, 0, 0];
    for (let turn = 0; turn < 400; turn++) {
      const position = policy.choose(turn, REQUEST, scene({ excluded: [0] })) as number;
      counts[position] = (counts[position] as number) + 1;
    }
    expect(counts[0]).toBe(0);
    expect(Math.min(...counts.slice(1))).toBeGreaterThanOrEqual(100);
  });

  test('is found also when nearly all of a long schedule is excluded', () => {
    const weights = Array.from({ length: 1000 }, (_, i) => 1 + ((i * 7919) % 25_600));
    const policy = roundRobin(...weights);
    const excluded = weights.map((_, i) => i).filter((i) => i !== 613);
    expect(policy.choose(12_345, REQUEST, scene({ excluded }))).toBe(613);
  });

  test('is nobody’s when all are excluded, or when there is none', () => {
    expect(three().choose(5, REQUEST, scene({ excluded: [0, 1] }))).toBeUndefined();
    expect(roundRobin().choose(5, REQUEST, scene())).toBeUndefined();
  });

  test('is as the weights say over all workers that share one cursor', () => {
    const workers = [roundRobin(3, 2, 1), roundRobin(3, 2, 1), roundRobin(3, 2, 1)];
    const counts = [0, 0, 0];
    // Whichever worker it is that takes a turn.
    for (let turn = 0; turn < 6000; turn++) {
      const worker = workers[(turn * 7) % 3] as RoundRobin;
      const position = worker.choose(turn, REQUEST, scene()) as number;
      counts[position] = (counts[position] as number) + 1;
    }
    expect(counts).toEqual([3000, 2000, 1000]);
  });
});

function roundRobin(...weights: number[]): RoundRobin {
  return new RoundRobin(candidates(weights));
}
