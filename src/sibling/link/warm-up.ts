import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes, Ms } from '../../base/units.ts';
import type { HotKey } from '../../cache/hottest.ts';
import type { Fields } from '../../cache/message.ts';
import type { ToldKeys } from './outgoing.ts';

export interface WarmUpOptions {
  /** What the sibling is asked for most, the hottest first. */
  readonly keys: ToldKeys;
  /** How many bytes a second are fetched at most, over some seconds. */
  readonly rate: Bytes;
  /** Fetches one from the sibling and stores it. Resolves with the bytes of its body; `undefined`: it was not stored. */
  readonly fill: (url: string, fields: Fields) => Promise<Bytes | undefined>;
  /** Whether it is stored already, as far as can be told in memory. */
  readonly has: (url: string, fields: Fields) => boolean;
  /** Whether there is no room for more without losing something. */
  readonly isFull: () => boolean;
  /** When nobody wants it any more. */
  readonly signal: AbortSignal;
}

/** `done`: all that the sibling told. `failing`: nothing of it could be had of late. `lost`: the link was. */
export type WarmUpEnd = 'done' | 'full' | 'stopped' | 'failing' | 'lost';

export interface WarmUpResult {
  readonly end: WarmUpEnd;
  readonly filled: number;
  readonly bytes: Bytes;
  /** Those that were there already. */
  readonly skipped: number;
  readonly failed: number;
}

/** Fetches that run at once. */
const AT_ONCE = 4;
/** So many in a row that came to nothing are the end. */
const FAILURES_MAX = 64;

/**
 * A node that starts with little in its cache fills it with what a sibling is asked for most: few at a time and at a bounded
 * rate, since its clients and those of the sibling come first. Never rejects.
 */
export async function warmUp(options: WarmUpOptions): Promise<WarmUpResult> {
  const run = new WarmUp(options);
  return run.end(await run.run());
}

/** Whether a node with so many objects is one that starts with little: less than a tenth of what it would ask for. */
export function isCold(objects: number, wanted: number): boolean {
  return objects < wanted / 10;
}

class WarmUp {
  readonly #options: WarmUpOptions;
  readonly #running = new Set<Promise<void>>();
  /** Milliseconds of `performance.now()` at which what was fetched so far is paid for. */
  #paidAt: Ms = performance.now();
  #filled = 0;
  #bytes: Bytes = 0;
  #skipped = 0;
  #failed = 0;
  #failedInRow = 0;

  constructor(options: WarmUpOptions) {
    this.#options = options;
  }

  end(end: WarmUpEnd): WarmUpResult {
    return { end, filled: this.#filled, bytes: this.#bytes, skipped: this.#skipped, failed: this.#failed };
  }

  async run(): Promise<WarmUpEnd> {
    try {
      for (;;) {
        const keys = await this.#options.keys.next();
        if (keys.length === 0) return 'done';
        for (const key of keys) {
          const end = await this.#take(key);
          if (end !== undefined) return end;
        }
      }
    } catch {
      return 'lost';
    } finally {
      await Promise.all(this.#running);
    }
  }

  /** Begins with one when it is its turn. The end, if there is none for it. */
  async #take(key: HotKey): Promise<WarmUpEnd | undefined> {
    const { has, isFull, signal } = this.#options;
    if (signal.aborted) return 'stopped';
    if (has(key.url, key.fields)) {
      this.#skipped += 1;
      return undefined;
    }
    await this.#turn();
    if (signal.aborted) return 'stopped';
    if (isFull()) return 'full';
    if (this.#failedInRow >= FAILURES_MAX) return 'failing';
    const filling = this.#fill(key).finally(() => this.#running.delete(filling));
    this.#running.add(filling);
    return undefined;
  }

  async #turn(): Promise<void> {
    while (this.#running.size >= AT_ONCE) await Promise.race(this.#running);
    const wait = this.#paidAt - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal: this.#options.signal, ref: false }).catch(() => {});
  }

  /** Paid for beforehand by what the sibling said of it, and put right by what it was. */
  async #fill({ url, fields, bytes }: HotKey): Promise<void> {
    this.#pay(bytes);
    const got = await this.#options.fill(url, fields).catch(() => undefined);
    this.#pay((got ?? 0) - bytes);
    if (got === undefined) {
      this.#failed += 1;
      this.#failedInRow += 1;
      return;
    }
    this.#failedInRow = 0;
    this.#filled += 1;
    this.#bytes += got;
  }

  #pay(bytes: Bytes): void {
    const from = bytes > 0 ? Math.max(this.#paidAt, performance.now()) : this.#paidAt;
    this.#paidAt = from + (1000 * bytes) / this.#options.rate;
  }
}
