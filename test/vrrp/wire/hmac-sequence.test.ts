import { describe, expect, test } from 'vitest';
import { type AntiReplay, ReceivedSequences, SendSequence, sequenceAt } from '../../../src/vrrp/wire/hmac-sequence.ts';
import { ip } from './packets.ts';

const TIME: AntiReplay = { by: 'time', window: 5000 };
const MONOTONIC: AntiReplay = { by: 'monotonic' };
const NOW = 1_767_268_800_250;
const A = ip('10.0.0.1');

test('an instant is seconds, 1/65536 s and a count of 0', () => {
  expect(sequenceAt(NOW)).toBe((1_767_268_800n << 32n) | (16_384n << 16n));
});

describe('what a sender counts', () => {
  test.each([
    { name: 'follows the clock', at: [NOW, NOW + 1, NOW + 2], steps: ['clock', 'clock', 'clock'] },
    { name: 'grows where the clock stands still', at: [NOW, NOW, NOW], steps: ['clock', 'one more', 'one more'] },
    {
      name: 'grows where it goes back a little',
      at: [NOW, NOW - 4000, NOW + 1],
      steps: ['clock', 'one more', 'clock'],
    },
    { name: 'begins anew where it went back a lot, by time', at: [NOW, NOW - 6000], steps: ['clock', 'clock'] },
  ])('$name', ({ at, steps }) => {
    const sequence = new SendSequence(TIME);
    let last = 0n;
    const seen = at.map((now) => {
      const before = last;
      last = sequence.next(now);
      return last === sequenceAt(now) ? 'clock' : last === before + 1n ? 'one more' : 'else';
    });
    expect(seen).toEqual(steps);
  });

  test('only ever grows, by sequence', () => {
    const sequence = new SendSequence(MONOTONIC);
    const first = sequence.next(NOW);
    expect(sequence.next(NOW - 3_600_000)).toBe(first + 1n);
  });
});

describe('what a receiver takes', () => {
  test('is greater than what it took before, of each sender', () => {
    const received = new ReceivedSequences(MONOTONIC);
    expect([5n, 5n, 4n, 6n].map((sequence) => received.take(A, sequence, NOW))).toEqual([true, false, false, true]);
    expect(received.take(ip('10.0.0.2'), 1n, NOW)).toBe(true);
  });

  test('goes on where 64 bits end', () => {
    const received = new ReceivedSequences(MONOTONIC);
    expect(received.take(A, (1n << 64n) - 1n, NOW)).toBe(true);
    expect(received.take(A, 0n, NOW)).toBe(true);
    expect(received.take(A, (1n << 64n) - 1n, NOW)).toBe(false);
  });

  test.each([
    { name: '5 s behind', sent: NOW - 5000, stale: false },
    { name: '6 s behind', sent: NOW - 6000, stale: true },
    { name: '5 s ahead', sent: NOW + 5000, stale: false },
    { name: '6 s ahead', sent: NOW + 6000, stale: true },
  ])('$name is stale: $stale', ({ sent, stale }) => {
    expect(new ReceivedSequences(TIME).isStale(sequenceAt(sent), NOW)).toBe(stale);
    expect(new ReceivedSequences(MONOTONIC).isStale(sequenceAt(sent), NOW)).toBe(false);
  });

  test('is not held up by a clock that was ahead and has been set right', () => {
    const received = new ReceivedSequences(TIME);
    const ahead = NOW + 3_600_000;
    expect(received.take(A, sequenceAt(ahead), ahead)).toBe(true);
    expect(received.take(A, sequenceAt(NOW), NOW)).toBe(true);
    expect(received.take(A, sequenceAt(NOW), NOW)).toBe(false);
  });

  test('is remembered of those that were heard last, and no more of them than was said', () => {
    const received = new ReceivedSequences(MONOTONIC, 2);
    const [b, c] = [ip('10.0.0.2'), ip('10.0.0.3')];
    received.take(A, 9n, NOW);
    received.take(b, 9n, NOW);
    received.take(A, 10n, NOW);
    received.take(c, 9n, NOW);
    expect(received.take(A, 10n, NOW)).toBe(false);
    expect(received.take(b, 9n, NOW)).toBe(true);
  });
});
