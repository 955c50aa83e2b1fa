import type { Ttl } from '../model.ts';

/** RFC 2181 §8. */
export const MAX_TTL: Ttl = 2 ** 31 - 1;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds, written as `3600`, or with the units that BIND brought: `1h30m`, `1W2D`. `undefined` when it is no time. */
export function ttlFromText(text: string, maximum: number = MAX_TTL): number | undefined {
  if (!/^(?:\d{1,10}|(?:\d{1,10}[smhdw])+)$/i.test(text)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
    sum += Number(digits) * (SECONDS[(unit ?? '').toLowerCase() || 's'] as number);
  }
  return sum <= maximum ? sum : undefined;
}
