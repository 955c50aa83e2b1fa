import type { Fields } from '../message.ts';
import { fieldValue } from '../select/field.ts';
import { parseResponseCacheControl } from './cache-control.ts';
import {
  type Argument,
  addResponseDirective,
  MALFORMED,
  NO_RESPONSE_DIRECTIVES,
  type ResponseDirectives,
} from './directives.ts';
import { type BareItem, parseDictionary } from './structured.ts';
import { parseSurrogateControl } from './surrogate-control.ts';

/**
 * Directives that are targeted at caches in front of the origin, in place of Cache-Control and Expires: the first of our
 * target list (RFC 9213 §2.2) that a response has, CDN-Cache-Control, then Surrogate-Control, which that RFC followed.
 */

export interface EffectiveDirectives {
  readonly directives: ResponseDirectives;
  /** They came in a targeted field, so Expires does not count. */
  readonly targeted: boolean;
}

/** The directives that hold for us: those of a targeted field if it can be read and says something, else Cache-Control. */
export function effectiveDirectives(fields: Fields): EffectiveDirectives {
  const directives = targetedDirectives(fields);
  if (directives !== undefined) return { directives, targeted: true };
  return { directives: parseResponseCacheControl(fieldValue(fields, 'cache-control')), targeted: false };
}

function targetedDirectives(fields: Fields): ResponseDirectives | undefined {
  const cdn = fieldValue(fields, 'cdn-cache-control');
  const directives = cdn === undefined ? undefined : parseTargeted(cdn);
  if (directives !== undefined) return directives;
  const surrogate = fieldValue(fields, 'surrogate-control');
  return surrogate === undefined ? undefined : parseSurrogateControl(surrogate);
}

/** Whether nobody asks us to leave the content as it is. What Cache-Control says of that is not for caches alone. */
export function mayTransform(fields: Fields): boolean {
  if (effectiveDirectives(fields).directives.noTransform) return false;
  return !parseResponseCacheControl(fieldValue(fields, 'cache-control')).noTransform;
}

/** `undefined` if the field is empty or no dictionary: then it does not count (RFC 9213 §2.2). */
export function parseTargeted(value: string): ResponseDirectives | undefined {
  const members = parseDictionary(value);
  if (members === undefined || members.size === 0) return undefined;
  const draft = { ...NO_RESPONSE_DIRECTIVES };
  for (const [name, item] of members) {
    if (item.type === 'boolean' && !item.value) continue;
    addResponseDirective(draft, name, argumentOf(name, item));
  }
  return draft;
}

/** Those whose argument is a number of seconds: an Integer, and nothing else is taken for one (RFC 9213 §2.1). */
const IN_SECONDS: ReadonlySet<string> = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);

function argumentOf(name: string, item: BareItem): Argument {
  if (IN_SECONDS.has(name)) return item.type === 'integer' ? String(item.value) : MALFORMED;
  if (item.type === 'boolean') return undefined;
  return item.type === 'string' || item.type === 'token' ? item.value : MALFORMED;
}
