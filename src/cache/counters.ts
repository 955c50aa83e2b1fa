import type { Bytes } from '../base/units.ts';
import { counter, gauge, type ScalarFamily } from '../observe/metric.ts';
import type { DiskTrouble } from './disk/read-trouble.ts';
import type { PurgeOrder } from './purge/order.ts';
import type { ForwardReason } from './semantics/cache-status.ts';
import type { NotStored } from './semantics/storable.ts';

/**
 * What the cache counts, in shared memory: a row for each seat, which its thread alone writes to, and a column for each
 * counter. Rows are added up when somebody looks. A cell is a double, written whole by every machine that Node runs on;
 * with one writer a cell there is nothing to lose to another. Whoever takes a seat after a thread that died counts on.
 */

/** Where a hit's body came from: decoded in this thread, the shared memory, or the disk. */
export type HitTier = 'local' | 'memory' | 'disk';
export type StoreTier = 'memory' | 'disk';
/** Beside what forbids it: the response broke off, or the tier had no room for it just then. */
export type NotStoredReason = NotStored | 'incomplete' | 'no-room' | 'vary-unknown' | 'bypass';

/** What only who owns the tiers can tell. */
export interface TierGauges {
  readonly objects: number;
  readonly bytes: Bytes;
  readonly capacity: Bytes;
  /** Objects of the memory, or segments of the disk, that made room for others since the start. */
  readonly evictions: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  /** The label by which its counters differ, and their cells by its values. One without a label has the value ''. */
  readonly label?: string;
  readonly cells: Readonly<Record<string, number>>;
}

/** Counted up while this module is loaded, and never after. */
let columns = 0;

/** Cells for these values of a label. A record, so that the compiler sees that none is missing. */
function cells<Value extends string>(values: Readonly<Record<Value, 1>>): Readonly<Record<Value, number>> {
  const named = Object.keys(values).map((value) => [value, columns++] as const);
  return Object.fromEntries(named) as Record<Value, number>;
}

const HITS = {
  name: 'portico_cache_hits_total',
  help: 'Requests answered from the cache without asking the origin, by the tier that had the body.',
  label: 'tier',
  cells: cells<HitTier>({ local: 1, memory: 1, disk: 1 }),
};
const STALE_HITS = {
  name: 'portico_cache_stale_hits_total',
  help: 'Hits whose response was stale; they are hits as well.',
  cells: cells({ '': 1 }),
};
const FORWARDS = {
  name: 'portico_cache_forwards_total',
  help: 'Requests that went on to the origin or waited for one that did, by the reason in Cache-Status.',
  label: 'reason',
  cells: cells<ForwardReason>({
    'uri-miss': 1,
    'vary-miss': 1,
    miss: 1,
    stale: 1,
    request: 1,
    bypass: 1,
    method: 1,
    partial: 1,
  }),
};
const HIT_FOR_MISS = {
  name: 'portico_cache_hit_for_miss_total',
  help: 'Forwarded requests that waited for no other, as the last response was not to be shared.',
  cells: cells({ '': 1 }),
};
const COLLAPSED = {
  name: 'portico_cache_collapsed_total',
  help: 'Forwarded requests that were answered by the fetch of another.',
  cells: cells({ '': 1 }),
};
const STORES = {
  name: 'portico_cache_stores_total',
  help: 'Responses stored, by tier; one that is in both counts in both.',
  label: 'tier',
  cells: cells<StoreTier>({ memory: 1, disk: 1 }),
};
const NOT_STORED = {
  name: 'portico_cache_not_stored_total',
  help: 'Responses that were fetched and not stored, by reason.',
  label: 'reason',
  cells: cells<NotStoredReason>({
    'cache-off': 1,
    method: 1,
    'request-no-store': 1,
    status: 1,
    partial: 1,
    'must-understand': 1,
    'no-store': 1,
    private: 1,
    authorization: 1,
    'vary-star': 1,
    'set-cookie': 1,
    'no-freshness': 1,
    'no-cache': 1,
    expired: 1,
    'too-large': 1,
    incomplete: 1,
    'no-room': 1,
    'vary-unknown': 1,
    bypass: 1,
  }),
};
const BODY_BYTES = {
  name: 'portico_cache_body_bytes_total',
  help: 'Bytes of bodies sent to clients, by where they came from.',
  label: 'source',
  cells: cells<'cache' | 'origin'>({ cache: 1, origin: 1 }),
};
const DISK_ERRORS = {
  name: 'portico_cache_disk_errors_total',
  help: 'Times that the disk could not be read or written, or had damaged records.',
  label: 'kind',
  cells: cells<DiskTrouble>({ read: 1, write: 1, damaged: 1 }),
};
const PURGES = {
  name: 'portico_cache_purges_total',
  help: 'Purges that were asked for, by what they were for.',
  label: 'kind',
  cells: cells<PurgeOrder['kind']>({ url: 1, prefix: 1, tag: 1, all: 1 }),
};

