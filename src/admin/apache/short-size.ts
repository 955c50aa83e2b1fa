import type { Bytes } from '../../base/units.ts';

/** A size in the four characters that Apache gives it: `  0 `, `272 `, `1.5K`, ` 12M`. */
export function shortSize(bytes: Bytes): string {
  let value = bytes;
  let unit = ' ';
  for (const larger of 'KMGTPE') {
    if (value < LARGEST) break;
    value /= 1024;
    unit = larger;
  }
  const isSmall = unit !== ' ' && value < 9.95;
  return `${(isSmall ? value.toFixed(1) : String(Math.round(value))).padStart(3)}${unit}`;
}

/** From here on it is of the next unit: 973 are 0.95 of that, which is 1.0. */
const LARGEST = 973;
