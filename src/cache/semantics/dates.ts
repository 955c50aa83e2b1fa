import type { Ms } from '../../base/units.ts';

/**
 * HTTP-date (RFC 9110 §5.6.7) in its three formats. What is no date is `undefined`. Strict but for the case of letters,
 * which caches do not mind (RFC 9111 §4.2); that the weekday is the right one is not checked either.
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate, what everybody sends
 *     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850
 *     Sun Nov  6 08:49:37 1994          asctime of ANSI C
 */

/** Epoch milliseconds; `now` (epoch milliseconds) tells the century of a year that has two digits. */
export function parseHttpDate(text: string, now: Ms): Ms | undefined {
  return text.length === 29 && text.charCodeAt(3) === COMMA ? imfFixdate(text) : obsoleteDate(text, now);
}

/** A time as IMF-fixdate has it. */
export function formatHttpDate(time: Ms): string {
  return new Date(time).toUTCString();
}

const COMMA = 0x2c;
const SPACE = 0x20;
const COLON = 0x3a;

const WEEKDAYS: ReadonlySet<string> = new Set(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']);
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_OF: ReadonlyMap<string, number> = new Map(MONTHS.map((name, index) => [name, index]));

/** By fixed columns: this is what every stored response passes through. */
function imfFixdate(text: string): Ms | undefined {
  if (text.charCodeAt(4) !== SPACE || text.charCodeAt(7) !== SPACE || text.charCodeAt(11) !== SPACE) return undefined;
  if (text.charCodeAt(16) !== SPACE || text.charCodeAt(25) !== SPACE) return undefined;
  if (text.charCodeAt(19) !== COLON || text.charCodeAt(22) !== COLON) return undefined;
  const lower = text.toLowerCase();
  if (!lower.endsWith('gmt') || !WEEKDAYS.has(lower.slice(0, 3))) return undefined;
  const year = twoDigits(text, 12) * 100 + twoDigits(text, 14);
  const month = MONTH_OF.get(lower.slice(8, 11));
  return time(year, month, twoDigits(text, 5), twoDigits(text, 17), twoDigits(text, 20), twoDigits(text, 23));
}

/** Not a number if they are no digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const RFC_850 = /^(?:sun|mon|tues|wednes|thurs|fri|satur)day, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/i;
const ASCTIME = /^(?:sun|mon|tue|wed|thu|fri|sat) ([a-z]{3}) (\d\d| \d) (\d\d):(\d\d):(\d\d) (\d{4})$/i;

function obsoleteDate(text: string, now: Ms): Ms | undefined {
  const rfc850 = RFC_850.exec(text);
  if (rfc850 !== null) {
    const [, day, month, year, hour, minute, second] = rfc850 as unknown as string[];
    const inYear = (full: number) =>
      time(full, monthOf(month), Number(day), Number(hour), Number(minute), Number(second));
    return nearest(Number(year), now, inYear);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return undefined;
  const [, month, day, hour, minute, second, year] = asctime as unknown as string[];
  return time(Number(year), monthOf(month), Number(day), Number(hour), Number(minute), Number(second));
}

function monthOf(name: string | undefined): number | undefined {
  return MONTH_OF.get((name as string).toLowerCase());
}

/** Of the years that end so, the last one that is not more than fifty years ahead. */
function nearest(twoDigitYear: number, now: Ms, inYear: (year: number) => Ms | undefined): Ms | undefined {
  const thisYear = new Date(now).getUTCFullYear();
  const limit = new Date(now).setUTCFullYear(thisYear + 50);
  const latest = thisYear + 50 - ((thisYear + 50 - twoDigitYear) % 100);
  const found = inYear(latest);
  return found !== undefined && found > limit ? inYear(latest - 100) : found;
}

function time(
  year: number,
  month: number | undefined,
  day: number,
  hour: number,
  minute: number,
  second: number,
): Ms | undefined {
  // A second of 60 is a leap second, which UNIX time has no number for: the next second.
  if (month === undefined || !(hour <= 23) || !(minute <= 59) || !(second <= 60) || !(day >= 1)) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // The 31st of a shorter month has become a day of the next.
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute, second);
}
