import { remembering } from '../select/remember.ts';
import {
  type Argument,
  addRequestDirective,
  addResponseDirective,
  MALFORMED,
  NO_REQUEST_DIRECTIVES,
  NO_RESPONSE_DIRECTIVES,
  type RequestDirectives,
  type ResponseDirectives,
} from './directives.ts';

/** The Cache-Control field (RFC 9111 §5.2): a list of `name`, `name=token` and `name="string"`. */

/** What a response's Cache-Control says; several of them are joined by ", ". */
export function parseResponseCacheControl(value: string | undefined): ResponseDirectives {
  return value === undefined ? NO_RESPONSE_DIRECTIVES : responses(value);
}

/**
 * What a request's Cache-Control says. Pragma counts only without it (RFC 9111 §5.4), and of Pragma only no-cache:
 * the rest never had a meaning.
 */
export function parseRequestCacheControl(value: string | undefined, pragma?: string): RequestDirectives {
  if (value !== undefined) return requests(value);
  if (pragma !== undefined && requests(pragma).noCache) return PRAGMA_NO_CACHE;
  return NO_REQUEST_DIRECTIVES;
}

const PRAGMA_NO_CACHE: RequestDirectives = Object.freeze({ ...NO_REQUEST_DIRECTIVES, noCache: true });

/** By field value: what a site's clients and origins send is a handful of values. */
const responses = remembering((value): ResponseDirectives => {
  const draft = { ...NO_RESPONSE_DIRECTIVES };
  eachDirective(value, (name, argument) => addResponseDirective(draft, name, argument));
  return Object.freeze(draft);
});

const requests = remembering((value): RequestDirectives => {
  const draft = { ...NO_REQUEST_DIRECTIVES };
  eachDirective(value, (name, argument) => addRequestDirective(draft, name, argument));
  return Object.freeze(draft);
});

const NAME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN_ARGUMENT = /=([!#$%&'*+.^_`|~0-9A-Za-z-]+)/y;
const QUOTED_ARGUMENT = /="((?:[^"\\]|\\.)*)"/y;
const TARGET = /[ \t]*;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)/y;
const END = /[ \t]*(?:,|$)/y;

/**
 * Calls `take` for each directive, its name in lower case. One that does not follow the grammar has a malformed
 * argument and ends at the next comma: so a quote without its partner hides no `no-store` that comes after it.
 * `targets`: a directive may have a `;target`, as those of Surrogate-Control.
 */
export function eachDirective(
  value: string,
  take: (name: string, argument: Argument, target: string | undefined) => void,
  targets = false,
): void {
  let at = 0;
  while (at < value.length) {
    const code = value.charCodeAt(at);
    if (code === 0x20 || code === 0x09 || code === 0x2c) {
      at += 1;
      continue;
    }
    const name = matchAt(NAME, value, at);
    if (name === null) {
      at = afterComma(value, at);
      continue;
    }
    let end = at + name[0].length;
    const lower = name[0].toLowerCase();
    const match = matchAt(TOKEN_ARGUMENT, value, end) ?? matchAt(QUOTED_ARGUMENT, value, end);
    let argument: Argument = match?.[1]?.replace(/\\(.)/g, '$1');
    if (match !== null) end += match[0].length;
    const target = targets ? matchAt(TARGET, value, end) : null;
    if (target !== null) end += target[0].length;
    const separator = matchAt(END, value, end);
    if (separator === null) argument = MALFORMED;
    take(lower, argument, target?.[1]);
    at = separator === null ? afterComma(value, end) : end + separator[0].length;
  }
}

function matchAt(pattern: RegExp, value: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(value);
}

function afterComma(value: string, from: number): number {
  const comma = value.indexOf(',', from);
  return comma === -1 ? value.length : comma + 1;
}
