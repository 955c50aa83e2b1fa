import type { OwnReply } from './error-page.ts';
import type { RequestHead } from './exchange.ts';
import { hostOf } from './request-head.ts';

/** Sends the client to https, on this port of the same host. */
export function httpsRedirect({ method, authority, target }: RequestHead, port: number): OwnReply {
  const host = hostOf(authority);
  const location = `https://${host}${port === 443 ? '' : `:${port}`}${target === '*' ? '/' : target}`;
  // 308 keeps the method; GET and HEAD need nothing newer than 301.
  const status = method === 'GET' || method === 'HEAD' ? 301 : 308;
  return { status, fields: ['location', location, 'content-length', '0'], body: undefined };
}
