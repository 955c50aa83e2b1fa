import { createHmac } from 'node:crypto';
import type { Ms } from '../../base/units.ts';
import { cookieValue } from '../cookies.ts';
import type { RequestHead } from '../exchange.ts';

/** How clients are kept at the origin that they were sent to first; of a checked configuration. */
export type StickyPlan =
  | {
      readonly kind: 'cookie';
      readonly name: string;
      readonly sameSite: 'lax' | 'strict' | 'none';
      readonly secure: 'auto' | 'always' | 'never';
      /** `undefined`: until the browser is closed. */
      readonly lifetime: Ms | undefined;
      /** Kept over restarts, so that the cookies are still good. */
      readonly key: Uint8Array;
    }
  | { readonly kind: 'route'; readonly name: string };

/** Knows the origin of a client by its cookie. Origins are positions in the pool's list. */
export class Sticky {
  readonly #plan: StickyPlan;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #values: readonly string[];

  /** `routes`: of the origins, in the order of the list. */
  constructor(plan: StickyPlan, pool: string, routes: readonly string[]) {
    this.#plan = plan;
    this.#values = plan.kind === 'route' ? routes : routes.map((route) => sealed(plan.key, pool, route));
    this.#positions = new Map(this.#values.map((value, position) => [value, position]));
  }

  /** Where the client sticks; `undefined`: nowhere that we know. */
  positionOf(head: RequestHead): number | undefined {
    const { name, kind } = this.#plan;
    const cookie = cookieValue(head.known.cookie, name);
    if (kind === 'cookie') return cookie === undefined ? undefined : this.#positions.get(cookie);
    const session = cookie ?? pathParameter(head.target, name);
    const dot = session?.lastIndexOf('.') ?? -1;
    return session === undefined || dot === -1 ? undefined : this.#positions.get(session.slice(dot + 1));
  }

  /** The Set-Cookie that keeps a client at an origin; `undefined`: the origins have cookies of their own. */
  setCookie(position: number, isSecure: boolean): string | undefined {
    const plan = this.#plan;
    if (plan.kind === 'route') return undefined;
    const secure = plan.secure === 'always' || plan.sameSite === 'none' || (plan.secure === 'auto' && isSecure);
    return [
      `${plan.name}=${this.#values[position]}`,
      'Path=/',
      ...(plan.lifetime === undefined ? [] : [`Max-Age=${Math.ceil(plan.lifetime / 1000)}`]),
      'HttpOnly',
      `SameSite=${SAME_SITE[plan.sameSite]}`,
      ...(secure ? ['Secure'] : []),
    ].join('; ');
  }
}

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;

/**
 * What stands in a cookie in place of a route: nobody without the key can make up one that is good, nor learn from it what
 * the route is. 128 bits.
 */
function sealed(key: Uint8Array, pool: string, route: string): string {
  return createHmac('sha256', key).update(`${pool}\0${route}`).digest().subarray(0, 16).toString('base64url');
}

/** Of `;name=value` in the path, whatever the case of the name: Java writes `;jsessionid=` beside a cookie JSESSIONID. */
function pathParameter(target: string, name: string): string | undefined {
  const semicolon = target.indexOf(';');
  if (semicolon === -1) return undefined;
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  const wanted = name.toLowerCase();
  for (const part of path.split(/[;/]/).slice(1)) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.slice(0, equals).toLowerCase() === wanted) return part.slice(equals + 1);
  }
  return undefined;
}
