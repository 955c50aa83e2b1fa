import type { AdminRequest } from '../mount.ts';
import { includesRole } from '../role.ts';
import { type Asked, isModern } from './asked.ts';
import { isSameNonce } from './nonce.ts';
import { Refused } from './refusal.ts';

/**
 * Whether a request may change anything: role ▸ same site ▸ nonce ▸ method. Throws `Refused`. Programs that are no
 * browsers send no Origin, Sec-Fetch-Site or Referer: for them the nonce and their credentials will do, where Apache
 * wants a Referer from everybody.
 */
export function checkPermission(request: AdminRequest, asked: Asked, nonce: string, apache22: boolean): void {
  const { user, method } = request;
  const needed = asked.changes.has('b_nwrkr') ? 'admin' : 'operate';
  if (user === undefined || !includesRole(user.role, needed)) {
    throw new Refused('role-too-low', `expected role ${needed}, got ${user?.role ?? 'none'}`);
  }
  if (!request.isSameOrigin || !isSameSite(request)) {
    throw new Refused('foreign-origin', 'expected Origin, Sec-Fetch-Site and Referer of this page, or none of them');
  }
  if (!isSameNonce(asked.nonce, nonce)) {
    throw new Refused('wrong-nonce', "nonce: expected that of the page's links");
  }
  if (method === 'POST') return;
  const modern = [...asked.changes.keys()].find(isModern);
  if (modern !== undefined) throw new Refused('post-required', `${modern}: expected in a POST, got a ${method}`);
  if (!apache22) {
    throw new Refused('apache22-off', 'expected a POST: changes by GET are taken with admin.compat.apache22 alone');
  }
}

/** As Apache has it: the host of Referer is that of the request; scheme, port and path are free. */
function isSameSite({ headers: { referer, host } }: AdminRequest): boolean {
  if (referer === undefined) return true;
  const own = hostOf(`http://${host ?? ''}`);
  return own !== undefined && hostOf(referer) === own;
}

/** The host of a URL, without a port; `undefined`: it is none. */
export function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
