import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { PoolFacts } from './admin/apache/pool-facts.ts';
import type { NodeStatus } from './admin/api/context.ts';
import type { PendingReload } from './admin/server.ts';
import type { Ms } from './base/units.ts';
import type { SharedCache } from './cache/shared-cache.ts';
import type { Settings } from './config/settings.ts';
import { Admin, type AdminOptions } from './control/admin.ts';
import { openCache, tiersOf, workersOf } from './control/cache-tiers.ts';
import type { PendingFloating } from './control/floating-addresses.ts';
import { FloatingServing } from './control/floating-serving.ts';
import { Listening, type RunningListener } from './control/listening.ts';
import { load, plan } from './control/loading.ts';
import { NameServing, type PendingNames } from './control/name-serving.ts';
import { NodeDraining } from './control/node-draining.ts';
import { Origins } from './control/origins.ts';
import { Purging } from './control/purging.ts';
import { RefusedError } from './control/refused-error.ts';
import { Rows } from './control/rows.ts';
import { type PendingSiblings, SiblingNode } from './control/siblings.ts';
import type { NodeState } from './metrics/node-families.ts';
import { NodeMetrics } from './metrics/node-metrics.ts';
import { poolFamilies } from './metrics/pool-families.ts';
import { healthzPage, readiness, readyzPage } from './metrics/readiness.ts';
import { siblingFamilies } from './metrics/sibling-families.ts';
import { createEventLog, type ProcessEventLog } from './observe/event-log.ts';
import type { NodeDrain } from './operator/model.ts';
import { PROXY_ERRORS } from './proxy/error.ts';
import { type Planned, siteName } from './proxy/planner.ts';
import { ensureStickyKey } from './proxy/pool/sticky-key.ts';
import { ensureSelfSigned } from './proxy/tls/self-signed.ts';
import { peerKey } from './sibling/planner.ts';
import { NO_SIBLINGS, type SiblingReport } from './sibling/state.ts';
import type { WorkerPlan } from './workers/messages.ts';
import { Supervisor } from './workers/supervisor.ts';

/** The control plane: loads, plans, starts the workers, and does what signals and operators ask for. */

/** In the environment: 1 has the cache's memory checked at a stop, which takes some seconds for a large one. */
const CHECK_CACHE = 'PORTICO_CACHE_CHECK';

/** What runs, as metrics tell it. */
const VERSION = (createRequire(import.meta.url)('../package.json') as { readonly version: string }).version;

/** How long who asks the admin listener may take when the node stops. */
const ADMIN_GRACE: Ms = 500;

/** How long the webhook may take with what waits for it, when all else has ended. */
const WEBHOOK_GRACE: Ms = 1_000;

/** The retry budget of each pool looks back over one to two of these. */
const RETRY_WINDOW: Ms = 5_000;

