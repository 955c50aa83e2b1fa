import { normalisedAcceptEncoding } from '../compress/accept-encoding.ts';
import type { CacheRequest, Fields } from '../message.ts';
import type { CacheRules } from '../rules.ts';
import { isInPreferredLanguage, normalisedLanguages } from './accept-language.ts';
import { fieldValue, listMembers, pieces } from './field.ts';

/** Variants: which request fields select among the stored responses of a key, and what counts of them (RFC 9111 §4.1). */

type VaryRules = Pick<CacheRules, 'varyCookies' | 'compress'>;
type VaryRequest = Pick<CacheRequest, 'fields' | 'known'>;

const NONE: readonly string[] = Object.freeze([]);

/**
 * The selecting fields that a response names: lower case, sorted, each once. `*`, alone or among others, matches no
 * other request; the same is safe for a member that is no field name, since we cannot know what it stands for.
 */
export function varyOf(fields: Fields): readonly string[] | '*' {
  const value = fieldValue(fields, 'vary');
  if (value === undefined) return NONE;
  const names = listMembers(value.toLowerCase());
  if (names.some((name) => name === '*' || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name))) return '*';
  return [...new Set(names)].sort();
}

/**
 * What a request has in the selecting fields, so written that two requests may share a response if and only if their
 * texts are equal: a line for each field of `vary`, `=value` or, where the request has none, nothing (§4.1: an absent
 * field matches only an absent one).
 */
export function variantKey(vary: readonly string[], request: VaryRequest, rules: VaryRules): string {
  if (vary.length === 0) return '';
  if (vary.length === 1) return selectingValue(vary[0] as string, request, rules);
  return vary.map((name) => selectingValue(name, request, rules)).join('\n');
}

function selectingValue(name: string, request: VaryRequest, rules: VaryRules): string {
  switch (name) {
    case 'accept-encoding':
      // Absent, empty and "identity" come to the same for us: no coding.
      return `=${normalisedAcceptEncoding(request.known.acceptEncoding, rules.compress)}`;
    case 'cookie':
      return present(selectingCookies(request.known.cookie, rules.varyCookies));
    case 'accept-language': {
      const value = fieldValue(request.fields, name);
      return present(value === undefined ? undefined : normalisedLanguages(value));
    }
    case 'accept':
    case 'accept-charset': {
      // Media ranges and charsets are chosen by weight and precision; their order says nothing (RFC 9110 §12.5.1).
      const value = fieldValue(request.fields, name);
      return present(value === undefined ? undefined : listMembers(value).map(withoutInnerSpace).sort().join());
    }
    default: {
      const value = fieldValue(request.fields, name);
      return present(value === undefined ? undefined : listMembers(value).join());
    }
  }
}

function present(value: string | undefined): string {
  return value === undefined ? '' : `=${value}`;
}

/** Only the cookies that the route names; without any named, all of them as they came. */
function selectingCookies(cookie: string | undefined, names: readonly string[]): string | undefined {
  if (cookie === undefined || names.length === 0) return cookie;
  const pairs = pieces(cookie, ';');
  const counting = pairs.filter((pair) => names.includes(pair.split('=', 1)[0] as string));
  return counting.length === 0 ? undefined : counting.sort().join(';');
}

/** `text/html ; level=1` as `text/html;level=1`. */
function withoutInnerSpace(member: string): string {
  return pieces(member, ';').join(';');
}

/**
 * Whether a stored response, whose `variant` is not that of the request, may be served for its language: nothing else
 * of what selects is different, and the client could get nothing that it likes better. `variant` is the request's, by
 * the stored response's own `vary`.
 */
export function isPreferredLanguageOf(
  stored: { readonly vary: readonly string[]; readonly variant: string; readonly fields: Fields },
  variant: string,
  request: VaryRequest,
): boolean {
  const at = stored.vary.indexOf('accept-language');
  if (at === -1) return false;
  const had = stored.variant.split('\n');
  const has = variant.split('\n');
  if (!had.every((value, index) => index === at || value === has[index])) return false;
  return isInPreferredLanguage(
    fieldValue(stored.fields, 'content-language'),
    fieldValue(request.fields, 'accept-language'),
  );
}
