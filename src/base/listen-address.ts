import { isIPv6 } from 'node:net';
import type { HostPort } from './address.ts';

/** It stands for all addresses of its family. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIPv6(host) && /^[0:]+$/.test(host));
}

/** Whether one socket alone can listen on both: a wildcard stands for all of its family. */
export function overlap(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || isIPv6(a.host) !== isIPv6(b.host)) return false;
  return a.host === b.host || isWildcard(a.host) || isWildcard(b.host);
}
