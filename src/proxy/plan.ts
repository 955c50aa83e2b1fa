import type { Bytes, Fraction, Ms } from '../base/units.ts';
import type { CachePlan } from '../cache/plan.ts';
import type { CacheRules } from '../cache/rules.ts';
import type { ListenerSettings, ResponseHeaderSettings } from './config.ts';
import type { HashOn } from './pool/balance/hash-key.ts';
import type { Standing } from './pool/standing.ts';
import type { StickyPlan } from './pool/sticky.ts';
import type { SplashPages } from './splash.ts';
import type { CertificateData } from './tls/certificate.ts';

/**
 * What a worker needs to serve one generation of the configuration: plain data, made once by the control plane (files
 * read, certificates checked, slots of the shared origin table given) and sent to every worker.
 */
export interface ProxyPlan {
  readonly node: { readonly name: string; readonly via: boolean };
  readonly listeners: readonly ListenerPlan[];
  readonly trustedProxies: readonly string[];
  readonly sites: readonly SitePlan[];
  readonly pools: readonly PoolPlan[];
  /** `undefined`: nothing is cached. */
  readonly cache: CachePlan | undefined;
  /** `undefined`: there are none. */
  readonly siblings: SiblingsPlan | undefined;
}

export interface ListenerPlan extends Pick<ListenerSettings, 'protocol' | 'limits' | 'timeouts'> {
  /** What tells one listener from another across reloads: see `listenerKeys`. */
  readonly key: string;
  /** Its row in the traffic table. */
  readonly slot: number;
  readonly host: string;
  /** Never 0: the control plane has found a free one. */
  readonly port: number;
  /** Where plain requests are sent to; `undefined`: they are served. */
  readonly redirectPort: number | undefined;
  readonly proxyProtocolFrom: readonly string[];
  readonly tls: TlsPlan | undefined;
}

export interface TlsPlan {
  readonly certificates: readonly CertificateData[];
  readonly minimumVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: string | undefined;
  /** 48 bytes, the same in every worker and generation, so that any of them resumes a session. */
  readonly ticketKeys: Uint8Array;
}

export interface SitePlan {
  /** The first of its hosts: what metrics call it. */
  readonly name: string;
  /** Its row in the traffic table. */
  readonly slot: number;
  readonly hosts: readonly string[];
  /** What holds where no route matches. */
  readonly fallback: RoutePlan;
  readonly routes: readonly RoutePlan[];
}

export interface RoutePlan {
  /** `/prefix`, `= /exact` or `~ expression`. */
  readonly path: string;
  readonly pool: string;
  readonly splash: { readonly after: Ms; readonly retryAfter: Ms; readonly pages: SplashPages };
  readonly responseHeaders: ResponseHeaderSettings;
  readonly access: { readonly allow: readonly string[]; readonly deny: readonly string[] };
  /** `undefined`: unlimited. */
  readonly bodyLimit: Bytes | undefined;
  readonly cache: CacheRules;
}

export interface PoolPlan {
  readonly name: string;
  /** Its row in the shared table. */
  readonly slot: number;
  readonly origins: readonly OriginPlan[];
  readonly hostHeader: 'preserve' | 'origin';
  readonly timeouts: {
    readonly connect: Ms;
    readonly firstByte: Ms;
    readonly idle: Ms;
    readonly keepAlive: Ms;
    readonly tunnel: Ms;
  };
  readonly retries: { readonly attempts: number; readonly budget: Fraction };
  readonly balance: 'round-robin' | 'least-requests' | 'ewma' | 'consistent-hash';
  /** For `consistent-hash`. */
  readonly hashOn: HashOn;
  /** For each origin, over all workers; `undefined`: unlimited. */
  readonly maxInFlight: number | undefined;
  readonly queue: { readonly size: number; readonly timeout: Ms };
  /** `undefined`: nobody is kept at an origin. */
  readonly sticky: StickyPlan | undefined;
  /** So many failures in a row wake the control plane; 0: it does not want to know. */
  readonly troubleAfter: number;
  readonly whenAllDown: 'try' | 'splash';
  readonly tls: OriginTlsPlan;
}

export interface OriginPlan {
  readonly name: string;
  /** Its row in the shared table. */
  readonly slot: number;
  /** `http://HOST[:PORT]` or `https://HOST[:PORT]`. */
  readonly url: string;
  /** What tells it in a sticky cookie. */
  readonly route: string;
  /** How it stands as long as the control plane has not said otherwise. */
  readonly standing: Standing;
}

/** Nodes that are asked before the origins are, and that ask us, as far as HTTP goes. */
export interface SiblingsPlan {
  /** The longest that a request waits for all of them together, the head of what one of them has included. */
  readonly timeout: Ms;
  /** From where we fetch: the address that siblings know us by. `undefined`: as the system picks it. */
  readonly from: string | undefined;
  /** Networks that may fetch what we have. */
  readonly allow: readonly string[];
  readonly peers: readonly PeerPlan[];
}

export interface PeerPlan {
  readonly name: string;
  /** Its row in the peer table. */
  readonly slot: number;
  /** `http://HOST[:PORT]` or `https://HOST[:PORT]`. */
  readonly url: string;
  readonly tls: Pick<OriginTlsPlan, 'ca' | 'serverName' | 'verify'>;
}

export interface OriginTlsPlan {
  readonly ca: string | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}
