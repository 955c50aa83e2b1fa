import { Problem, shown } from './problem.ts';
import type { Field } from './rdata-field.ts';
import type { RdataWords } from './rdata-text.ts';

/**
 * A place on earth (RFC 1876): `52 22 23.000 N 4 53 32.000 E -2m 0m 10000m 10m`.
 *
 *      +--------+--------+--------+--------+
 *      | version|  size  |horizont|vertical|    0, then precisions: a digit and a power of ten, in centimetres
 *      +--------+--------+--------+--------+
 *      |             latitude              |    thousandths of a second of arc, 2^31 at the equator
 *      |             longitude             |    and at the prime meridian
 *      |             altitude              |    centimetres, from 100 km below the surface
 *      +--------+--------+--------+--------+
 */
export const LOCATION: Field = {
  read: (words, out) => {
    const latitude = angleFromText(words, 90, 'N', 'S');
    const longitude = angleFromText(words, 180, 'E', 'W');
    const altitude = centimetres(words.bare('an altitude')) + SEA_LEVEL;
    if (!(altitude >= 0 && altitude <= 0xffff_ffff))
      throw new Problem('expected an altitude from -100000m to 42849672m');
    out.u8(0);
    for (const standard of ['1m', '10000m', '10m']) out.u8(precision(words.atEnd ? standard : words.bare('a size')));
    out.u32(latitude);
    out.u32(longitude);
    out.u32(altitude);
  },

  show: (bytes) => {
    if (bytes.u8() !== 0) throw new Problem('expected version 0');
    const precisions = [bytes.u8(), bytes.u8(), bytes.u8()].map(precisionToText);
    const latitude = angleToText(bytes.u32(), 90, 'N', 'S');
    const longitude = angleToText(bytes.u32(), 180, 'E', 'W');
    return `${latitude} ${longitude} ${metres(bytes.u32() - SEA_LEVEL)} ${precisions.join(' ')}`;
  },
};

const SEA_LEVEL = 10_000_000;
const ORIGIN = 2 ** 31;
const PER_DEGREE = 3_600_000;

/** Degrees, and minutes and seconds if they are there, up to the letter of the hemisphere. */
function angleFromText(words: RdataWords, maximum: number, positive: string, negative: string): number {
  const expected = `degrees, minutes and seconds up to ${positive} or ${negative}`;
  const numbers: number[] = [];
  for (;;) {
    const word = words.bare(expected);
    if (word.toUpperCase() === positive || word.toUpperCase() === negative) {
      const [degrees, minutes = 0, seconds = 0] = numbers;
      const angle = Math.round(((degrees ?? Number.NaN) * 3600 + minutes * 60 + seconds) * 1000);
      const isWhole = Number.isInteger(degrees) && Number.isInteger(minutes) && minutes < 60 && seconds < 60;
      if (!isWhole || angle > maximum * PER_DEGREE) throw new Problem(`expected ${expected}`);
      return word.toUpperCase() === positive ? ORIGIN + angle : ORIGIN - angle;
    }
    if (!/^\d{1,3}(?:\.\d{1,3})?$/.test(word) || numbers.length === 3) {
      throw new Problem(`expected ${expected}, got ${shown(word)}`);
    }
    numbers.push(Number(word));
  }
}

function angleToText(value: number, maximum: number, positive: string, negative: string): string {
  const angle = Math.abs(value - ORIGIN);
  if (angle > maximum * PER_DEGREE) throw new Problem(`expected at most ${maximum} degrees`);
  const degrees = Math.floor(angle / PER_DEGREE);
  const minutes = Math.floor((angle % PER_DEGREE) / 60_000);
  const seconds = (angle % 60_000) / 1000;
  return `${degrees} ${minutes} ${seconds.toFixed(3)} ${value >= ORIGIN ? positive : negative}`;
}

/** `-2m`, `10000.00` */
function centimetres(text: string): number {
  if (!/^-?\d{1,8}(?:\.\d{1,2})?m?$/i.test(text)) throw new Problem(`expected metres such as 10m, got ${shown(text)}`);
  return Math.round(Number.parseFloat(text) * 100);
}

function metres(value: number): string {
  return `${(value / 100).toFixed(2)}m`;
}

/** A digit and a power of ten, in half a byte each. What stands between two is rounded down, as all servers do. */
function precision(text: string): number {
  let digit = centimetres(text);
  let power = 0;
  for (; digit > 9; power++) digit = Math.floor(digit / 10);
  if (digit < 0 || power > 9) throw new Problem(`expected a size from 0m to 90000000m, got ${shown(text)}`);
  return (digit << 4) | power;
}

function precisionToText(value: number): string {
  if (value >>> 4 > 9 || (value & 15) > 9) throw new Problem('expected a digit and a power of ten');
  return metres((value >>> 4) * 10 ** (value & 15));
}
