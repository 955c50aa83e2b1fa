import { z } from 'zod';
import { expected, show } from '../../base/setting.ts';
import { type Ms, parseDuration } from '../../base/units.ts';

/** The scalars that requests and replies are made of. */

/** A time in a request: `"5m"`, or seconds as a number or in digits. In milliseconds once read. */
export function span(min: string, max: string) {
  const [least, most] = [parseDuration(min) as Ms, parseDuration(max) as Ms];
  const what = `a time such as "30s" or "5m", or a number of seconds, ${min} to ${max}`;
  return z
    .union([z.string(), z.number()], expected(what))
    .transform((input, context) => {
      const value = spanOf(input);
      if (value !== undefined && value >= least && value <= most) return value;
      context.addIssue({ code: 'custom', message: `expected ${what}, got ${show(input)}` });
      return z.NEVER;
    })
    .meta({ pattern: /^\d+(\.\d+)?(ms|s|m|h|d|w)?$/.source });
}

function spanOf(input: string | number): Ms | undefined {
  if (typeof input === 'number') return Number.isFinite(input) ? Math.round(input * 1000) : undefined;
  return /^\d{1,12}(\.\d{1,3})?$/.test(input) ? Math.round(Number(input) * 1000) : parseDuration(input);
}

/** Why something is done, as the audit log tells it. */
export const REASON = 'why, in 1 to 500 characters';
export const reason = z.string(expected(REASON)).trim().min(1, expected(REASON)).max(500, expected(REASON));

/** A query's `1` or `0`, true or false once read. */
export const flag = z
  .enum(['1', '0', 'true', 'false'], expected('1 or 0'))
  .transform((text) => text === '1' || text === 'true');

/** Of a reply: RFC 3339, in UTC. */
export const time = z.string().meta({ format: 'date-time' });

export function timeOf(ms: Ms): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: Ms | undefined): string | null {
  return ms === undefined ? null : timeOf(ms);
}
