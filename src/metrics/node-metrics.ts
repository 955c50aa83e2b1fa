import type { Bytes, Fraction, Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { ErrorCodes } from './error-codes.ts';
import { MetricsPage } from './gather.ts';
import { type NodeState, nodeFamilies } from './node-families.ts';
import { type BuildInfo, processFamilies, threadFamilies } from './process.ts';
import { TrafficRates } from './rates.ts';
import { ThreadVitals } from './thread-vitals.ts';
import { originTotals } from './totals.ts';
import { NO_SITE } from './traffic-counts.ts';
import { type TrafficRows, trafficFamilies } from './traffic-families.ts';
import { LISTENER, SITE, THREAD, TrafficTable } from './traffic-table.ts';

const SAMPLE_EVERY: Ms = 1_000;

/** What `TrafficRows` calls the row of what belongs to no site. */
export const NO_SITE_NAME = '-';

export interface NodeMetricsOptions {
  readonly workers: number;
  readonly codes: ErrorCodes;
  readonly build: BuildInfo;
  readonly log: EventLog;
  /** Asked at each look. */
  readonly state: () => NodeState;
  /** Epoch milliseconds. */
  readonly now: () => Ms;
}

/** What the operator's side shows of an origin's traffic; see `Traffic` there. */
export interface OriginTraffic {
  readonly rate: number;
  readonly errors: Fraction;
  /** Mean time to the first byte in the last ten seconds. */
  readonly latency: Ms | undefined;
  /** Bytes of bodies that came from it, and that went there, since the start. */
  readonly received: Bytes;
  readonly sent: Bytes;
}

/** The metrics of a node, as control has them: the table that workers count in, rates of it, and the page. */
export class NodeMetrics {
  readonly table: TrafficTable;
  readonly page: MetricsPage;
  readonly rates: TrafficRates;
  readonly #now: () => Ms;
  readonly #vitals: ThreadVitals;
  readonly #timer: NodeJS.Timeout;
  #rows: TrafficRows = { sites: [], listeners: [], pools: [] };

  constructor({ workers, codes, build, log, state, now }: NodeMetricsOptions) {
    this.table = new TrafficTable(TrafficTable.allocate(workers), workers);
    this.rates = new TrafficRates(this.table);
    this.page = new MetricsPage(log);
    this.#now = now;
    const cells = new Float64Array(THREAD.size);
    this.#vitals = new ThreadVitals(cells);
    this.page.register('node', () => nodeFamilies(state()));
    this.page.register('traffic', () => trafficFamilies(this.table, this.#rows, codes));
    this.page.register('process', () => [...processFamilies(build), ...threadFamilies(this.table, cells)]);
    this.#timer = setInterval(() => this.rates.sample(this.#rows, this.#now()), SAMPLE_EVERY).unref();
  }

  /** Whose rows are whose from now on. */
  set rows({ sites, listeners, pools }: TrafficRows) {
    const isFirst = this.#rows.sites.length === 0;
    this.#rows = { sites: [{ name: NO_SITE_NAME, slot: NO_SITE }, ...sites], listeners, pools };
    // What comes from now on is a rate already.
    if (isFirst) this.rates.sample(this.#rows, this.#now());
  }

  /** Of the whole node: exchanges, tunnels among them, and connections of clients. */
  get underWay(): { readonly exchanges: number; readonly connections: number } {
    return {
      exchanges: this.table.total('site', SITE.inFlight),
      connections: this.table.total('listener', LISTENER.sockets),
    };
  }

  /** `undefined`: it has no row. */
  origin(pool: string, origin: string): OriginTraffic | undefined {
    const row = this.#rows.pools.find(({ name }) => name === pool)?.origins.find(({ name }) => name === origin);
    if (row === undefined) return undefined;
    const { requests, errors, latency } = this.rates.rate({ kind: 'origin', pool, origin });
    const { received, sent } = originTotals(this.table, row.slot);
    return { rate: requests, errors, latency, received, sent };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#vitals.close();
  }
}
