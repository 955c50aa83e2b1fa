import type { CachedObject } from '../../cache/object.ts';
import type { CacheRules } from '../../cache/rules.ts';
import { isCookieField } from '../../cache/semantics/stored-fields.ts';
import { SharedFields } from '../exchange.ts';
import type { ResponseRules } from '../headers.ts';

/** What a stored response looks like on its way to clients: made once in each thread, and sent many times. */
export interface Presented {
  /** All fields but those that each reply has of its own. */
  readonly shared: SharedFields;
  /** What caches nearer to the origin said in Cache-Status. */
  readonly upstream: string | undefined;
}

/** `rules` and `setCookie` are those of the route; another route, or a reload, has it made anew. */
export function presented(object: CachedObject, rules: ResponseRules, setCookie: CacheRules['setCookie']): Presented {
  if (object.presentedBy === rules) return object.presentation as Presented;
  const made = present(object, rules, setCookie);
  object.presentation = made;
  object.presentedBy = rules;
  return made;
}

/** The same for a sibling: as it was stored, and where it has been since. Seldom the same twice, so it is not kept. */
export function asStored(object: CachedObject, { via }: ResponseRules, setCookie: CacheRules['setCookie']): Presented {
  return present(object, { remove: NOTHING, set: [], via }, setCookie);
}

const NOTHING: ReadonlySet<string> = new Set();

function present(
  { stored, length }: CachedObject,
  { remove, set, via: ours }: ResponseRules,
  setCookie: CacheRules['setCookie'],
): Presented {
  const fields: string[] = [];
  let via: string | undefined;
  let upstream: string | undefined;
  for (let i = 0; i + 1 < stored.fields.length; i += 2) {
    const name = stored.fields[i] as string;
    const value = stored.fields[i + 1] as string;
    if (name === 'x-request-id' || remove.has(name)) continue;
    // Stored when the site still had it so.
    if (setCookie !== 'store' && isCookieField(name)) continue;
    if (name === 'via') via = via === undefined ? value : `${via}, ${value}`;
    else if (name === 'cache-status') upstream = upstream === undefined ? value : `${upstream}, ${value}`;
    else fields.push(name, value);
  }
  if (length !== undefined && stored.status !== 204) fields.push('content-length', String(length));
  if (ours !== undefined && !remove.has('via')) via = via === undefined ? ours : `${via}, ${ours}`;
  if (via !== undefined) fields.push('via', via);
  for (const each of set) fields.push(each);
  // What has grown has room for more.
  return { shared: new SharedFields(fields.slice()), upstream };
}
