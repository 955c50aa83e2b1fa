import { z } from 'zod';
import { isNetwork } from './address.ts';
import { parseDuration, parsePercent, parseSize } from './units.ts';

/**
 * The scalar types that settings are made of, so that every folder's `config.ts` says "a duration" in the same way:
 * one check, one message ("expected …, got …"), one entry in the JSON Schema.
 */

/** A time such as `30s`, in milliseconds once read. */
export function duration(limits: { min?: string; max?: string } = {}) {
  return scalar(parseDuration, 'a time such as 250ms, 30s, 5m, 2h or 1d', {
    ...limits,
    pattern: /^(0|\d+(\.\d+)?(ms|s|m|h|d|w))$/,
  });
}

/** A size such as `64KiB`, in bytes once read. */
export function size(limits: { min?: string; max?: string } = {}) {
  return scalar(parseSize, 'a size such as 512B, 64KiB, 10MiB or 1GiB', {
    ...limits,
    pattern: /^(0|\d+(\.\d+)?(B|KiB|MiB|GiB|TiB))$/,
  });
}

/** A share such as `20%`, a fraction once read. */
export function percent() {
  return scalar(parsePercent, 'a share from 0% to 100%', { pattern: /^\d+(\.\d+)?%$/ });
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number) {
  const range = expected(`${min} to ${max}`);
  return z
    .int(expected(`a whole number from ${min} to ${max}`))
    .min(min, range)
    .max(max, range);
}

/**
 * Text of a certain form. `pattern` is what editors hold it against: it may accept more than `accepts`, never less.
 */
export function text(what: string, accepts: (input: string) => boolean, pattern: RegExp) {
  return z.string(expected(what)).refine(accepts, expected(what)).meta({ pattern: pattern.source });
}

/** The name of a file or directory; the loader makes it absolute. */
export function path(what = 'the path of a file') {
  return z.string(expected(what)).min(1, expected(what));
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function cidr() {
  return text('an address or a network such as 10.0.0.0/8', isNetwork, /^[0-9a-fA-F:.]+(%[^/]+)?(\/\d{1,3})?$/);
}

/** The `error` of a schema: one form of message, for a wrong type and a wrong value alike. */
export function expected(what: string) {
  return { error: (issue: { readonly input?: unknown }) => `expected ${what}, got ${show(issue.input)}` };
}

/** A value as messages show it: on one line, short, and without the user and password of a url: they go to logs. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') {
    const text = value.replace(/(:\/\/)[^/?#\s]*@/, '$1***@');
    return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'a map' : String(value);
}

function scalar(
  parse: (input: string) => number | undefined,
  what: string,
  { min, max, pattern }: { min?: string; max?: string; pattern: RegExp },
) {
  const least = min === undefined ? 0 : parse(min);
  const most = max === undefined ? Number.MAX_SAFE_INTEGER : parse(max);
  if (least === undefined || most === undefined) throw new TypeError(`no such limits: ${min}, ${max}`);
  const bounds = [min && `at least ${min}`, max && `at most ${max}`].filter(Boolean).join(' and ');
  const wanted = bounds === '' ? what : `${what}, ${bounds}`;
  // 0 needs no unit, and is a number to YAML.
  return z
    .union([z.string(), z.literal(0)], expected(wanted))
    .transform((input, context) => {
      const value = parse(String(input));
      if (value !== undefined && value >= least && value <= most) return value;
      context.addIssue({ code: 'custom', message: `expected ${wanted}, got ${show(input)}` });
      return z.NEVER;
    })
    .meta({ pattern: pattern.source });
}
