import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** What keeps other sites, in an operator's own browser, from asking in the operator's name. */

/**
 * Whether a browser says that a page of another site asks, or a page that does not tell (`Origin: null`). Programs that
 * are no browsers send neither field, and are not tricked into sending requests.
 */
export function isSameOrigin(
  { origin, 'sec-fetch-site': site, host }: IncomingHttpHeaders,
  isSecure: boolean,
): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return (
    origin === undefined || origin.toLowerCase() === `${isSecure ? 'https' : 'http'}://${host ?? ''}`.toLowerCase()
  );
}

/**
 * Whether a Host is an address, localhost or one of `names`. A page whose own name is made to resolve to our address
 * (DNS rebinding) is same-origin to its browser, but its name stands in Host. No Host at all is HTTP/1.0 and no browser.
 */
export function isKnownHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host);
  if (match === null) return false;
  const [, ipv6, name = ''] = match;
  if (ipv6 !== undefined) return isIP(ipv6) === 6;
  const lower = name.toLowerCase().replace(/\.$/, '');
  return isIP(lower) === 4 || lower === 'localhost' || names.some((known) => known.toLowerCase() === lower);
}

/**
 * What every reply has. Nothing is kept by browsers or caches, as all of it is what is so now; nothing is framed; pages
 * load what is theirs and nothing inline. `same-origin`: with `no-referrer`, forms would be sent with `Origin: null`.
 */
export const REPLY_FIELDS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};
