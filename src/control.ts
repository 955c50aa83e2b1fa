import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { formatHostPort, parseListenAddress } from './base/address.ts';
import { DiskError } from './cache/disk/error.ts';
import { planCache } from './cache/plan.ts';
import { SharedCache } from './cache/shared-cache.ts';
import { loadSettings } from './config/load.ts';
import { formatProblem } from './config/problem.ts';
import type { Settings } from './config/settings.ts';
import type { NodeState } from './metrics/node-families.ts';
import { NO_SITE_NAME, NodeMetrics } from './metrics/node-metrics.ts';
import { LISTENER, MAX_LISTENERS, MAX_SITES, SITE } from './metrics/traffic-table.ts';
import { createEventLog, type ProcessEventLog } from './observe/event-log.ts';
import { PROXY_ERRORS } from './proxy/error.ts';
import {
  listenerKeys,
  originKey,
  type PlanContext,
  type Planned,
  planProxy,
  poolOfKey,
  siteName,
} from './proxy/planner.ts';
import { ensureStickyKey } from './proxy/pool/sticky-key.ts';
import { ensureSelfSigned } from './proxy/tls/self-signed.ts';
import type { WorkerPlan } from './workers/messages.ts';
import { MAX_ORIGINS, MAX_POOLS } from './workers/origin-table.ts';
import { type Reservation, reserve } from './workers/reserve.ts';
import { SlotAllocator } from './workers/slots.ts';
import { Supervisor } from './workers/supervisor.ts';

/** The control plane: loads, plans, starts the workers, and does what signals ask for. */

/** Why a configuration cannot be taken: one line each. */
export class RefusedError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'RefusedError';
    this.problems = problems;
  }
}

export interface RunningListener {
  /** ADDRESS:PORT as it is, also where the file says port 0. */
  readonly address: string;
  readonly protocol: 'http' | 'https';
}

/** In the environment: 1 has the cache's memory checked at a stop, which takes some seconds for a large one. */
const CHECK_CACHE = 'PORTICO_CACHE_CHECK';

/** What runs, as metrics tell it. */
const VERSION = (createRequire(import.meta.url)('../package.json') as { readonly version: string }).version;

/** How often the retry budget of each pool begins anew. */
const RETRY_WINDOW = 10_000;

