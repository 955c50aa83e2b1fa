import { isUtf8 } from 'node:buffer';
import { normalizeAddress } from '../base/address.ts';

/**
 * Which site a host belongs to, and which route of it a path takes. Paths are compared as an origin would understand
 * them: "/admin/" cannot be reached past its rule as "/%61dmin/", "//admin/" or "/x/../admin/". What is sent on stays
 * byte for byte what came.
 */

export interface SiteRoutes<Route> {
  readonly hosts: readonly string[];
  readonly routes: readonly { readonly path: string; readonly route: Route }[];
  readonly fallback: Route;
}

interface Site<Route> {
  readonly matchers: readonly { readonly matches: (path: string) => boolean; readonly route: Route }[];
  readonly fallback: Route;
}

export class Router<Route> {
  readonly #exact = new Map<string, Site<Route>>();
  /** By suffix with its dot: ".example.com". */
  readonly #wildcard = new Map<string, Site<Route>>();
  readonly #default: Site<Route> | undefined;

  constructor(sites: readonly SiteRoutes<Route>[]) {
    let fallback: Site<Route> | undefined;
    for (const { hosts, routes, fallback: route } of sites) {
      const site: Site<Route> = {
        matchers: routes.map((each) => ({ matches: pathMatcher(each.path), route: each.route })),
        fallback: route,
      };
      for (const host of hosts.map(comparableHost)) {
        if (host === 'default') fallback = site;
        else if (host.startsWith('*.')) this.#wildcard.set(host.slice(1), site);
        else this.#exact.set(host, site);
      }
    }
    this.#default = fallback;
  }

  /** `host` without a port, in lower case. `undefined`: no site answers for it. */
  route(host: string, target: string): Route | undefined {
    const site = this.#site(comparableHost(host));
    if (site === undefined) return undefined;
    if (site.matchers.length === 0) return site.fallback;
    const path = comparablePath(target);
    for (const { matches, route } of site.matchers) {
      if (matches(path)) return route;
    }
    return site.fallback;
  }

  #site(host: string): Site<Route> | undefined {
    const exact = this.#exact.get(host);
    if (exact !== undefined) return exact;
    if (this.#wildcard.size > 0) {
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        const site = this.#wildcard.get(host.slice(dot));
        if (site !== undefined) return site;
      }
    }
    return this.#default;
  }
}

/** The root's dot says nothing more (RFC 1034 §3.1), and one IPv6 address has many spellings. */
function comparableHost(host: string): string {
  if (host.startsWith('[')) return `[${normalizeAddress(host.slice(1, -1)) ?? ''}]`;
  return (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
}

/**
 * A test of the comparable path for `/prefix`, `= /exact` or `~ expression`. An expression is the operator's own: one
 * that takes exponential time is a mistake in the configuration, not an attack, and there is no defence against it.
 */
export function pathMatcher(pattern: string): (path: string) => boolean {
  if (pattern.startsWith('= ')) {
    const exact = pattern.slice(2);
    return (path) => path === exact;
  }
  if (pattern.startsWith('~ ')) {
    const expression = new RegExp(pattern.slice(2));
    return (path) => expression.test(path);
  }
  return (path) => path.startsWith(pattern);
}

/** The path of a target without its query, decoded, with "//", "." and ".." resolved: what settings are compared with. */
export function comparablePath(target: string): string {
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  if (!/%|\/[/.]|[^\0-\x7f]/.test(path)) return path;
  const segments: string[] = [];
  const parts = textOf(decode(path)).split('/');
  for (const part of parts) {
    if (part === '..') segments.pop();
    else if (part !== '' && part !== '.') segments.push(part);
  }
  const last = parts.at(-1);
  const directory = segments.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${segments.join('/')}${directory ? '/' : ''}`;
}

/** Each escape as one latin1 character, as bytes are that came without. */
function decode(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** UTF-8 where it is that, as settings are written in it; else the bytes may be anything, and stay latin1. */
function textOf(latin1: string): string {
  if (!/[^\0-\x7f]/.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : latin1;
}
