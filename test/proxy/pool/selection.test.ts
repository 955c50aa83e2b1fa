import { describe, expect, test } from 'vitest';
import { nextInTurn, weightedSchedule } from '../../../src/proxy/pool/selection.ts';

const nobody = () => false;

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
  ])('of $weights is $turns', ({ weights, turns }) => expect([...weightedSchedule(weights)]).toEqual(turns));

  test.each([
    [[5, 1, 1]],
    [[1, 2, 3, 4, 5]],
    [[256, 1]],
    [[7, 7, 7, 1]],
    [[256, 255, 254, 3]],
    [Array.from({ length: 40 }, (_, i) => (i % 7) + 1)],
  ])('of %j gives each exactly its share in a cycle', (weights) => {
    const shares = weights.map(() => 0);
    for (const position of weightedSchedule(weights)) shares[position] = (shares[position] as number) + 1;
    const unit = (shares[0] as number) / (weights[0] as number);
    expect(shares).toEqual(weights.map((weight) => weight * unit));
  });

  test('is smooth: whoever has half of the turns never has three in a row', () => {
    const schedule = weightedSchedule([10, 5, 3, 2]);
    const twice = [...schedule, ...schedule].join('');
    expect(twice).not.toContain('000');
  });
});

describe('whose turn it is', () => {
  const schedule = weightedSchedule([3, 1]);

  test('goes round and round', () => {
    expect(Array.from({ length: 10 }, (_, turn) => nextInTurn(schedule, turn, nobody))).toEqual([
      0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
    ]);
  });

  test('goes on where a cursor of 32 bits wraps around', () => {
    const turns = [2 ** 32 - 2, 2 ** 32 - 1, 0, 1].map((turn) => nextInTurn(schedule, turn, nobody));
    expect(turns).toEqual([1, 0, 0, 0]);
  });

  test('is the next one’s, if one is excluded, however often that one stands in the schedule', () => {
    for (let turn = 0; turn < 8; turn++) {
      expect(nextInTurn(schedule, turn, (position) => position === 0)).toBe(1);
      expect(nextInTurn(schedule, turn, (position) => position === 1)).toBe(0);
    }
  });

  test('keeps to the weights of those that are left', () => {
    const three = weightedSchedule([2, 1, 1]);
    const counts = [0, 0, 0];
    for (let turn = 0; turn < 400; turn++) {
      const position = nextInTurn(three, turn, (each) => each === 0) as number;
      counts[position] = (counts[position] as number) + 1;
    }
    expect(counts[0]).toBe(0);
    expect(Math.min(...counts.slice(1))).toBeGreaterThanOrEqual(100);
  });

  test('is nobody’s when all are excluded, or when there is none', () => {
    expect(nextInTurn(schedule, 5, () => true)).toBeUndefined();
    expect(nextInTurn(new Uint16Array(0), 5, nobody)).toBeUndefined();
  });
});