export class Control {
  readonly #file: string;
  readonly #log: ProcessEventLog;
  readonly #supervisor: Supervisor;
  readonly #poolSlots = new SlotAllocator(MAX_POOLS, (slot) => this.#metrics.table.clear('pool', slot));
  readonly #originSlots = new SlotAllocator(MAX_ORIGINS, (slot) => {
    this.#supervisor.originTable.clear(slot);
    this.#metrics.table.clear('origin', slot);
  });
  readonly #siteSlots = new SlotAllocator(MAX_SITES, (slot) => this.#metrics.table.clear('site', slot));
  readonly #listenerSlots = new SlotAllocator(MAX_LISTENERS, (slot) => this.#metrics.table.clear('listener', slot));
  readonly #metrics: NodeMetrics;
  readonly #ticketKeys = randomBytes(48);
  readonly #retryWindow: NodeJS.Timeout;
  readonly #workers: number;
  readonly #cache: SharedCache | undefined;
  #settings: Settings;
  #ports = new Map<string, number>();
  #listeners: readonly RunningListener[] = [];
  #generation = 0;
  #takenAt = 0;
  #accepted = true;
  #stopping = false;
  #reloads: Promise<void> = Promise.resolve();

  /** Starts a node by this file. Throws a `RefusedError`, with nothing left running, when it cannot. */
  static async start(file: string): Promise<Control> {
    const { settings, warnings } = load(file);
    const log = createEventLog({ level: settings.logs.level });
    const control = new Control(file, settings, log, await openCache(file, settings, log));
    try {
      await control.#take(settings, warnings);
    } catch (error) {
      await control.#supervisor.stop(0);
      await control.#cache?.close();
      clearInterval(control.#retryWindow);
      control.#metrics.close();
      throw error;
    }
    void control.#cache?.recover();
    control.#log.info('ready', { listeners: control.#listeners, workers: control.#workers, pid: process.pid });
    return control;
  }

  private constructor(file: string, settings: Settings, log: ProcessEventLog, cache: SharedCache | undefined) {
    this.#file = file;
    this.#settings = settings;
    this.#workers = workersOf(settings);
    this.#log = log;
    this.#cache = cache;
    this.#metrics = new NodeMetrics({
      workers: this.#workers,
      codes: PROXY_ERRORS,
      build: { version: VERSION, node: process.version },
      log,
      state: () => this.state,
      now: Date.now,
    });
    // The first row is for what belongs to no site.
    this.#siteSlots.take(NO_SITE_NAME);
    if (cache !== undefined) this.#metrics.page.register('cache', () => cache.snapshot());
    this.#supervisor = new Supervisor({
      entry: new URL('./worker.ts', import.meta.url),
      workers: this.#workers,
      log: this.#log,
      cache,
      traffic: this.#metrics.table,
    });
    this.#retryWindow = setInterval(() => this.#supervisor.originTable.beginRetryWindow(), RETRY_WINDOW);
  }

  get listeners(): readonly RunningListener[] {
    return this.#listeners;
  }

  get metrics(): NodeMetrics {
    return this.#metrics;
  }

  /** How the node is, for metrics and readiness. */
  get state(): NodeState {
    return {
      workers: this.#workers,
      serving: this.#supervisor.serving,
      deaths: this.#supervisor.deaths,
      stopping: this.#stopping,
      draining: false,
      listeners: this.#listeners.length,
      configuration: { generation: this.#generation, takenAt: this.#takenAt, accepted: this.#accepted },
    };
  }

  /** Takes the file as it is now, if it is good; else goes on as before and says why. One at a time. */
  reload(): Promise<void> {
    this.#reloads = this.#reloads.then(() => this.#reload());
    return this.#reloads;
  }

  reopenLogs(): void {
    this.#supervisor.reopenLogs();
  }

  /** Lets what runs end, at the longest until `node.stop_timeout`. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#reloads;
    this.#log.info('stopping', { stop_timeout_ms: this.#settings.node.stop_timeout });
    await this.#supervisor.stop(this.#settings.node.stop_timeout);
    if (process.env[CHECK_CACHE] === '1') this.#cache?.check();
    await this.#cache?.close();
    clearInterval(this.#retryWindow);
    this.#metrics.close();
    this.#log.info('stopped');
  }

  async #reload(): Promise<void> {
    try {
      const { settings, warnings } = load(this.#file);
      await this.#take(settings, warnings);
      this.#log.info('reloaded', { generation: this.#generation, listeners: this.#listeners });
      if (settings.node.workers !== this.#settings.node.workers) {
        this.#log.warn('node.workers changes with the next start', { workers: this.#workers });
      }
      if (tiersOf(settings) !== tiersOf(this.#settings))
        this.#log.warn('the tiers of the cache change with the next start');
      this.#settings = settings;
      this.#accepted = true;
    } catch (error) {
      this.#accepted = false;
      const problems = error instanceof RefusedError ? error.problems : [(error as Error).message];
      this.#log.error('reload refused', { problems });
      this.#releaseSlots(this.#settings);
    }
  }

  /** Plans a generation, has every worker build it, and only then lets them serve it. */
  async #take(settings: Settings, warnings: readonly string[]): Promise<void> {
    const reservation = await this.#reserve(settings);
    try {
      const { plan, warnings: more } = this.#plan(settings, reservation.ports);
      for (const warning of [...warnings, ...more]) this.#log.warn('configuration', { warning });
      const workerPlan: WorkerPlan = {
        generation: this.#generation + 1,
        proxy: plan,
        accessLog: settings.logs.access,
      };
      const problems = await this.#supervisor.switchTo(workerPlan);
      if (problems.length > 0) throw new RefusedError(problems);
      this.#generation = workerPlan.generation;
      this.#takenAt = Date.now();
      this.#metrics.rows = plan;
    } finally {
      reservation.release();
    }
    this.#log.setLevel(settings.logs.level);
    const { ports } = reservation;
    this.#ports = new Map(listenerKeys(settings.listeners).map((key, index) => [key, ports[index] as number]));
    this.#listeners = settings.listeners.map(({ address, protocol }, index) => ({
      address: formatHostPort(parseListenAddress(address)?.host as string, ports[index] as number),
      protocol,
    }));
    this.#releaseSlots(settings);
  }

  async #reserve(settings: Settings): Promise<Reservation> {
    const keys = listenerKeys(settings.listeners);
    const result = await reserve(
      settings.listeners.map(({ address }, index) => ({ address, known: this.#ports.get(keys[index] as string) })),
    );
    if (result.ok) return result.reservation;
    throw new RefusedError(
      result.problems.map(({ index, reason }) => `${this.#file} listeners[${index}].address: ${reason}`),
    );
  }

  #plan(settings: Settings, ports: readonly number[]): Planned {
    return plan(this.#file, settings, {
      ports,
      ticketKeys: this.#ticketKeys,
      poolSlot: (pool) => this.#poolSlots.take(pool),
      originSlot: (key) => this.#originSlots.take(key),
      siteSlot: (name) => this.#siteSlots.take(name),
      listenerSlot: (key) => this.#listenerSlots.take(key),
      stickyKey: () => ensureStickyKey(settings.node.state_dir),
      selfSigned: (names) => [ensureSelfSigned(settings.node.state_dir, names)],
      now: Date.now(),
    });
  }

  /** Rows of what is no longer configured are free again, once nothing is in flight there. */
  #releaseSlots({ pools, sites, listeners }: Settings): void {
    const origins = Object.entries(pools).flatMap(([pool, each]) =>
      each.origins.map((origin) => originKey(pool, origin)),
    );
    this.#originSlots.release(new Set(origins), (slot) => this.#supervisor.originTable.inFlight(slot) > 0);
    // What is still under way at an origin counts for its pool as well.
    const busyPools = this.#originSlots.names.map(poolOfKey);
    this.#poolSlots.release(new Set([...Object.keys(pools), ...busyPools]), () => false);
    const { table } = this.#metrics;
    const usedSites = new Set([NO_SITE_NAME, ...sites.map(siteName)]);
    this.#siteSlots.release(usedSites, (slot) => table.sum('site', slot, SITE.inFlight) > 0);
    const usedListeners = new Set(listenerKeys(listeners));
    this.#listenerSlots.release(usedListeners, (slot) => table.sum('listener', slot, LISTENER.sockets) > 0);
  }
}

