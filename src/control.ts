import type { SharedCache } from './cache/shared-cache.ts';
import type { Settings } from './config/settings.ts';
import { adminOptions } from './control/admin-options.ts';
import { AdminServing } from './control/admin-serving.ts';
import { openCache } from './control/cache-tiers.ts';
import { Generations } from './control/generations.ts';
import type { RunningListener } from './control/listening.ts';
import { load } from './control/loading.ts';
import { NodeParts } from './control/node-parts.ts';
import { Reloading } from './control/reloading.ts';
import type { NodeState } from './metrics/node-families.ts';
import type { NodeMetrics } from './metrics/node-metrics.ts';
import { createEventLog, type ProcessEventLog } from './observe/event-log.ts';

/** In the environment: 1 has the cache's memory checked at a stop, which takes some seconds for a large one. */
const CHECK_CACHE = 'PORTICO_CACHE_CHECK';

/** The control plane: starts a node by its file, has it serve one generation after the other, and stops it. */
export class Control {
  readonly #parts: NodeParts;
  readonly #generations: Generations;
  readonly #admin: AdminServing;
  readonly #reloading: Reloading;
  #stopping = false;

  /** Starts a node by this file. Throws a `RefusedError`, with nothing left running, when it cannot. */
  static async start(file: string): Promise<Control> {
    const { settings, warnings } = load(file);
    const log = createEventLog({ level: settings.logs.level });
    const control = new Control(file, settings, log, await openCache(file, settings, log));
    await control.#start(settings, warnings);
    return control;
  }

  private constructor(file: string, settings: Settings, log: ProcessEventLog, cache: SharedCache | undefined) {
    const state = () => this.state;
    this.#parts = new NodeParts({ file, settings, log, cache, state, retake: () => this.#reloading.retake() });
    this.#generations = new Generations(this.#parts, settings);
    this.#admin = new AdminServing(() => adminOptions(this.#parts, this.#generations, state));
    this.#reloading = new Reloading(this.#parts, this.#generations, this.#admin);
  }

  get listeners(): readonly RunningListener[] {
    return this.#parts.listening.listeners;
  }

  /** Where the name server listens, by UDP and TCP: ADDRESS:PORT. Empty: there is none. */
  get dnsListeners(): readonly string[] {
    return this.#parts.operated.names.listeners;
  }

  /** Where the admin listener is; `undefined`: there is none. */
  get adminUrl(): string | undefined {
    return this.#admin.url;
  }

  get metrics(): NodeMetrics {
    return this.#parts.metrics;
  }

  /** How the node is, for metrics and readiness. */
  get state(): NodeState {
    const { workers, supervisor, draining } = this.#parts;
    const { number: generation, takenAt } = this.#generations;
    return {
      workers,
      serving: supervisor.serving,
      deaths: supervisor.deaths,
      stopping: this.#stopping,
      draining: draining.on,
      listeners: this.listeners.length,
      configuration: { generation, takenAt, accepted: this.#reloading.accepted },
    };
  }

  /** Takes the file as it is now, if it is good; else goes on as before and says why. One at a time. */
  reload(): Promise<void> {
    return this.#reloading.reload();
  }

  reopenLogs(): void {
    this.#parts.supervisor.reopenLogs();
  }

  /** Lets what runs end, at the longest until `node.stop_timeout`. */
  async stop(): Promise<void> {
    const { log, operated, supervisor, cache } = this.#parts;
    this.#stopping = true;
    await this.#reloading.settled;
    const within = this.#generations.settings.node.stop_timeout;
    log.info('stopping', { stop_timeout_ms: within });
    // Whoever still comes here is served until a successor has the addresses.
    await operated.floating.stop(within);
    await supervisor.stop(within);
    if (process.env[CHECK_CACHE] === '1') cache?.check();
    await this.#close();
    log.info('stopped');
  }

  async #start(settings: Settings, warnings: readonly string[]): Promise<void> {
    const { workers, log, supervisor, cache, siblings } = this.#parts;
    try {
      await this.#generations.take(settings, warnings);
      await this.#admin.start(settings.admin);
    } catch (error) {
      await supervisor.stop(0);
      await this.#close();
      throw error;
    }
    void cache?.recover().then(() => siblings?.warmUp());
    const { listeners, adminUrl, dnsListeners } = this;
    log.info('ready', {
      listeners,
      workers,
      ...(adminUrl !== undefined && { admin: adminUrl }),
      ...(dnsListeners.length > 0 && { dns: dnsListeners }),
      pid: process.pid,
    });
  }

  async #close(): Promise<void> {
    // Until now whoever looks sees what still runs.
    await this.#admin.close();
    await this.#parts.close();
  }
}
