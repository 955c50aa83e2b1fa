import { parseListenAddress } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { CacheSettings } from '../cache/config.ts';
import { planCache, planRules } from '../cache/plan.ts';
import type { ListenerSettings, ResponseHeaderSettings, SiteSettings, SplashSettings } from './config.ts';
import type { ListenerPlan, ProxyPlan, RoutePlan, SiblingsPlan, SitePlan, TlsPlan } from './plan.ts';
import { type OriginSettings, originName, type PoolSettings } from './pool/config.ts';
import { planPool } from './pool/planner.ts';
import { readText } from './read-text.ts';
import { loadSplash } from './splash-load.ts';
import { type CertificateFiles, certificateWarnings, readCertificate } from './tls/certificate.ts';
import { checkTlsSettings } from './tls/settings.ts';

/** Makes the plan that workers serve by, of checked settings: reads the files they name, and gives rows in the tables. */

/** The part of the configuration that is planned here. */
export interface ProxySettings {
  readonly node: { readonly name: string; readonly via: boolean; readonly state_dir: string };
  readonly listeners: readonly ListenerSettings[];
  readonly trusted_proxies: readonly string[];
  readonly sites: readonly SiteSettings[];
  readonly pools: Readonly<Record<string, PoolSettings>>;
  readonly cache: CacheSettings;
  readonly siblings: SiblingFetchSettings | 'off';
}

/** What of `siblings:` is about HTTP. */
export interface SiblingFetchSettings {
  readonly icp?: string | undefined;
  readonly timeout: Ms;
  readonly allow: readonly string[];
  readonly peers: readonly {
    readonly name: string;
    readonly icp: string;
    readonly url: string;
    readonly tls: {
      readonly ca?: string | undefined;
      readonly server_name?: string | undefined;
      readonly verify: boolean;
    };
  }[];
}

export interface PlanContext {
  /** The port to use for each listener, in order: the configured one, or for 0 one that is free. */
  readonly ports: readonly number[];
  readonly ticketKeys: Uint8Array;
  /** The certificate of a listener that names none, for these hosts. */
  readonly selfSigned: (names: readonly string[]) => readonly CertificateFiles[];
  /** The row of a pool, or of an origin, in the shared table. */
  readonly poolSlot: (pool: string) => number;
  readonly originSlot: (key: string) => number;
  /** The row of a site, or of a listener, in the traffic table. */
  readonly siteSlot: (name: string) => number;
  readonly listenerSlot: (key: string) => number;
  /** The row of a sibling in the peer table. */
  readonly peerSlot: (peer: { readonly name: string; readonly icp: string; readonly url: string }) => number;
  /** What sticky cookies are signed with; asked for when a pool has some. */
  readonly stickyKey: () => Uint8Array;
  readonly now: number;
}

export interface Planned {
  readonly plan: ProxyPlan;
  /** What an operator should know, one line each. */
  readonly warnings: readonly string[];
}

/** Throws an error whose message is one line for the operator. */
export function planProxy(settings: ProxySettings, context: PlanContext): Planned {
  const { name, via } = settings.node;
  const listeners = settings.listeners.map((_, index) => planListener(index, settings, context));
  const certificates = listeners.flatMap((listener) => listener.tls?.certificates ?? []);
  const plan: ProxyPlan = {
    node: { name, via },
    listeners,
    trustedProxies: settings.trusted_proxies,
    sites: settings.sites.map((site) => planSite(site, settings.cache, context)),
    pools: Object.entries(settings.pools).map(([pool, each]) =>
      planPool(pool, each, {
        slot: context.poolSlot(pool),
        originSlot: (origin) => context.originSlot(originKey(pool, origin)),
        stickyKey: context.stickyKey,
      }),
    ),
    cache: planCache(settings.cache),
    siblings: settings.siblings === 'off' ? undefined : planSiblings(settings.siblings, context),
  };
  return { plan, warnings: [...new Set(certificates.flatMap((each) => certificateWarnings(each, context.now)))] };
}

/** What tells origins from one another in the shared table: another url is another origin, whatever its name. */
export function originKey(pool: string, origin: OriginSettings): string {
  return `${pool}/${originName(origin)} ${origin.url}`;
}

/** The pool of such a key: neither a name nor a url has a blank in it, nor a name a slash. */
export function poolOfKey(key: string): string {
  const named = key.slice(0, key.lastIndexOf(' '));
  return named.slice(0, named.lastIndexOf('/'));
}

/** What metrics call a site. No host is named by two of them. */
export function siteName({ hosts }: Pick<SiteSettings, 'hosts'>): string {
  return hosts[0] as string;
}

