import type { Ms } from '../../base/units.ts';
import type { Fields } from '../message.ts';
import { fieldValue, firstValue, listMembers, withoutFields } from '../select/field.ts';
import { formatHttpDate, parseHttpDate } from './dates.ts';
import type { ResponseDirectives } from './directives.ts';

/** Which fields of a response are kept. RFC 9111 §3.1. */

/** Those of the connection, of a proxy's authentication, and those made anew for each reply. */
const NOT_STORED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'content-length',
  'age',
]);

/** Set-Cookie and the field that was to follow it: both hand a session to whoever gets the response. */
export function isCookieField(name: string): boolean {
  return name === 'set-cookie' || name === 'set-cookie2';
}

/** Whether a field is of this message alone; `named` are the members of its Connection. */
export function isStoredField(name: string, named: readonly string[]): boolean {
  return !NOT_STORED.has(name) && !named.includes(name);
}

/**
 * The fields as they are kept: without what `no-cache="…"` and `private="…"` name, without cookies where they are to be
 * taken out, and with a Date that is one (RFC 9110 §6.6.1).
 */
export function storedFields(
  fields: Fields,
  directives: ResponseDirectives,
  cookies: 'strip' | 'store',
  responseTime: Ms,
): string[] {
  const named = connectionNamed(fields);
  const kept = withoutFields(
    fields,
    (name) =>
      !isStoredField(name, named) ||
      directives.noCacheFields.includes(name) ||
      directives.privateFields.includes(name) ||
      (cookies === 'strip' && isCookieField(name)),
  );
  const date = firstValue(kept, 'date');
  if (date !== undefined && parseHttpDate(date, responseTime) !== undefined) return kept;
  const dated = date === undefined ? kept : withoutFields(kept, (name) => name === 'date');
  dated.push('date', formatHttpDate(responseTime));
  return dated;
}

const NONE: readonly string[] = [];

/** The field names in Connection, in lower case. */
export function connectionNamed(fields: Fields): readonly string[] {
  const connection = fieldValue(fields, 'connection');
  return connection === undefined ? NONE : listMembers(connection.toLowerCase());
}
