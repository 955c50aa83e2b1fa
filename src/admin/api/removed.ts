import { LRUCache } from 'lru-cache';
import type { OriginId } from '../../operator/commands.ts';

/** Origins that were removed, or seen on their way out: who polls for the end of one is told 410 (gone), and not that it never was. */
export class RemovedOrigins {
  readonly #ids = new LRUCache<string, true>({ max: 1000 });

  add({ pool, id }: OriginId): void {
    this.#ids.set(`${pool}/${id}`, true);
  }

  has({ pool, id }: OriginId): boolean {
    return this.#ids.has(`${pool}/${id}`);
  }
}
