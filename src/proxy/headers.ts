import { listTokens } from './fields.ts';

/**
 * What an origin's reply becomes on its way to the client: hop-by-hop fields go (RFC 9110 §7.6.1), the site's own
 * wishes come, and Via says where it passed.
 */

export interface ResponseRules {
  /** In lower case. */
  readonly remove: ReadonlySet<string>;
  /** Flat: name, value, … */
  readonly set: readonly string[];
  /** The pseudonym told in Via; `undefined`: none is told. */
  readonly via: string | undefined;
}

/** The fields of a reply as undici gives them: lower-case names, an array where a name came more than once. */
export type OriginFields = Readonly<Record<string, string | string[] | undefined>>;

export interface ResponseFields {
  readonly fields: string[];
  readonly contentLength: number | undefined;
}

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** `undefined` when the origin's Content-Length makes no sense. */
export function responseFields(origin: OriginFields, status: number, rules: ResponseRules): ResponseFields | undefined {
  const fields: string[] = [];
  let contentLength: number | undefined;
  let via: string | undefined;
  let dated = false;
  const named = origin['connection'] === undefined ? undefined : listTokens(String(origin['connection']));
  for (const name in origin) {
    const value = origin[name];
    if (value === undefined || HOP_BY_HOP.has(name) || rules.remove.has(name)) continue;
    if (named?.includes(name) && name !== 'content-length') continue;
    if (typeof value !== 'string') {
      if (name === 'content-length') return undefined;
      if (name === 'via') via = value.join(', ');
      else for (const each of value) fields.push(name, each);
      if (name === 'date') dated = true;
    } else if (name === 'content-length') {
      if (!/^\d{1,16}$/.test(value)) return undefined;
      contentLength = Number(value);
    } else if (name === 'via') {
      via = value;
    } else {
      if (name === 'date') dated = true;
      fields.push(name, value);
    }
  }
  // RFC 9110 §8.6: a 204 has no Content-Length; §6.6.1: who passes on a reply without a Date adds one.
  if (contentLength !== undefined && status !== 204) fields.push('content-length', String(contentLength));
  if (!dated) fields.push('date', httpDate());
  if (rules.via !== undefined) fields.push('via', via === undefined ? rules.via : `${via}, ${rules.via}`);
  else if (via !== undefined) fields.push('via', via);
  for (const each of rules.set) fields.push(each);
  return { fields, contentLength };
}

/** The end-to-end fields of an interim reply or of trailers. */
export function endToEndFields(origin: OriginFields): string[] {
  const fields: string[] = [];
  for (const name in origin) {
    const value = origin[name];
    if (value === undefined || HOP_BY_HOP.has(name) || name === 'content-length') continue;
    for (const each of typeof value === 'string' ? [value] : value) fields.push(name, each);
  }
  return fields;
}

let dateSecond = 0;
let dateText = '';

/** The time as Date has it (RFC 9110 §5.6.7), made once a second. */
export function httpDate(): string {
  const now = Date.now();
  if (now - dateSecond >= 1000 || now < dateSecond) {
    dateSecond = now - (now % 1000);
    dateText = new Date(dateSecond).toUTCString();
  }
  return dateText;
}
