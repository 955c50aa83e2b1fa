import type { Bytes, Fraction, Ms } from '../base/units.ts';

/** Numbers as people read them, in tables and sentences. */

const SPANS: readonly (readonly [Ms, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** In the largest unit that fits, and the next one while it tells something: `300 ms`, `45 s`, `5 min`, `3 h 20 min`, `2 d 4 h`. */
export function span(time: Ms): string {
  if (time > 0 && time < 1000) return `${Math.ceil(time)} ms`;
  const index = SPANS.findIndex(([unit]) => time >= unit);
  const [unit, name] = SPANS[index] ?? [1000, 's'];
  const count = Math.floor(Math.max(0, time) / unit);
  const [smaller, smallerName] = SPANS[index + 1] ?? [0, ''];
  const rest = smaller === 0 ? 0 : Math.floor((time - count * unit) / smaller);
  // Seconds beside minutes only change while one reads.
  return rest === 0 || name === 'min' ? `${count} ${name}` : `${count} ${name} ${rest} ${smallerName}`;
}

/** `120 MiB`, `1.2 GiB`. */
export function size(bytes: Bytes): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0)} ${SIZES[unit]}`;
}

/** `93.1%`. */
export function share(fraction: Fraction): string {
  return `${(fraction * 100).toFixed(1)}%`;
}

/** `10,234`. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** `12.4`, `1,250`. */
export function rate(value: number): string {
  return value < 99.95 ? value.toFixed(1) : count(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
