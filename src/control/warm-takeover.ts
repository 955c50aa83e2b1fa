import type { Bytes, Ms } from '../base/units.ts';
import type { Inquiry } from '../cache/inquiry.ts';
import type { CacheSummary } from '../cache/shared-cache.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { parseAskedUrl } from '../sibling/asked-url.ts';
import type { Link } from '../sibling/link/link.ts';
import { isCold, warmUp } from '../sibling/link/warm-up.ts';
import type { SiblingPlan } from '../sibling/plan.ts';

export interface WarmTakeoverOptions {
  readonly inquiry: Pick<Inquiry, 'ask'>;
  /** Has a worker fetch it from the peer of this slot and store it. */
  readonly fill: (slot: number, url: string, fields: readonly string[]) => Promise<Bytes | undefined>;
  readonly summary: () => CacheSummary;
  readonly log: EventLog;
}

/** How long one waits for a sibling to be there. */
const PATIENCE: Ms = 30_000;
/** Of the memory: the rest is for what clients ask for. */
const ENOUGH = 0.8;

/** A node that starts with little in its cache gets from a sibling what that is asked for most, in the background. */
export class WarmTakeover {
  readonly #options: WarmTakeoverOptions;
  readonly #stopping = new AbortController();
  #running = false;

  constructor(options: WarmTakeoverOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  async run(link: Link, { objects, rate }: NonNullable<SiblingPlan['warmUp']>): Promise<void> {
    const { summary, fill, inquiry, log } = this.#options;
    const { signal } = this.#stopping;
    const { memory, disk } = summary();
    if (!isCold(memory.objects + (disk?.objects ?? 0), objects)) return;
    const found = await link.hottestOfPeer(objects, PATIENCE);
    if (found === undefined || signal.aborted) return;
    const { peer, keys } = found;
    this.#running = true;
    try {
      const result = await warmUp({
        keys,
        rate,
        fill: (url, fields) => fill(peer.slot, url, fields),
        has: (url, fields) => {
          const asked = parseAskedUrl(url);
          return typeof asked === 'object' && inquiry.ask({ ...asked, fields }, 0) !== undefined;
        },
        isFull: () => summary().memory.bytes > ENOUGH * summary().memory.capacity,
        signal,
      });
      if (result.filled + result.failed > 0) log.info('warmed up by a sibling', { sibling: peer.name, ...result });
    } finally {
      this.#running = false;
    }
  }

  stop(): void {
    this.#stopping.abort();
  }
}
