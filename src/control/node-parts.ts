import type { Ms } from '../base/units.ts';
import { VERSION } from '../base/version.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import type { Settings } from '../config/settings.ts';
import type { NodeState } from '../metrics/node-families.ts';
import { NodeMetrics } from '../metrics/node-metrics.ts';
import { poolFamilies } from '../metrics/pool-families.ts';
import { siblingFamilies } from '../metrics/sibling-families.ts';
import type { ProcessEventLog } from '../observe/event-log.ts';
import { PROXY_ERRORS } from '../proxy/error.ts';
import { NO_SIBLINGS, type SiblingReport } from '../sibling/state.ts';
import { Supervisor } from '../workers/supervisor.ts';
import { workersOf } from './cache-tiers.ts';
import { Listening } from './listening.ts';
import { NodeDraining } from './node-draining.ts';
import { makeOperated, type Operated } from './operated.ts';
import { Purging } from './purging.ts';
import { Rows } from './rows.ts';
import { SiblingNode } from './siblings.ts';

/** How long the webhook may take with what waits for it, when all else has ended. */
const WEBHOOK_GRACE: Ms = 1_000;

/** The retry budget of each pool looks back over one to two of these. */
const RETRY_WINDOW: Ms = 5_000;

export interface NodePartsOptions {
  readonly file: string;
  /** Those of the start. */
  readonly settings: Settings;
  readonly log: ProcessEventLog;
  readonly cache: SharedCache | undefined;
  /** Asked at each look. */
  readonly state: () => NodeState;
  /** Has what operators have added or removed be served; resolves with what is wrong with that. */
  readonly retake: () => Promise<readonly string[]>;
}

/** What lives as long as the node does, whatever generation is served; and how it is put together. */
export class NodeParts {
  readonly file: string;
  /** That of the start, whatever a reload says: what is kept there is what is in force. */
  readonly stateDir: string;
  readonly startedAt: Ms = Date.now();
  readonly workers: number;
  readonly log: ProcessEventLog;
  /** An operator wants the traffic to go elsewhere. */
  readonly draining = new NodeDraining();
  readonly listening: Listening;
  readonly metrics: NodeMetrics;
  readonly supervisor: Supervisor;
  readonly rows: Rows;
  readonly cache: SharedCache | undefined;
  /** `undefined` without a cache. */
  readonly purging: Purging | undefined;
  /** Likewise. */
  readonly siblings: SiblingNode | undefined;
  readonly #options: NodePartsOptions;
  readonly #retryWindow: NodeJS.Timeout;
  #operated: Operated | undefined;

  constructor(options: NodePartsOptions) {
    const { file, settings, log, cache, state } = options;
    this.#options = options;
    this.file = file;
    this.stateDir = settings.node.state_dir;
    this.workers = workersOf(settings);
    this.log = log;
    this.cache = cache;
    this.listening = new Listening(file);
    const build = { version: VERSION, node: process.version };
    this.metrics = new NodeMetrics({ workers: this.workers, codes: PROXY_ERRORS, build, log, state, now: Date.now });
    this.purging =
      cache &&
      new Purging(cache, async (orders, soft, from) => (await this.siblings?.publish(orders, soft, from)) ?? []);
    this.siblings = cache && this.#makeSiblings(cache, this.purging as Purging);
    this.supervisor = new Supervisor({
      entry: new URL('../worker.ts', import.meta.url),
      workers: this.workers,
      log,
      cache,
      traffic: this.metrics.table,
      siblings: this.siblings,
    });
    this.rows = new Rows(this.supervisor.originTable, this.metrics.table, this.siblings?.table);
    this.#retryWindow = setInterval(() => this.supervisor.originTable.beginRetryWindow(), RETRY_WINDOW);
    this.draining.follow((on) => this.supervisor.drain(on));
    this.draining.follow(() => this.#operated?.names.look());
    this.#tellMetrics();
  }

  /**
   * What operators have a say in. To be asked for from the first generation on, when it is sure that no other node has
   * this state_dir's ports: the first call makes it.
   */
  get operated(): Operated {
    this.#operated ??= makeOperated({
      ...this.#options,
      stateDir: this.stateDir,
      version: VERSION,
      draining: this.draining,
      metrics: this.metrics,
      supervisor: this.supervisor,
    });
    return this.#operated;
  }

  siblingReport(): SiblingReport {
    return this.siblings?.report() ?? NO_SIBLINGS;
  }

  /** When the workers have ended. */
  async close(): Promise<void> {
    await this.#operated?.floating.close(WEBHOOK_GRACE);
    await this.#operated?.names.close();
    this.#operated?.origins.close();
    await this.siblings?.close();
    await this.cache?.close();
    clearInterval(this.#retryWindow);
    this.metrics.close();
  }

  #makeSiblings(cache: SharedCache, purging: Purging): SiblingNode {
    const { file, settings, log } = this.#options;
    return new SiblingNode({
      file,
      node: settings.node.name,
      stateDir: this.stateDir,
      diskDirectory: settings.cache === 'off' ? undefined : settings.cache.disk?.directory,
      workers: this.workers,
      cache,
      rulesOf: (host, target) => purging.rulesOf(host, target),
      isOwnPort: (port) => this.listening.hasPort(port),
      isDraining: () => this.draining.on,
      purgeUrl: (url, from) => purging.purgeUrl(url, from),
      fill: (slot, url, fields) => this.supervisor.fill(slot, { url, fields }),
      log,
      now: Date.now,
    });
  }

  #tellMetrics(): void {
    const { cache, metrics } = this;
    const { page } = metrics;
    if (cache !== undefined) page.register('cache', () => cache.snapshot());
    page.register('pools', () => poolFamilies(this.#operated?.origins.operator.pools() ?? []));
    page.register('siblings', () => siblingFamilies(this.siblingReport()));
    page.register('dns', () => this.#operated?.names.families() ?? []);
    page.register('vrrp', () => this.#operated?.floating.families() ?? []);
  }
}