/** As many threads as the cache has seats for, less the control plane's. */
const MOST_WORKERS = 31;

function workersOf({ node: { workers } }: Settings): number {
  return workers === 'auto' ? Math.min(availableParallelism(), MOST_WORKERS) : workers;
}

async function openCache(file: string, settings: Settings, log: ProcessEventLog): Promise<SharedCache | undefined> {
  const cache = planCache(settings.cache);
  if (cache === undefined) return undefined;
  try {
    return await SharedCache.open({ plan: cache, workers: workersOf(settings), log, now: Date.now });
  } catch (error) {
    if (error instanceof DiskError) throw new RefusedError([`${file} cache.disk.directory: ${error.message}`]);
    throw error;
  }
}

/** What of the cache is made once, at the start. */
function tiersOf({ cache }: Settings): string {
  return JSON.stringify(cache === 'off' ? cache : [cache.memory, cache.disk]);
}

/** The settings of a file, and its warnings as lines. Throws a `RefusedError`. */
export function load(file: string): { readonly settings: Settings; readonly warnings: readonly string[] } {
  const result = loadSettings(file);
  if (!result.ok) throw new RefusedError(result.problems.map(formatProblem));
  return { settings: result.settings, warnings: result.warnings.map(formatProblem) };
}

/** As `load`, and everything else that can be known of a configuration without running it. Changes nothing. */
export function check(file: string): readonly string[] {
  const { settings, warnings } = load(file);
  const planned = plan(file, settings, {
    ports: settings.listeners.map(() => 0),
    ticketKeys: new Uint8Array(48),
    poolSlot: () => 0,
    originSlot: () => 0,
    siteSlot: () => 0,
    listenerSlot: () => 0,
    stickyKey: () => new Uint8Array(32),
    selfSigned: () => [],
    now: Date.now(),
  });
  return [...warnings, ...planned.warnings];
}

function plan(file: string, settings: Settings, context: PlanContext): Planned {
  try {
    return planProxy(settings, context);
  } catch (error) {
    throw new RefusedError([`${file}: ${(error as Error).message}`]);
  }
}
