import type { Fields } from '../message.ts';

/**
 * What describes the representation that a 304 does not carry. The client has these fields already; the others of the
 * stored response it gets, for they may have been refreshed (RFC 9110 §15.4.5). Cache-Control, Content-Location, Date,
 * ETag, Expires and Vary must be there.
 */
const REPRESENTATION: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
  'digest',
  'repr-digest',
  'transfer-encoding',
]);

/** The fields of the 304 that a stored response becomes. Last-Modified goes too where the client has a better validator. */
export function notModifiedFields(stored: Fields): string[] {
  const tagged = stored.some((name, index) => index % 2 === 0 && name === 'etag');
  const fields: string[] = [];
  for (let i = 0; i + 1 < stored.length; i += 2) {
    const name = stored[i] as string;
    if (REPRESENTATION.has(name) || (tagged && name === 'last-modified')) continue;
    fields.push(name, stored[i + 1] as string);
  }
  return fields;
}