export class Control {
  /** An operator wants the traffic to go elsewhere. */
  readonly draining = new NodeDraining();
  readonly #file: string;
  /** That of the start, whatever a reload says: what is kept there is what is in force. */
  readonly #stateDir: string;
  readonly #log: ProcessEventLog;
  readonly #supervisor: Supervisor;
  readonly #rows: Rows;
  readonly #metrics: NodeMetrics;
  readonly #ticketKeys = randomBytes(48);
  readonly #retryWindow: NodeJS.Timeout;
  readonly #workers: number;
  readonly #cache: SharedCache | undefined;
  readonly #purging: Purging | undefined;
  /** `undefined` without a cache. */
  readonly #siblings: SiblingNode | undefined;
  readonly #listening: Listening;
  readonly #startedAt: Ms = Date.now();
  /** Made with the first generation, when it is sure that no other node has this state_dir's ports. */
  #origins: Origins | undefined;
  /** Likewise. */
  #names: NameServing | undefined;
  /** Likewise. */
  #floating: FloatingServing | undefined;
  #admin: Admin | undefined;
  #settings: Settings;
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
      if (settings.admin !== 'off') control.#admin = await Admin.open(settings.admin, control.#adminOptions());
    } catch (error) {
      await control.#supervisor.stop(0);
      await control.#close();
      throw error;
    }
    void control.#cache?.recover().then(() => control.#siblings?.warmUp());
    const { listeners, adminUrl, dnsListeners } = control;
    control.#log.info('ready', {
      listeners,
      workers: control.#workers,
      ...(adminUrl !== undefined && { admin: adminUrl }),
      ...(dnsListeners.length > 0 && { dns: dnsListeners }),
      pid: process.pid,
    });
    return control;
  }

  private constructor(file: string, settings: Settings, log: ProcessEventLog, cache: SharedCache | undefined) {
    this.#file = file;
    this.#stateDir = settings.node.state_dir;
    this.#settings = settings;
    this.#workers = workersOf(settings);
    this.#listening = new Listening(file);
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
    if (cache !== undefined) this.#metrics.page.register('cache', () => cache.snapshot());
    this.#metrics.page.register('pools', () => poolFamilies(this.#origins?.operator.pools() ?? []));
    this.#metrics.page.register('siblings', () => siblingFamilies(this.#siblingReport()));
    this.#metrics.page.register('dns', () => this.#names?.families() ?? []);
    this.#metrics.page.register('vrrp', () => this.#floating?.families() ?? []);
    this.#purging =
      cache &&
      new Purging(cache, async (orders, soft, from) => (await this.#siblings?.publish(orders, soft, from)) ?? []);
    this.#siblings = cache && this.#makeSiblings(cache, settings);
    this.#supervisor = new Supervisor({
      entry: new URL('./worker.ts', import.meta.url),
      workers: this.#workers,
      log: this.#log,
      cache,
      traffic: this.#metrics.table,
      siblings: this.#siblings,
    });
    this.draining.follow((on) => this.#supervisor.drain(on));
    this.draining.follow(() => this.#names?.look());
    this.#rows = new Rows(this.#supervisor.originTable, this.#metrics.table, this.#siblings?.table);
    this.#retryWindow = setInterval(() => this.#supervisor.originTable.beginRetryWindow(), RETRY_WINDOW);
  }

  get listeners(): readonly RunningListener[] {
    return this.#listening.listeners;
  }

  /** Where the name server listens, by UDP and TCP: ADDRESS:PORT. Empty: there is none. */
  get dnsListeners(): readonly string[] {
    return this.#names?.listeners ?? [];
  }

  /** Where the admin listener is; `undefined`: there is none. */
  get adminUrl(): string | undefined {
    return this.#admin?.url;
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
      draining: this.draining.on,
      listeners: this.listeners.length,
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
    // Whoever still comes here is served until a successor has the addresses.
    await this.#floating?.stop();
    await this.#supervisor.stop(this.#settings.node.stop_timeout);
    if (process.env[CHECK_CACHE] === '1') this.#cache?.check();
    await this.#close();
    this.#log.info('stopped');
  }

  async #close(): Promise<void> {
    // Until now whoever looks sees what still runs.
    await this.#admin?.close(ADMIN_GRACE);
    await this.#floating?.close(WEBHOOK_GRACE);
    await this.#names?.close();
    this.#origins?.close();
    await this.#siblings?.close();
    await this.#cache?.close();
    clearInterval(this.#retryWindow);
    this.#metrics.close();
  }

  async #reload(): Promise<void> {
    try {
      const { settings, warnings } = load(this.#file);
      const before = this.#settings;
      await this.#reloadTo(settings, warnings);
      this.#log.info('reloaded', { generation: this.#generation, listeners: this.listeners });
      if (settings.node.workers !== before.node.workers) {
        this.#log.warn('node.workers changes with the next start', { workers: this.#workers });
      }
      if (settings.node.state_dir !== this.#stateDir) {
        this.#log.warn('node.state_dir changes with the next start', { state_dir: this.#stateDir });
      }
      if (tiersOf(settings) !== tiersOf(before)) this.#log.warn('the tiers of the cache change with the next start');
      this.#accepted = true;
    } catch (error) {
      this.#accepted = false;
      const problems = problemsOf(error);
      this.#log.error('reload refused', { problems });
      this.#names?.refused(problems);
      this.#releaseRows(this.#settings);
    }
  }

  /** The admin listener goes over with the workers, or neither does. */
  async #reloadTo(settings: Settings, warnings: readonly string[]): Promise<void> {
    const admin = await this.#prepareAdmin(settings);
    try {
      await this.#take(settings, warnings);
    } catch (error) {
      await admin.abandon();
      throw error;
    }
    this.#settings = settings;
    try {
      await admin.commit();
    } catch (error) {
      this.#log.error('the admin listener is as it was', { problems: problemsOf(error) });
    }
  }

  /** The same file with what operators have added or removed since. Resolves with what is wrong with that. */
  #retake(): Promise<readonly string[]> {
    const taken = this.#reloads.then(async () => {
      try {
        await this.#take(this.#settings, []);
        return [];
      } catch (error) {
        this.#releaseRows(this.#settings);
        return problemsOf(error);
      }
    });
    this.#reloads = taken.then(() => {});
    return taken;
  }

  /** Plans a generation, has every worker build it, and only then lets them serve it. */
  async #take(settings: Settings, warnings: readonly string[]): Promise<void> {
    const reservation = await this.#listening.reserve(settings);
    let siblings: PendingSiblings | undefined;
    let names: PendingNames | undefined;
    let floating: PendingFloating | undefined;
    try {
      this.#origins ??= this.#makeOrigins();
      this.#names ??= this.#makeNames(this.#origins);
      this.#floating ??= this.#makeFloating(this.#origins);
      const origins = this.#origins;
      const adjusted = origins.adjusted(settings.pools);
      const { plan, warnings: more } = this.#plan({ ...settings, pools: adjusted }, reservation.ports);
      for (const warning of [...warnings, ...more]) this.#log.warn('configuration', { warning });
      siblings = await this.#siblings?.prepare(settings.siblings, (peer) => this.#rows.peer(peerKey(peer)));
      const workerPlan: WorkerPlan = {
        generation: this.#generation + 1,
        proxy: plan,
        accessLog: settings.logs.access,
        siblings: siblings?.plan && { ...siblings.plan, secret: undefined },
      };
      origins.prepare(settings.pools, adjusted, plan.pools);
      names = await this.#names.prepare(settings);
      floating = await this.#floating.prepare(settings, reservation.ports);
      if (this.#generation === 0) {
        // Nobody is to be served yet what was purged meanwhile.
        await siblings?.commit();
        await this.#siblings?.catchUp();
      }
      const problems = await this.#supervisor.switchTo(workerPlan);
      if (problems.length > 0) throw new RefusedError(problems);
      if (this.#generation > 0) await siblings?.commit();
      this.#generation = workerPlan.generation;
      this.#takenAt = Date.now();
      this.#metrics.rows = plan;
      if (this.#purging !== undefined) this.#purging.plan = plan;
      origins.take(settings.pools, adjusted, plan.pools);
    } catch (error) {
      await floating?.abandon();
      names?.abandon();
      await siblings?.abandon();
      throw error;
    } finally {
      reservation.release();
    }
    this.#log.setLevel(settings.logs.level);
    this.#listening.take(settings, reservation);
    this.#releaseRows(settings);
    await names.commit();
    await floating.commit();
  }

  #plan(settings: Settings, ports: readonly number[]): Planned {
    return plan(this.#file, settings, {
      ports,
      ticketKeys: this.#ticketKeys,
      poolSlot: (pool) => this.#rows.pool(pool),
      originSlot: (key) => this.#rows.origin(key),
      siteSlot: (name) => this.#rows.site(name),
      listenerSlot: (key) => this.#rows.listener(key),
      peerSlot: (peer) => this.#rows.peer(peerKey(peer)),
      stickyKey: () => ensureStickyKey(this.#stateDir),
      selfSigned: (names) => [ensureSelfSigned(this.#stateDir, names)],
      now: Date.now(),
    });
  }

  #makeSiblings(cache: SharedCache, settings: Settings): SiblingNode {
    const purging = this.#purging as Purging;
    return new SiblingNode({
      file: this.#file,
      node: settings.node.name,
      stateDir: this.#stateDir,
      diskDirectory: settings.cache === 'off' ? undefined : settings.cache.disk?.directory,
      workers: this.#workers,
      cache,
      rulesOf: (host, target) => purging.rulesOf(host, target),
      isOwnPort: (port) => this.#listening.hasPort(port),
      isDraining: () => this.draining.on,
      purgeUrl: (url, from) => purging.purgeUrl(url, from),
      fill: (slot, url, fields) => this.#supervisor.fill(slot, { url, fields }),
      log: this.#log,
      now: Date.now,
    });
  }

  #makeNames({ operator }: Origins): NameServing {
    return new NameServing({
      file: this.#file,
      stateDir: this.#stateDir,
      operator: operator.datacenters,
      readiness: () => readiness(this.state),
      log: this.#log,
    });
  }

  #makeFloating({ operator }: Origins): FloatingServing {
    const floating = new FloatingServing({
      file: this.#file,
      version: VERSION,
      stateDir: this.#stateDir,
      operator: operator.addresses,
      drained: () => drainWords(operator.node()),
      serving: () => this.#supervisor.serving,
      log: this.#log,
      now: Date.now,
    });
    this.draining.follow((on) => floating.drain(on));
    return floating;
  }

  #makeOrigins(): Origins {
    return new Origins({
      stateDir: this.#stateDir,
      table: this.#supervisor.originTable,
      log: this.#log,
      counted: (pool, origin) => this.#metrics.origin(pool, origin),
      cut: (slot) => this.#supervisor.cut(slot),
      giveWay: (slot) => this.#supervisor.giveWay(slot),
      maintain: (maintained) => this.#supervisor.maintain(maintained),
      apply: () => this.#retake(),
      drainNode: (on) => {
        this.draining.on = on;
      },
    });
  }

  async #prepareAdmin(settings: Settings): Promise<PendingReload> {
    const admin = this.#admin;
    if (settings.admin !== 'off' && admin !== undefined) return admin.prepare(settings.admin);
    const next = settings.admin === 'off' ? undefined : await Admin.open(settings.admin, this.#adminOptions());
    return {
      commit: async () => {
        await admin?.close(ADMIN_GRACE);
        this.#admin = next;
      },
      abandon: async () => next?.close(0),
    };
  }

  #adminOptions(): AdminOptions {
    const { operator } = this.#origins as Origins;
    const purging = this.#purging;
    return {
      file: this.#file,
      stateDir: this.#stateDir,
      log: this.#log,
      now: Date.now,
      operator,
      purge: purging && ((command) => purging.purge(command)),
      status: () => this.#status(),
      siblings: () => this.#siblingReport(),
      dns: () => this.#names?.port,
      vrrp: () => this.#floating?.port,
      metrics: (accept) => this.#metrics.page.answer(accept),
      traffic: this.#metrics.rates,
      sites: () => this.#settings.sites.map(siteName),
      healthz: () => healthzPage(),
      register: (name, source) => this.#metrics.page.register(name, source),
      factsOf: (pool) => factsOf(this.#settings, pool),
      version: VERSION,
      readyz: () => readyzPage(this.state),
    };
  }

  #status(): NodeStatus {
    const { node } = this.#settings;
    return {
      node: node.name,
      region: node.region,
      version: VERSION,
      started: this.#startedAt,
      generation: this.#generation,
      workers: this.#workers,
      listeners: this.listeners,
      cache: this.#cache?.summary(),
      notReady: readiness(this.state).reasons,
      ...this.#metrics.underWay,
    };
  }

  #siblingReport(): SiblingReport {
    return this.#siblings?.report() ?? NO_SIBLINGS;
  }

  #releaseRows(settings: Settings): void {
    this.#rows.release({ ...settings, pools: this.#origins?.adjusted(settings.pools) ?? settings.pools });
  }
}

function problemsOf(error: unknown): readonly string[] {
  return error instanceof RefusedError ? error.problems : [(error as Error).message];
}

/** Who, and why. */
function drainWords(drain: NodeDrain | undefined): string {
  if (drain === undefined) return '';
  return drain.reason === '' ? drain.by : `${drain.by}: ${drain.reason}`;
}

/** In Apache's terms. */
function factsOf({ pools, sites }: Settings, name: string): PoolFacts | undefined {
  const pool = pools[name];
  if (pool === undefined) return undefined;
  const routes = sites.flatMap((site) => [...site.routes, { path: '/', pool: site.pool }]);
  return {
    timeout: Math.round(pool.timeouts.first_byte / 1000),
    failoverAttempts: pool.retries.attempts,
    path: routes.find((route) => route.pool === name)?.path ?? '/',
  };
}
