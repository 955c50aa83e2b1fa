import type { Bytes, Fraction, Ms } from '../../base/units.ts';

/** Numbers as a page shows them: few digits, always as many for the same size, so that columns can be compared. */

/** Between a number and its unit, and the thousands of a number (ISO 80000-1 §7.3): neither breaks. */
const THIN = '\u202f';
/** For what is not known. */
const NOTHING = '–';

/** `0`, `0.4`, `9.8`, `123`, `12 345`. */
export function number(value: number): string {
  if (value === 0) return '0';
  if (value < 0.05) return '<0.1';
  if (value < 9.95) return value.toFixed(1);
  return grouped(value);
}

/** To the next whole one. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** Without its unit, for a column that has it in its head. */
export function milliseconds(value: Ms | undefined): string {
  return value === undefined ? NOTHING : number(value);
}

/** `4.2 ms`, `1.5 s`. */
export function span(value: Ms | undefined): string {
  if (value === undefined) return NOTHING;
  return value < 1000 ? `${number(value)}${THIN}ms` : `${(value / 1000).toFixed(value < 9950 ? 1 : 0)}${THIN}s`;
}

/** Without its sign, for a column that has it in its head. */
export function percent(value: Fraction): string {
  return number(value * 100);
}

export function share(value: Fraction | undefined): string {
  return value === undefined ? NOTHING : `${percent(value)}${THIN}%`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(value: Bytes): string {
  let power = 0;
  while (value >= 1024 && power < UNITS.length - 1) {
    value /= 1024;
    power++;
  }
  return `${power === 0 ? grouped(value) : number(value)}${THIN}${UNITS[power]}`;
}

/** How long, in at most two units: `42 s`, `4 min`, `3 h 12 min`, `2 d 4 h`. */
export function duration(time: Ms): string {
  const seconds = Math.max(0, Math.round(time / 1000));
  if (seconds < 60) return `${seconds}${THIN}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${THIN}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}${THIN}h ${minutes % 60}${THIN}min`;
  return `${Math.floor(hours / 24)}${THIN}d ${hours % 24}${THIN}h`;
}

/** Of a time, in UTC as logs have it: `12:03:04`, with the date when that is not today's. */
export function clock(at: Ms, now: Ms): string {
  const text = timestamp(at);
  const [date = '', time = ''] = text.split('T');
  return timestamp(now).startsWith(date) ? time.slice(0, 8) : `${date} ${time.slice(0, 8)}`;
}

/** RFC 3339; of what is no time, the first there is. */
export function timestamp(at: Ms): string {
  return new Date(Math.abs(at) <= 8.64e15 ? at : 0).toISOString();
}

/** `1 origin`, `3 origins`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
