import { describe, expect, test } from 'vitest';
import { Challenges } from '../../../src/vrrp/witness/challenges.ts';

const SECRET = Buffer.from('of this start');

describe('a request', () => {
  test('is taken when it repeats the challenge, and is newer than the last one', () => {
    const challenges = new Challenges(SECRET);
    const challenge = challenges.of('front', 1n);
    expect(challenges.take('front', 1n, 0n, 1n)).toBe('challenge');
    expect(challenges.take('front', 1n, challenge, 2n)).toBe('new');
    expect(challenges.take('front', 1n, challenge, 2n)).toBe('replay');
    expect(challenges.take('front', 1n, challenge, 1n)).toBe('replay');
    expect(challenges.take('front', 1n, challenge, 5n)).toBe('new');
  });

  test.each([
    { name: 'another run', subject: 'front', run: 2n },
    { name: 'another virtual router', subject: 'back', run: 1n },
  ])('with the challenge of $name is challenged', ({ subject, run }) => {
    const challenges = new Challenges(SECRET);
    expect(challenges.take('front', 1n, challenges.of(subject, run), 1n)).toBe('challenge');
  });

  test('of before the voter started is challenged', () => {
    const challenge = new Challenges(SECRET).of('front', 1n);
    expect(new Challenges(Buffer.from('of the next start')).take('front', 1n, challenge, 9n)).toBe('challenge');
  });

  test('of one that was forgotten for others is challenged, and with something else', () => {
    const challenges = new Challenges(SECRET, 2);
    const old = challenges.of('front', 1n);
    for (const run of [1n, 2n, 3n]) challenges.take('front', run, challenges.of('front', run), 1n);
    expect(challenges.size).toBe(2);
    expect(challenges.take('front', 1n, old, 2n)).toBe('challenge');
    expect(challenges.take('front', 1n, challenges.of('front', 1n), 3n)).toBe('new');
  });
});

test('whoever asked last is forgotten last', () => {
  const challenges = new Challenges(SECRET, 2);
  const take = (run: bigint, number: bigint) => challenges.take('front', run, challenges.of('front', run), number);
  take(1n, 1n);
  take(2n, 1n);
  take(1n, 2n);
  take(3n, 1n);
  expect(take(1n, 2n)).toBe('replay');
});

test('requests that are not taken leave nothing behind', () => {
  const challenges = new Challenges(SECRET);
  for (let run = 1n; run < 1000n; run++) challenges.take('front', run, 0n, 1n);
  expect(challenges.size).toBe(0);
});
