import { describe, expect, test } from 'vitest';
import { bytes, clock, counted, duration, number, share, span, timestamp } from '../../../src/admin/page/figures.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('figures', () => {
  test.each([
    [0, '0'],
    [0.04, '<0.1'],
    [0.05, '0.1'],
    [9.94, '9.9'],
    [9.95, '10'],
    [999.4, '999'],
    [12_345.6, '12 346'],
    [1_234_567, '1 234 567'],
  ])('%d is written as %s', (value, expected) => {
    expect(plain(number(value))).toBe(expected);
  });

  test.each([
    [undefined, '–'],
    [0.4, '0.4 ms'],
    [999, '999 ms'],
    [1500, '1.5 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [61_000, '61 s'],
  ])('a latency of %s is %s', (value, expected) => {
    expect(plain(span(value))).toBe(expected);
  });

  test.each([
    [0, '0 B'],
    [1023, '1 023 B'],
    [1536, '1.5 KiB'],
    [10 * 1024 ** 3, '10 GiB'],
    [5000 * 1024 ** 4, '5 000 TiB'],
  ])('%d bytes are %s', (value, expected) => {
    expect(plain(bytes(value))).toBe(expected);
  });

  test.each([
    [-5, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [3_599_000, '59 min'],
    [3 * 3_600_000 + 720_000, '3 h 12 min'],
    [52 * 3_600_000, '2 d 4 h'],
  ])('%d ms last %s', (value, expected) => {
    expect(plain(duration(value))).toBe(expected);
  });

  test('a share of nothing is not known', () => {
    expect([share(undefined), plain(share(0.0012)), plain(share(1))]).toEqual(['–', '0.1 %', '100 %']);
  });

  test('a time of another day has its date, and one that is none is told as the first', () => {
    const now = Date.UTC(2026, 10, 21, 12);
    expect(clock(now - 1000, now)).toBe('11:59:59');
    expect(clock(now - 86_400_000, now)).toBe('2026-11-20 12:00:00');
    expect([timestamp(Number.NaN), timestamp(1e300)]).toEqual(['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z']);
  });

  test('one is not many', () => {
    expect([counted(1, 'origin'), counted(0, 'origin'), counted(2, 'entry', 'entries')]).toEqual([
      '1 origin',
      '0 origins',
      '2 entries',
    ]);
  });
});
