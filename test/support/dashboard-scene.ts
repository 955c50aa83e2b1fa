import type { PurgeCommand } from '../../src/admin/api/context.ts';
import { mountDashboard } from '../../src/admin/page/dashboard.ts';
import type { DashboardSource, Rate, RatePoint } from '../../src/admin/page/source.ts';
import { AdminServer } from '../../src/admin/server.ts';
import { type EventRecord, eventLevels } from '../../src/observe/event-forward.ts';
import type { OriginId } from '../../src/operator/commands.ts';
import type { OriginState, PoolState } from '../../src/operator/model.ts';
import { NO_SIBLINGS } from '../../src/sibling/state.ts';
import { STATUS, users } from './admin-scene.ts';
import { MemoryOperator } from './memory-operator.ts';
import { atTeardown } from './teardown.ts';

const NOW = 1_700_000_000_000;

/** What a test says that is seen of an origin, or holds for it, beside what was asked. */
type Staged = Partial<Omit<OriginState, 'observed' | 'traffic'>> & {
  readonly observed?: Partial<OriginState['observed']>;
  readonly traffic?: Partial<OriginState['traffic']>;
};

/** An operator in memory of which anything can be staged: panic, queues, ejections, traffic. */
export class StagedOperator extends MemoryOperator {
  readonly maintained: Parameters<MemoryOperator['maintain']>[] = [];
  readonly cleared: Parameters<MemoryOperator['clear']>[] = [];
  readonly #pools = new Map<string, Partial<PoolState>>();
  readonly #origins = new Map<string, Staged>();

  stagePool(name: string, staged: Partial<PoolState>): void {
    this.#pools.set(name, { ...this.#pools.get(name), ...staged });
  }

  stage({ pool, id }: OriginId, staged: Staged): void {
    this.#origins.set(`${pool}/${id}`, { ...this.#origins.get(`${pool}/${id}`), ...staged });
  }

  override pools(): readonly PoolState[] {
    return super.pools().map((pool) => this.#staged(pool));
  }

  override pool(name: string): PoolState | undefined {
    return this.pools().find((pool) => pool.name === name);
  }

  override clear(...asked: Parameters<MemoryOperator['clear']>) {
    this.cleared.push(asked);
    return super.clear(...asked);
  }

  override maintain(...asked: Parameters<MemoryOperator['maintain']>) {
    this.maintained.push(asked);
    const outcome = super.maintain(...asked);
    this.emit('pool-maintenance', { pool: asked[0], id: '' });
    return outcome;
  }

  #staged(pool: PoolState): PoolState {
    const origins = pool.origins.map((origin): OriginState => {
      const { observed, traffic, ...rest } = this.#origins.get(`${origin.pool}/${origin.id}`) ?? {};
      return {
        ...origin,
        ...rest,
        observed: { ...origin.observed, ...observed },
        traffic: { ...origin.traffic, ...traffic },
      };
    });
    return { ...pool, ...this.#pools.get(pool.name), origins };
  }
}

export interface SceneOptions {
  readonly pools?: Readonly<Record<string, readonly string[]>>;
  readonly source?: Partial<DashboardSource>;
  readonly now?: () => number;
}

/** The dashboard on an admin listener of its own, for the users of `AdminScene`. */
export class DashboardScene {
  readonly operator: StagedOperator;
  readonly server: AdminServer;
  readonly log: EventRecord[] = [];
  readonly purges: PurgeCommand[] = [];
  readonly #close: () => void;

  static async open(options: SceneOptions = {}): Promise<DashboardScene> {
    const scene = new DashboardScene(options);
    await scene.server.start();
    atTeardown(() => scene.close());
    return scene;
  }

  private constructor({ pools = {}, source = {}, now = () => NOW }: SceneOptions) {
    this.operator = new StagedOperator(
      {
        app: ['http://10.0.1.66', 'http://10.0.1.67:8080'],
        api: ['http://10.0.2.66:81', 'http://10.0.2.68'],
        ...pools,
      },
      now,
    );
    const settings = { listen: '127.0.0.1:0', certificate: undefined, hostNames: [], users: users() };
    const log = eventLevels((event) => this.log.push(event));
    this.server = new AdminServer({ settings, log, now, record: (entry) => this.operator.record(entry) });
    const mounted = mountDashboard(this.server, {
      operator: this.operator,
      traffic: { rate: rateOf, history: () => historyUntil(now()) },
      sites: () => ['www.example.com', 'api.example.com'],
      status: () => STATUS,
      siblings: () => NO_SIBLINGS,
      purge: async (order) => {
        const index = order.urls.findIndex((url) => !URL.canParse(url));
        if (index !== -1) return { ok: false, problems: [{ list: 'urls', index, detail: 'expected a URL' }] };
        this.purges.push(order);
        const purges = order.urls.length + order.prefixes.length + order.tags.length + Number(order.all);
        return { ok: true, purges, siblings: [] };
      },
      now,
      ...source,
    });
    this.#close = () => mounted.close();
  }

  get url(): string {
    return this.server.url ?? '';
  }

  async close(): Promise<void> {
    this.#close();
    await this.server.close(0);
  }
}

function rateOf({ kind }: { readonly kind: string }): Rate {
  const requests = kind === 'node' ? 1284 : kind === 'pool' ? 642 : 321;
  return { requests, errors: 0.0012, latency: 18.4, received: 5_000, sent: 13_400_000 };
}

/** Two waves of ten minutes, always the same. */
export function historyUntil(now: number): readonly RatePoint[] {
  return Array.from({ length: 120 }, (_, index) => {
    const wave = 1 + Math.sin(index / 9) / 3 + Math.sin(index * 2.7) / 14;
    const errors = index > 70 && index < 80 ? 0.08 : 0.001;
    return {
      at: now - (119 - index) * 5_000,
      requests: 1200 * wave,
      errors,
      latency: 17 / wave + (errors > 0.01 ? 30 : 0),
      received: 4_000 * wave,
      sent: 12_000_000 * wave,
    };
  });
}
