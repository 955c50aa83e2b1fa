import { randomBytes } from 'node:crypto';
import type { Ms } from '../base/units.ts';
import type { Settings } from '../config/settings.ts';
import type { Planned } from '../proxy/planner.ts';
import { ensureStickyKey } from '../proxy/pool/sticky-key.ts';
import { ensureSelfSigned } from '../proxy/tls/self-signed.ts';
import { peerKey } from '../sibling/planner.ts';
import type { WorkerPlan } from '../workers/messages.ts';
import type { PendingFloating } from './floating-addresses.ts';
import { plan } from './loading.ts';
import type { PendingNames } from './name-serving.ts';
import type { NodeParts } from './node-parts.ts';
import { RefusedError } from './refused-error.ts';
import type { PendingSiblings } from './siblings.ts';

/** What is served, from one generation to the next: each is planned and prepared everywhere, and only then served. */
export class Generations {
  readonly #parts: NodeParts;
  readonly #ticketKeys = randomBytes(48);
  #settings: Settings;
  #number = 0;
  #takenAt: Ms = 0;

  /** `settings`: of the first one, which is to be taken next. */
  constructor(parts: NodeParts, settings: Settings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Of the generation that is served, as the file has them. */
  get settings(): Settings {
    return this.#settings;
  }

  /** Counted up by each that is served; 0 until then. */
  get number(): number {
    return this.#number;
  }

  /** Epoch milliseconds. */
  get takenAt(): Ms {
    return this.#takenAt;
  }

  /** Plans a generation, has every worker build it, and only then lets them serve it. Throws a `RefusedError`. One at a time. */
  async take(settings: Settings, warnings: readonly string[]): Promise<void> {
    const { listening, log, metrics, purging, rows } = this.#parts;
    const reservation = await listening.reserve(settings);
    let siblings: PendingSiblings | undefined;
    let names: PendingNames | undefined;
    let floating: PendingFloating | undefined;
    try {
      const { operated } = this.#parts;
      const adjusted = operated.origins.adjusted(settings.pools);
      const { plan, warnings: more } = this.#plan({ ...settings, pools: adjusted }, reservation.ports);
      for (const warning of [...warnings, ...more]) log.warn('configuration', { warning });
      siblings = await this.#parts.siblings?.prepare(settings.siblings, (peer) => rows.peer(peerKey(peer)));
      operated.origins.prepare(settings.pools, adjusted, plan.pools);
      names = await operated.names.prepare(settings);
      floating = await operated.floating.prepare(settings, reservation.ports);
      await this.#serve(
        {
          generation: this.#number + 1,
          proxy: plan,
          accessLog: settings.logs.access,
          siblings: siblings?.plan && { ...siblings.plan, secret: undefined },
        },
        siblings,
      );
      metrics.rows = plan;
      if (purging !== undefined) purging.plan = plan;
      operated.origins.take(settings.pools, adjusted, plan.pools);
    } catch (error) {
      await floating?.abandon();
      names?.abandon();
      await siblings?.abandon();
      throw error;
    } finally {
      reservation.release();
    }
    log.setLevel(settings.logs.level);
    listening.take(settings, reservation);
    this.#release(settings);
    await names.commit();
    await floating.commit();
    this.#settings = settings;
  }

  /** Rows that a generation has taken which came to nothing are free again. */
  releaseRows(): void {
    this.#release(this.#settings);
  }

  async #serve(plan: WorkerPlan, siblings: PendingSiblings | undefined): Promise<void> {
    const isFirst = this.#number === 0;
    if (isFirst) {
      // Nobody is to be served yet what was purged meanwhile.
      await siblings?.commit();
      await this.#parts.siblings?.catchUp();
    }
    const problems = await this.#parts.supervisor.switchTo(plan);
    if (problems.length > 0) throw new RefusedError(problems);
    if (!isFirst) await siblings?.commit();
    this.#number = plan.generation;
    this.#takenAt = Date.now();
  }

  #plan(settings: Settings, ports: readonly number[]): Planned {
    const { file, stateDir, rows } = this.#parts;
    return plan(file, settings, {
      ports,
      ticketKeys: this.#ticketKeys,
      poolSlot: (pool) => rows.pool(pool),
      originSlot: (key) => rows.origin(key),
      siteSlot: (name) => rows.site(name),
      listenerSlot: (key) => rows.listener(key),
      peerSlot: (peer) => rows.peer(peerKey(peer)),
      stickyKey: () => ensureStickyKey(stateDir),
      selfSigned: (names) => [ensureSelfSigned(stateDir, names)],
      now: Date.now(),
    });
  }

  /** Frees the rows of what these settings, and operators, have no more. */
  #release(settings: Settings): void {
    const { rows, operated } = this.#parts;
    rows.release({ ...settings, pools: operated.origins.adjusted(settings.pools) });
  }
}
