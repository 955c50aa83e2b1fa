import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Ms } from '../base/units.ts';
import { THREAD } from './traffic-table.ts';

type Delays = ReturnType<typeof monitorEventLoopDelay>;

/** In a millisecond. */
const NANOSECONDS = 1e6;

/** How often the loop is looked at; what it is late by is told beyond this. */
const RESOLUTION: Ms = 50;
const TELL_EVERY: Ms = 1_000;
/** What is told covers at least so long, and less than twice that. */
const WINDOW: Ms = 15_000;

/**
 * What a thread says of itself, once a second, in its row of the traffic table: how late its event loop is, how long
 * that worked, and its heap. A thread that hangs says nothing: its `busy` stands still.
 */
export class ThreadVitals {
  readonly #cells: Float64Array;
  readonly #timer: NodeJS.Timeout;
  /** The first is the older. Two, as a histogram that was reset misses what happens until its next look. */
  #delays: readonly [Delays, Delays] = [watchDelay(), watchDelay()];
  #renewedAt = performance.now();
  #active = 0;

  /** `cells`: the row, of `THREAD.size`. */
  constructor(cells: Float64Array) {
    this.#cells = cells;
    this.#timer = setInterval(() => this.tell(), TELL_EVERY).unref();
    this.tell();
  }

  tell(): void {
    const cells = this.#cells;
    const { active } = performance.eventLoopUtilization();
    cells[THREAD.busy] = (cells[THREAD.busy] as number) + active - this.#active;
    this.#active = active;
    const [older, newer] = this.#delays;
    cells[THREAD.lagMean] = lag(older.mean);
    cells[THREAD.lagMax] = Math.max(lag(older.max), lag(newer.max));
    const { heapUsed, heapTotal, external } = heap();
    cells[THREAD.heapUsed] = heapUsed;
    cells[THREAD.heapTotal] = heapTotal;
    cells[THREAD.external] = external;
    if (performance.now() - this.#renewedAt >= WINDOW) this.#renew();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const each of this.#delays) each.disable();
  }

  #renew(): void {
    const [older, newer] = this.#delays;
    older.reset();
    this.#delays = [newer, older];
    this.#renewedAt = performance.now();
  }
}

function watchDelay(): Delays {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  return delay;
}

/** In milliseconds; nothing was seen yet: 0. */
function lag(nanoseconds: number): Ms {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION || 0);
}

function heap(): { readonly heapUsed: number; readonly heapTotal: number; readonly external: number } {
  // Unlike `memoryUsage`, it does not ask the system for what the whole process takes.
  const { used_heap_size, total_heap_size, external_memory } = getHeapStatistics();
  return { heapUsed: used_heap_size, heapTotal: total_heap_size, external: external_memory };
}
