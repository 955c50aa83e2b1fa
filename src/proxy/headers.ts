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

/** The fields of an origin's reply: lower-case names, an array where a name came more than once. */
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
  'http2-settings',
]);

/** What the origin's word is not wanted for: that of the connection, and the id under which the request is in our log. */
const NOT_PASSED: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'x-request-id']);

/** What the client gets of an origin's reply, whose framing its parser has found to be sound. */
export function responseFields(
  origin: OriginFields,
  status: number,
  rules: ResponseRules,
  requestId: string,
): ResponseFields {
  const fields: string[] = [];
  let contentLength: number | undefined;
  let via: string | undefined;
  let dated = false;
  const named = namedBy(origin);
  for (const name in origin) {
    const value = origin[name];
    if (value === undefined || NOT_PASSED.has(name) || rules.remove.has(name)) continue;
    if (name === 'content-length') {
      contentLength = Number(value);
      continue;
    }
    if (named?.includes(name)) continue;
    if (name === 'via') {
      via = typeof value === 'string' ? value : value.join(', ');
      continue;
    }
    if (name === 'date') dated = true;
    if (typeof value === 'string') fields.push(name, value);
    else for (const each of value) fields.push(name, each);
  }
  // RFC 9110 §8.6: a 204 has no Content-Length; §6.6.1: who passes on a reply without a Date adds one.
  if (contentLength !== undefined && status !== 204) fields.push('content-length', String(contentLength));
  // What the site takes out or sets itself, we do not add either.
  if (!dated && !rules.remove.has('date')) fields.push('date', httpDate());
  if (rules.via !== undefined && !rules.remove.has('via')) via = via === undefined ? rules.via : `${via}, ${rules.via}`;
  if (via !== undefined) fields.push('via', via);
  if (!rules.remove.has('x-request-id')) fields.push('x-request-id', requestId);
  for (const each of rules.set) fields.push(each);
  return { fields, contentLength };
}

/** The end-to-end fields of an interim reply or of trailers. */
export function endToEndFields(origin: OriginFields, { remove }: Pick<ResponseRules, 'remove'>): string[] {
  const fields: string[] = [];
  const named = namedBy(origin);
  for (const name in origin) {
    const value = origin[name];
    if (value === undefined || HOP_BY_HOP.has(name) || name === 'content-length' || remove.has(name)) continue;
    if (named?.includes(name)) continue;
    for (const each of typeof value === 'string' ? [value] : value) fields.push(name, each);
  }
  return fields;
}

const NOTHING_REMOVED: Pick<ResponseRules, 'remove'> = { remove: new Set() };

/** What the cache looks at of an origin's reply: all end-to-end fields, and what Content-Length says. */
export function storableFields(origin: OriginFields): string[] {
  const fields = endToEndFields(origin, NOTHING_REMOVED);
  const length = origin['content-length'];
  if (typeof length === 'string') fields.push('content-length', length);
  return fields;
}

/** What Connection names belongs to that connection alone. */
function namedBy({ connection }: OriginFields): readonly string[] | undefined {
  return connection === undefined ? undefined : listTokens(String(connection));
}

/** Adds what a site sets to a reply of our own. What that says itself (its type, that nobody may keep it) stays. */
export function addMissing(fields: string[], set: readonly string[]): void {
  const own = new Set(fields.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  for (let i = 0; i + 1 < set.length; i += 2) {
    const name = set[i] as string;
    if (!own.has(name.toLowerCase())) fields.push(name, set[i + 1] as string);
  }
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
