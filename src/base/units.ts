/** Units that settings are written in: `30s`, `64KiB`, `20%`. Code holds milliseconds, bytes and fractions. */

/** A time span in milliseconds. */
export type Ms = number;

/** A size in bytes. */
export type Bytes = number;

/** A share between 0 and 1. */
export type Fraction = number;

const TIME: Readonly<Record<string, Ms>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 };
const SIZE: Readonly<Record<string, Bytes>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

/** Reads `250ms`, `30s`, `1.5m`, `2h`, `1d`, `1w`; `0` needs no unit. `undefined` when it is none of these. */
export function parseDuration(text: string): Ms | undefined {
  return scaled(text, /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/, TIME);
}

/** Reads `100B`, `16KiB`, `256MiB`, `10GiB`; `0` needs no unit. `undefined` when it is none of these. */
export function parseSize(text: string): Bytes | undefined {
  return scaled(text, /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/, SIZE);
}

/** Reads `0%` to `100%`. `undefined` when it is not. */
export function parsePercent(text: string): Fraction | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / 100;
  return value >= 0 && value <= 1 ? value : undefined;
}

function scaled(text: string, pattern: RegExp, scale: Readonly<Record<string, number>>): number | undefined {
  if (text === '0') return 0;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (scale[match[2] as string] as number));
}
