/** The configuration of a front door as most scenes want it; what a scene is about, it says itself. */
export interface FrontDoor {
  readonly origins: ReadonlyArray<string | object>;
  /** More settings of the one pool. */
  readonly pool?: object;
  /** More settings of the one site, which answers for every host. */
  readonly site?: object;
  /** More settings of both listeners, of the first, and of the second. */
  readonly listener?: object;
  readonly http?: object;
  readonly https?: object;
  readonly node?: object;
  readonly trusted_proxies?: readonly string[];
}

/** Listener 0 speaks http, listener 1 https with a self-signed certificate. */
export function frontDoor({ origins, pool, site, listener, node, trusted_proxies = [], ...more }: FrontDoor): object {
  return {
    node: { name: 'edge-1', workers: 2, ...node },
    listeners: [
      { address: '127.0.0.1:0', protocol: 'http', ...listener, ...more.http },
      { address: '127.0.0.1:0', protocol: 'https', ...listener, ...more.https },
    ],
    trusted_proxies,
    sites: [{ hosts: ['default'], pool: 'app', ...site }],
    pools: { app: { origins, ...pool } },
  };
}
