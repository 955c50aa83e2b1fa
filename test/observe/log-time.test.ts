import { describe, expect, test } from 'vitest';
import { apacheTime, epochTime, isoTime } from '../../src/observe/log-time.ts';

const TIME = Date.UTC(2026, 10, 20, 21, 5, 0, 7);

describe('times of log lines', () => {
  test.each([
    { name: 'ISO 8601 with milliseconds', time: TIME, expected: '2026-11-20T21:05:00.007Z' },
    { name: 'a fraction of a millisecond cut off', time: TIME + 0.9, expected: '2026-11-20T21:05:00.007Z' },
    { name: 'the last millisecond of a second', time: TIME + 992, expected: '2026-11-20T21:05:00.999Z' },
    { name: 'the next second', time: TIME + 993, expected: '2026-11-20T21:05:01.000Z' },
  ])('are $name', ({ time, expected }) => {
    expect(isoTime()(time)).toBe(expected);
  });

  test('may come in any order, as long exchanges end after short ones', () => {
    const time = isoTime();
    const seconds = [0, 1, 0, 61, 60, 0].map((second) => time(TIME + second * 1000).slice(11, 19));
    expect(seconds).toEqual(['21:05:00', '21:05:01', '21:05:00', '21:06:01', '21:06:00', '21:05:00']);
  });

  test('are seconds and milliseconds since 1970 for Squid', () => {
    expect(epochTime()(TIME)).toBe(`${Math.floor(TIME / 1000)}.007`);
  });

  test.each([
    { name: 'UTC', offset: 0, expected: '20/Nov/2026:21:05:00 +0000' },
    { name: 'half an hour east, on the next day', offset: 330, expected: '21/Nov/2026:02:35:00 +0530' },
    { name: 'west', offset: -210, expected: '20/Nov/2026:17:35:00 -0330' },
  ])('are local with the zone for Apache: $name', ({ offset, expected }) => {
    expect(apacheTime(() => offset)(TIME)).toBe(expected);
  });

  test('follow the zone when summer time ends', () => {
    const time = apacheTime((at) => (at < TIME - 7 ? 120 : 60));
    expect([time(TIME - 1000), time(TIME)]).toEqual(['20/Nov/2026:23:04:59 +0200', '20/Nov/2026:22:05:00 +0100']);
  });
});