/**
 * What tells listeners from one another across reloads: ADDRESS:PORT as configured, with a number from the second of
 * the same on, as port 0 may be asked for more than once.
 */
export function listenerKeys(listeners: readonly { readonly address: string }[]): string[] {
  const seen = new Map<string, number>();
  return listeners.map(({ address }) => {
    const count = (seen.get(address) ?? 0) + 1;
    seen.set(address, count);
    return count === 1 ? address : `${address} #${count}`;
  });
}

function planListener(index: number, all: ProxySettings, context: PlanContext): ListenerPlan {
  const { ports } = context;
  const settings = all.listeners[index] as ListenerSettings;
  const { address, protocol, limits, timeouts } = settings;
  const https = all.listeners.findIndex((listener) => listener.protocol === 'https');
  const key = listenerKeys(all.listeners)[index] as string;
  return {
    key,
    slot: context.listenerSlot(key),
    protocol,
    limits,
    timeouts,
    host: parseListenAddress(address)?.host as string,
    port: ports[index] as number,
    redirectPort: settings.redirect_to_https ? (ports[https] ?? 443) : undefined,
    proxyProtocolFrom: settings.proxy_protocol_from,
    tls: protocol === 'https' ? planTls(settings, all, context) : undefined,
  };
}

function planTls(settings: ListenerSettings, all: ProxySettings, { ticketKeys, selfSigned }: PlanContext): TlsPlan {
  const { certificates, minimum_version: minimumVersion, ciphers } = settings;
  const files = certificates.length > 0 ? certificates : selfSigned(ownNames(all));
  const plan: TlsPlan = { certificates: files.map(readCertificate), minimumVersion, ciphers, ticketKeys };
  checkTlsSettings(plan);
  return plan;
}

/** Whom a self-signed certificate is for: this node and every host that a site names. */
function ownNames({ node, sites }: ProxySettings): string[] {
  return [node.name, ...sites.flatMap((site) => site.hosts.filter((host) => host !== 'default'))];
}

function planSite(site: SiteSettings, cache: CacheSettings, context: PlanContext): SitePlan {
  const fallback: RoutePlan = {
    path: '/',
    pool: site.pool,
    splash: planSplash(site.splash),
    responseHeaders: site.response_headers,
    access: site.access,
    bodyLimit: limitOf(site.body_limit),
    cache: planRules(cache, site, {}, site.splash.stale),
  };
  const routes = site.routes.map((route): RoutePlan => {
    const { path, pool, splash, response_headers: headers, access, body_limit: bodyLimit } = route;
    return {
      path,
      pool: pool ?? fallback.pool,
      splash: splash === undefined ? fallback.splash : planSplash(splash),
      responseHeaders: headers === undefined ? fallback.responseHeaders : both(site.response_headers, headers),
      access: access ?? fallback.access,
      bodyLimit: bodyLimit === undefined ? fallback.bodyLimit : limitOf(bodyLimit),
      cache: planRules(cache, site, route, (splash ?? site.splash).stale),
    };
  });
  const name = siteName(site);
  return { name, slot: context.siteSlot(name), hosts: site.hosts, fallback, routes };
}

function planSiblings({ icp, timeout, allow, peers }: SiblingFetchSettings, { peerSlot }: PlanContext): SiblingsPlan {
  const from = icp === undefined ? undefined : parseListenAddress(icp)?.host;
  return {
    timeout,
    from: from === '0.0.0.0' || from === '::' ? undefined : from,
    allow,
    peers: peers.map((peer) => ({
      name: peer.name,
      slot: peerSlot(peer),
      url: new URL(peer.url).origin,
      tls: {
        ca: peer.tls.ca === undefined ? undefined : readText(peer.tls.ca),
        serverName: peer.tls.server_name,
        verify: peer.tls.verify,
      },
    })),
  };
}

/** A route adds to the headers of its site; where both speak of one, the route has the last word. */
function both(site: ResponseHeaderSettings, route: ResponseHeaderSettings): ResponseHeaderSettings {
  const spoken = new Set([...route.remove, ...Object.keys(route.set)].map((name) => name.toLowerCase()));
  const kept = Object.entries(site.set).filter(([name]) => !spoken.has(name.toLowerCase()));
  return { remove: [...site.remove, ...route.remove], set: { ...Object.fromEntries(kept), ...route.set } };
}

function planSplash(settings: SplashSettings): RoutePlan['splash'] {
  return { after: settings.after, retryAfter: settings.retry_after, pages: loadSplash(settings) };
}

function limitOf(limit: number | 'unlimited'): number | undefined {
  return limit === 'unlimited' ? undefined : limit;
}
