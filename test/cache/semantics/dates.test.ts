import { describe, expect, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../../src/cache/semantics/dates.ts';
import { NOW } from './exchange.ts';

describe('an HTTP-date (RFC 9110 §5.6.7)', () => {
  const MEANT = Date.UTC(1994, 10, 6, 8, 49, 37);

  test.each([
    { name: 'IMF-fixdate', text: 'Sun, 06 Nov 1994 08:49:37 GMT', time: MEANT },
    { name: 'RFC 850', text: 'Sunday, 06-Nov-94 08:49:37 GMT', time: MEANT },
    { name: 'asctime', text: 'Sun Nov  6 08:49:37 1994', time: MEANT },
    { name: 'asctime with two digits', text: 'Wed Nov 16 08:49:37 1994', time: Date.UTC(1994, 10, 16, 8, 49, 37) },
    { name: 'in capitals', text: 'SUN, 06 NOV 1994 08:49:37 gmt', time: MEANT },
    { name: 'RFC 850 in capitals', text: 'SUNDAY, 06-NOV-94 08:49:37 gmt', time: MEANT },
    { name: 'of the wrong weekday', text: 'Mon, 06 Nov 1994 08:49:37 GMT', time: MEANT },
    { name: 'a leap second', text: 'Sat, 31 Dec 2016 23:59:60 GMT', time: Date.UTC(2017, 0, 1) },
    { name: 'a leap day', text: 'Thu, 29 Feb 2024 00:00:00 GMT', time: Date.UTC(2024, 1, 29) },
    { name: 'past 32 bits', text: 'Sun, 21 Nov 2286 04:46:39 GMT', time: Date.UTC(2286, 10, 21, 4, 46, 39) },
    { name: 'before 1970', text: 'Thu, 01 Jan 1969 00:00:00 GMT', time: Date.UTC(1969, 0, 1) },
    { name: 'of the year 50', text: 'Tue, 01 Jan 0050 00:00:00 GMT', time: Date.parse('0050-01-01T00:00:00Z') },
    {
      name: 'RFC 850, 24 years ahead',
      text: 'Thursday, 18-Aug-50 02:01:18 GMT',
      time: Date.UTC(2050, 7, 18, 2, 1, 18),
    },
    { name: 'RFC 850, 50 years ahead', text: 'Saturday, 01-Feb-76 00:00:00 GMT', time: Date.UTC(2076, 1, 1) },
    {
      name: 'RFC 850, 50 years and a day ahead',
      text: 'Monday, 02-Mar-76 12:00:00 GMT',
      time: Date.UTC(1976, 2, 2, 12),
    },
    { name: 'RFC 850, more than 50 years ahead', text: 'Friday, 01-Jan-77 00:00:00 GMT', time: Date.UTC(1977, 0, 1) },
  ])('$name', ({ text, time }) => {
    expect(parseHttpDate(text, NOW)).toBe(time);
  });

  test.each([
    '',
    '0',
    '-1',
    'foo',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 2050 02:01:18 AEST',
    'Thu, 18 Aug 2050 02:01:18 +0000',
    'Thu, 18 Aug 2050 02:01:18',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu,18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 8 Aug 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:01:18 GMT',
    'Thu, 18 Aug 2050 02:60:18 GMT',
    'Thu, 18 Aug 2050 02:01:61 GMT',
    'Thu, 00 Aug 2050 02:01:18 GMT',
    'Thu, 31 Feb 2050 02:01:18 GMT',
    'Tue, 29 Feb 2023 00:00:00 GMT',
    'Thu, 18 Avg 2050 02:01:18 GMT',
    'Xyz, 18 Aug 2050 02:01:18 GMT',
    'Thu, 1x Aug 2050 02:01:18 GMT',
    'Thu, 18 Aug 20x0 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT ',
    'Thu, 18-Aug-50 02:01:18 GMT',
    'Thursday, 18-Aug-2050 02:01:18 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov 06 08:49:37 94',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  ])('%j is none', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  test.each([
    {
      name: 'ahead over the turn of the century',
      now: Date.UTC(2090, 0, 1),
      text: 'Friday, 01-Jan-10 00:00:00 GMT',
      year: 2110,
    },
    {
      name: 'back over the turn of the century',
      now: Date.UTC(2010, 0, 1),
      text: 'Friday, 01-Jan-90 00:00:00 GMT',
      year: 1990,
    },
  ])('of two digits is taken $name', ({ now, text, year }) => {
    expect(new Date(parseHttpDate(text, now) as number).getUTCFullYear()).toBe(year);
  });

  test('is written as it is read', () => {
    expect(parseHttpDate(formatHttpDate(NOW), NOW)).toBe(NOW);
  });
});
