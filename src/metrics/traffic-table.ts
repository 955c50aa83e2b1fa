import { HISTOGRAM_CELLS } from './histogram.ts';

/**
 * The traffic table: what workers count, in shared memory. Each has a column of its own, so that a cell has one writer;
 * columns are added up when somebody looks. A cell is a double, written whole by every machine that Node runs on.
 *
 *     a worker's column:  | errors | thread | listeners … | sites … | pools … | origins … |
 *                                             rows of a kind, each of some cells
 *
 * What a worker counted stays when it dies, and its successor counts on. What it only held (requests in flight, open
 * connections) goes with it: see `dropWorker`. Rows keep their meaning across reloads; one that is given to another name is
 * cleared first, when nobody counts there any more.
 */

/** The cells of a row, by name. */
export const SITE = rowOf(
  { byClass: 6, byBlame: 3, duration: HISTOGRAM_CELLS, received: 1, sent: 1, splashes: 1, tunnels: 1 },
  { inFlight: 1, openTunnels: 1 },
);
export const POOL = rowOf({ firstByte: HISTOGRAM_CELLS, retries: 1 });
/** `firstByteTime`: the sum in milliseconds, over all responses. */
export const ORIGIN = rowOf({ byClass: 6, unanswered: 4, brokenOff: 1, received: 1, sent: 1, firstByteTime: 1 });
export const LISTENER = rowOf({ accepted: 1, handshakes: 2, handshakeFailures: 1 }, { sockets: 1, open: 2 });
export const MAX_ERROR_CODES = 64;
/** One row: a cell for each code of an error. */
export const ERRORS = rowOf({ byCode: MAX_ERROR_CODES });
/** One row: what the worker's thread says of itself. `busy`: milliseconds in which its event loop worked. */
export const THREAD = rowOf({ busy: 1 }, { lagMean: 1, lagMax: 1, heapUsed: 1, heapTotal: 1, external: 1 });

export const MAX_SITES = 8_192;
export const MAX_LISTENERS = 1_024;

const KINDS = {
  errors: { row: ERRORS, rows: 1 },
  thread: { row: THREAD, rows: 1 },
  listener: { row: LISTENER, rows: MAX_LISTENERS },
  site: { row: SITE, rows: MAX_SITES },
  // As many as the origin table has.
  pool: { row: POOL, rows: 512 },
  origin: { row: ORIGIN, rows: 8_192 },
} as const;

export type RowKind = keyof typeof KINDS;

interface Row {
  /** Whole cache lines, so that no two rows of two threads share one. */
  readonly size: number;
  /** Cells that are not counts, but what a living worker holds. */
  readonly held: readonly number[];
}

const STARTS = startsOf();
const COLUMN = STARTS.end;

export class TrafficTable {
  readonly memory: SharedArrayBuffer;
  readonly #workers: number;
  readonly #columns: readonly Float64Array[];

  /** Memory for this many workers: 3 MiB each, of which the system gives only what is written to. */
  static allocate(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(workers * COLUMN * 8);
  }

  constructor(memory: SharedArrayBuffer, workers: number) {
    this.memory = memory;
    this.#workers = workers;
    this.#columns = Array.from(
      { length: workers },
      (_, worker) => new Float64Array(memory, worker * COLUMN * 8, COLUMN),
    );
  }

  get workers(): number {
    return this.#workers;
  }

  /** All rows of a kind in a worker's column, for it to write to; row `slot` begins at `slot * size`. */
  rows(worker: number, kind: RowKind): Float64Array {
    const start = STARTS[kind];
    const { row, rows } = KINDS[kind];
    return this.#column(worker).subarray(start, start + rows * row.size);
  }

  /** One cell of one worker. */
  of(worker: number, kind: RowKind, slot: number, cell: number): number {
    return this.#column(worker)[startOf(kind, slot) + cell] as number;
  }

  /** One cell over all workers. */
  sum(kind: RowKind, slot: number, cell: number): number {
    const at = startOf(kind, slot) + cell;
    let sum = 0;
    for (const column of this.#columns) sum += column[at] as number;
    return sum;
  }

  /** One cell over all workers and rows, those among them that no name has any more. */
  total(kind: RowKind, cell: number): number {
    let total = 0;
    for (let slot = 0; slot < KINDS[kind].rows; slot++) total += this.sum(kind, slot, cell);
    return total;
  }

  /** For a row that is given to another name, while nobody counts there. */
  clear(kind: RowKind, slot: number): void {
    const at = startOf(kind, slot);
    for (const column of this.#columns) column.fill(0, at, at + KINDS[kind].row.size);
  }

  /** Forgets what a dead worker held. */
  dropWorker(worker: number): void {
    const column = this.#column(worker);
    for (const kind of Object.keys(KINDS) as RowKind[]) {
      const { row, rows } = KINDS[kind] as { row: Row; rows: number };
      if (row.held.length === 0) continue;
      for (let slot = 0; slot < rows; slot++) {
        // Reading does not make the system give memory for a row that was never written to.
        for (const cell of row.held)
          if (column[startOf(kind, slot) + cell] !== 0) column[startOf(kind, slot) + cell] = 0;
      }
    }
  }

  #column(worker: number): Float64Array {
    const column = this.#columns[worker];
    if (column === undefined) throw new RangeError(`there is no worker ${worker}`);
    return column;
  }
}

function startOf(kind: RowKind, slot: number): number {
  const { row, rows } = KINDS[kind];
  if (slot >= rows) throw new RangeError(`there is no ${kind} ${slot}`);
  return STARTS[kind] + slot * row.size;
}

function startsOf(): Readonly<Record<RowKind | 'end', number>> {
  let end = 0;
  const starts: Record<string, number> = {};
  for (const [kind, { row, rows }] of Object.entries(KINDS)) {
    starts[kind] = end;
    end += rows * row.size;
  }
  return { ...(starts as Record<RowKind, number>), end };
}

/** Lays out the counts of a row, and behind them what is held: each name gets where its cells begin. */
function rowOf<Counted extends string, Held extends string = never>(
  counted: Readonly<Record<Counted, number>>,
  held: Readonly<Record<Held, number>> = {} as Record<Held, number>,
): Row & Readonly<Record<Counted | Held, number>> {
  const at: Record<string, number> = {};
  let end = 0;
  for (const [name, cells] of [...entries(counted), ...entries(held)]) {
    at[name] = end;
    end += cells;
  }
  const first = entries(counted).reduce((sum, [, cells]) => sum + cells, 0);
  const cellsHeld = Array.from({ length: end - first }, (_, index) => first + index);
  return { ...(at as Record<Counted | Held, number>), size: Math.ceil(end / 8) * 8, held: cellsHeld };
}

function entries(cells: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(cells);
}