const FAMILIES: readonly Family[] = [
  HITS,
  STALE_HITS,
  FORWARDS,
  HIT_FOR_MISS,
  COLLAPSED,
  STORES,
  NOT_STORED,
  BODY_BYTES,
  DISK_ERRORS,
  PURGES,
];

/** Whole cache lines of 8 doubles, so that no two threads write to one. */
const ROW = Math.ceil(columns / 8) * 8;

export class CacheCounters {
  readonly #rows: Float64Array;
  readonly #row: Float64Array;

  /** Memory for this many seats. */
  static allocate(seats: number): SharedArrayBuffer {
    return new SharedArrayBuffer(seats * ROW * 8);
  }

  /** Counts for `seat`. One object a thread. */
  constructor(memory: SharedArrayBuffer, seat: number) {
    this.#rows = new Float64Array(memory);
    this.#row = new Float64Array(memory, seat * ROW * 8, ROW);
  }

  hit(tier: HitTier): void {
    this.#add(HITS.cells[tier], 1);
  }

  /** Beside `hit`. */
  staleHit(): void {
    this.#add(STALE_HITS.cells[''], 1);
  }

  forwarded(reason: ForwardReason): void {
    this.#add(FORWARDS.cells[reason], 1);
  }

  /** Beside `forwarded`. */
  hitForMiss(): void {
    this.#add(HIT_FOR_MISS.cells[''], 1);
  }

  /** Beside `forwarded`. */
  collapsed(): void {
    this.#add(COLLAPSED.cells[''], 1);
  }

  stored(tier: StoreTier): void {
    this.#add(STORES.cells[tier], 1);
  }

  notStored(reason: NotStoredReason): void {
    this.#add(NOT_STORED.cells[reason], 1);
  }

  sent(source: 'cache' | 'origin', bytes: Bytes): void {
    this.#add(BODY_BYTES.cells[source], bytes);
  }

  diskError(kind: DiskTrouble): void {
    this.#add(DISK_ERRORS.cells[kind], 1);
  }

  purged(kind: PurgeOrder['kind']): void {
    this.#add(PURGES.cells[kind], 1);
  }

  /** Over all tiers. */
  get hits(): number {
    return this.#total(HITS.cells);
  }

  /** For whatever reason. */
  get forwards(): number {
    return this.#total(FORWARDS.cells);
  }

  /** All counters, over all seats, and the gauges of those tiers that there are. */
  snapshot(tiers: Readonly<Partial<Record<StoreTier, TierGauges>>> = {}): ScalarFamily[] {
    const counters = FAMILIES.map(({ name, help, label, cells }) => {
      const samples = Object.entries(cells).map(([value, cell]) => ({
        labels: label === undefined ? {} : { [label]: value },
        value: this.#sum(cell),
      }));
      return counter(name, help, samples);
    });
    return [
      ...counters,
      gauge('portico_cache_objects', 'Objects that are stored, by tier.', byTier(tiers, 'objects')),
      gauge('portico_cache_bytes', 'Bytes that stored objects take, by tier.', byTier(tiers, 'bytes')),
      gauge('portico_cache_capacity_bytes', 'Bytes that stored objects may take, by tier.', byTier(tiers, 'capacity')),
      counter(
        'portico_cache_evictions_total',
        'What made room: objects in memory, segments on disk.',
        byTier(tiers, 'evictions'),
      ),
    ];
  }

  #add(cell: number, by: number): void {
    const row = this.#row;
    row[cell] = (row[cell] as number) + by;
  }

  #total(cells: Readonly<Record<string, number>>): number {
    return Object.values(cells).reduce((sum, cell) => sum + this.#sum(cell), 0);
  }

  #sum(cell: number): number {
    let sum = 0;
    for (let at = cell; at < this.#rows.length; at += ROW) sum += this.#rows[at] as number;
    return sum;
  }
}

function byTier(
  tiers: Readonly<Partial<Record<StoreTier, TierGauges>>>,
  of: keyof TierGauges,
): ScalarFamily['samples'] {
  return Object.entries(tiers).map(([tier, gauges]) => ({ labels: { tier }, value: gauges[of] }));
}
