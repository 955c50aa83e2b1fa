import { expect, test } from 'vitest';
import { fadedPeak, nextPeak } from '../../../../src/proxy/pool/balance/peak-latency.ts';

test.each([
  { name: 'is what was first seen', peak: 0, at: 0, latency: 20, now: 5, next: 20 },
  { name: 'rises at once', peak: 20, at: 0, latency: 900, now: 5, next: 900 },
  { name: 'stays after a quick one that follows at once', peak: 900, at: 1000, latency: 20, now: 1000, next: 900 },
  { name: 'falls to about a third of the way in ten seconds', peak: 1000, at: 0, latency: 0, now: 10_000, next: 368 },
  { name: 'is the newest after a long time', peak: 900, at: 0, latency: 20, now: 600_000, next: 20 },
  { name: 'goes on where its clock wraps around', peak: 1000, at: 2 ** 31 - 5_000, latency: 0, now: 5_000, next: 368 },
  { name: 'stands still when the clock was set back', peak: 900, at: 50_000, latency: 20, now: 10_000, next: 900 },
])('a peak $name', ({ peak, at, latency, now, next }) => {
  expect(Math.round(nextPeak(peak, at, latency, now))).toBe(next);
});

test('what is not renewed fades, so that who was slow is tried again', () => {
  expect(fadedPeak(1000, 0, 0)).toBe(1000);
  expect(Math.round(fadedPeak(1000, 0, 10_000))).toBe(368);
  expect(fadedPeak(1000, 0, 100_000)).toBeLessThan(1);
});
