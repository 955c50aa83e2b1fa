import type { Settings } from '../config/settings.ts';
import { NO_SITE_NAME } from '../metrics/node-metrics.ts';
import { LISTENER, MAX_LISTENERS, MAX_SITES, SITE, type TrafficTable } from '../metrics/traffic-table.ts';
import { listenerKeys, originKey, poolOfKey, siteName } from '../proxy/planner.ts';
import { MAX_PEERS } from '../sibling/peer-rows.ts';
import type { PeerTable } from '../sibling/peer-table.ts';
import { peerKey } from '../sibling/planner.ts';
import { MAX_ORIGINS, MAX_POOLS, type OriginTable } from '../workers/origin-table.ts';
import { SlotAllocator } from '../workers/slots.ts';

/** What of the settings has rows. */
type Rowed = Pick<Settings, 'pools' | 'sites' | 'listeners' | 'siblings'>;

/** Which rows of the shared tables belong to what is configured. They keep their meaning over reloads. */
export class Rows {
  readonly #origins: OriginTable;
  readonly #traffic: TrafficTable;
  readonly #poolSlots: SlotAllocator;
  readonly #originSlots: SlotAllocator;
  readonly #siteSlots: SlotAllocator;
  readonly #listenerSlots: SlotAllocator;
  readonly #peerSlots: SlotAllocator;

  /** `peers`: `undefined` without a cache, and so without siblings. */
  constructor(origins: OriginTable, traffic: TrafficTable, peers: PeerTable | undefined) {
    this.#origins = origins;
    this.#traffic = traffic;
    this.#poolSlots = new SlotAllocator(MAX_POOLS, (slot) => traffic.clear('pool', slot));
    this.#originSlots = new SlotAllocator(MAX_ORIGINS, (slot) => {
      origins.clear(slot);
      traffic.clear('origin', slot);
    });
    this.#siteSlots = new SlotAllocator(MAX_SITES, (slot) => traffic.clear('site', slot));
    this.#listenerSlots = new SlotAllocator(MAX_LISTENERS, (slot) => traffic.clear('listener', slot));
    this.#peerSlots = new SlotAllocator(MAX_PEERS, (slot) => peers?.clear(slot));
    // The first row is for what belongs to no site.
    this.#siteSlots.take(NO_SITE_NAME);
  }

  pool(name: string): number {
    return this.#poolSlots.take(name);
  }

  origin(key: string): number {
    return this.#originSlots.take(key);
  }

  site(name: string): number {
    return this.#siteSlots.take(name);
  }

  listener(key: string): number {
    return this.#listenerSlots.take(key);
  }

  peer(key: string): number {
    return this.#peerSlots.take(key);
  }

  /** Rows of what is no longer configured are free again, once nothing is in flight there. */
  release({ pools, sites, listeners, siblings }: Rowed): void {
    const origins = Object.entries(pools).flatMap(([pool, each]) =>
      each.origins.map((origin) => originKey(pool, origin)),
    );
    this.#originSlots.release(new Set(origins), (slot) => this.#origins.inFlight(slot) > 0);
    // What is still under way at an origin counts for its pool as well.
    const busyPools = this.#originSlots.names.map(poolOfKey);
    this.#poolSlots.release(
      new Set([...Object.keys(pools), ...busyPools]),
      (slot) => this.#origins.queues.length(slot) > 0,
    );
    const usedSites = new Set([NO_SITE_NAME, ...sites.map(siteName)]);
    this.#siteSlots.release(usedSites, (slot) => this.#traffic.sum('site', slot, SITE.inFlight) > 0);
    const peers = siblings === 'off' ? [] : siblings.peers;
    this.#peerSlots.release(new Set(peers.map(peerKey)), () => false);
    const usedListeners = new Set(listenerKeys(listeners));
    this.#listenerSlots.release(usedListeners, (slot) => this.#traffic.sum('listener', slot, LISTENER.sockets) > 0);
  }
}
