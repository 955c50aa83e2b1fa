import type { Ms } from '../base/units.ts';
import { type Rate, type RatePoint, RateSeries } from './rate-series.ts';
import { minus, NOTHING, originTotals, plus, siteTotals, type Totals } from './totals.ts';
import type { TrafficRows } from './traffic-families.ts';
import type { TrafficTable } from './traffic-table.ts';

/** Of what there are rates: the whole node, or a part of it. */
export type Subject =
  | { readonly kind: 'node' }
  | { readonly kind: 'site'; readonly site: string }
  | { readonly kind: 'pool'; readonly pool: string }
  | { readonly kind: 'origin'; readonly pool: string; readonly origin: string };

const NO_RATE: Rate = { requests: 0, errors: 0, latency: undefined, received: 0, sent: 0 };

interface Counted {
  /** Another row means that counting began anew. */
  readonly slot: number;
  totals: Totals;
}

/**
 * How fast things go, for pages and the operator's side: the traffic table is looked at once a second, and what was
 * added since goes into a series for each site, pool and origin, and for the node. A pool's traffic is its origins', the
 * node's that of its sites. What is no longer configured is forgotten.
 */
export class TrafficRates {
  readonly #table: TrafficTable;
  readonly #counted = new Map<string, Counted>();
  readonly #series = new Map<string, RateSeries>();
  #sampledAt: Ms | undefined;

  constructor(table: TrafficTable) {
    this.#table = table;
  }

  /** Once a second; `now` in epoch milliseconds. */
  sample(rows: TrafficRows, now: Ms): void {
    const deltas = this.#deltas(rows);
    const span = now - (this.#sampledAt ?? now);
    this.#sampledAt = now;
    for (const key of this.#series.keys()) if (!deltas.has(key)) this.#series.delete(key);
    for (const key of this.#counted.keys()) if (!deltas.has(key)) this.#counted.delete(key);
    // The first look says how much there was, and not since when. A clock that was set back says nothing either.
    if (span <= 0) return;
    for (const [key, delta] of deltas) {
      let series = this.#series.get(key);
      if (series === undefined) {
        series = new RateSeries();
        this.#series.set(key, series);
      }
      series.add(now, span, delta);
    }
  }

  /** Of the last ten seconds. */
  rate(subject: Subject): Rate {
    return this.#series.get(keyOf(subject))?.rate ?? NO_RATE;
  }

  /** The last ten minutes by 5 s, oldest first. */
  history(subject: Subject): readonly RatePoint[] {
    return this.#series.get(keyOf(subject))?.history ?? [];
  }

  #deltas(rows: TrafficRows): Map<string, Totals> {
    const deltas = new Map<string, Totals>();
    let node = NOTHING;
    for (const { name, slot } of rows.sites) {
      const key = keyOf({ kind: 'site', site: name });
      const delta = this.#delta(key, slot, siteTotals(this.#table, slot));
      deltas.set(key, delta);
      node = plus(node, delta);
    }
    for (const { name, origins } of rows.pools) {
      let pool = NOTHING;
      for (const origin of origins) {
        const key = keyOf({ kind: 'origin', pool: name, origin: origin.name });
        const delta = this.#delta(key, origin.slot, originTotals(this.#table, origin.slot));
        deltas.set(key, delta);
        pool = plus(pool, delta);
      }
      deltas.set(keyOf({ kind: 'pool', pool: name }), pool);
    }
    return deltas.set(keyOf({ kind: 'node' }), node);
  }

  /** A new row was empty when it was given. */
  #delta(key: string, slot: number, totals: Totals): Totals {
    const known = this.#counted.get(key);
    if (known?.slot === slot) {
      const delta = minus(totals, known.totals);
      known.totals = totals;
      return delta;
    }
    this.#counted.set(key, { slot, totals });
    return totals;
  }
}

/** No name has a line feed in it. */
function keyOf(subject: Subject): string {
  switch (subject.kind) {
    case 'node':
      return 'node';
    case 'site':
      return `site\n${subject.site}`;
    case 'pool':
      return `pool\n${subject.pool}`;
    case 'origin':
      return `origin\n${subject.pool}\n${subject.origin}`;
  }
}
