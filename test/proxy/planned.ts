import { cacheSettings } from '../../src/cache/config.ts';
import { listenerSettings, siteSettings } from '../../src/proxy/config.ts';
import { type PlanContext, type Planned, type ProxySettings, planProxy } from '../../src/proxy/planner.ts';
import { poolSettings } from '../../src/proxy/pool/config.ts';

/** As much of a file as a test has to say. */
export interface Written {
  readonly node?: Partial<ProxySettings['node']>;
  readonly listeners?: readonly object[];
  readonly sites?: readonly object[];
  readonly pools?: Readonly<Record<string, object>>;
  readonly trusted_proxies?: readonly string[];
  readonly cache?: object | 'off';
  readonly siblings?: ProxySettings['siblings'];
}

/** What is planned of a file that says only this much: listeners have ports from 8000 on, and each row is the first. */
export function planned(written: Written, context: Partial<PlanContext> = {}): Planned {
  const all = settings(written);
  return planProxy(all, {
    ports: all.listeners.map((_, i) => 8000 + i),
    ticketKeys: new Uint8Array(48),
    selfSigned: () => [],
    poolSlot: () => 0,
    originSlot: () => 0,
    siteSlot: () => 0,
    listenerSlot: () => 0,
    peerSlot: () => 0,
    stickyKey: () => new Uint8Array(32),
    now: 0,
    ...context,
  });
}

function settings(written: Written): ProxySettings {
  const { listeners = [{ address: '0.0.0.0:80', protocol: 'http' }], sites = [{ hosts: ['default'], pool: 'app' }] } =
    written;
  const pools = written.pools ?? { app: { origins: ['http://192.0.2.1'] } };
  return {
    node: { name: 'us-1', via: true, state_dir: '/nowhere', ...written.node },
    listeners: listeners.map((each) => listenerSettings.parse(each)),
    trusted_proxies: written.trusted_proxies ?? [],
    sites: sites.map((each) => siteSettings.parse(each)),
    pools: Object.fromEntries(Object.entries(pools).map(([name, each]) => [name, poolSettings.parse(each)])),
    cache: cacheSettings.parse(written.cache),
    siblings: written.siblings ?? 'off',
  };
}
