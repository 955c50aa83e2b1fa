import type { Bytes, Ms } from '../base/units.ts';
import type { PurgeOrder } from '../cache/purge/order.ts';
import type { Asking, SiblingOutcome, SiblingQuestion, SiblingReceipt, Siblings } from '../proxy/siblings.ts';
import type { SiblingClient } from '../sibling/ask/sibling-client.ts';
import type { FromWorker } from './messages.ts';

/** The siblings as the data plane of one worker has them: it asks by itself, and has control tell them of purges. */
export class WorkerSiblings implements Siblings {
  readonly #say: (message: FromWorker) => void;
  readonly #untold = new Map<number, (siblings: readonly SiblingReceipt[]) => void>();
  #purges = 0;
  /** Who asks; `undefined`: there is nobody to be asked. */
  client: SiblingClient | undefined;

  constructor(say: (message: FromWorker) => void) {
    this.#say = say;
  }

  ask(question: SiblingQuestion, found: (slot: number | undefined) => void): Asking | undefined {
    return this.client?.ask(question, found);
  }

  fetched(slot: number, outcome: SiblingOutcome, latency: Ms): void {
    this.client?.fetched(slot, outcome, latency);
  }

  served(address: string, isHit: boolean, bytes: Bytes): void {
    this.client?.served(address, isHit, bytes);
  }

  purged(orders: readonly PurgeOrder[], soft: boolean): Promise<readonly SiblingReceipt[]> {
    if (this.client === undefined) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#purges += 1;
      this.#untold.set(this.#purges, resolve);
      this.#say({ type: 'purged', id: this.#purges, orders, soft });
    });
  }

  /** Control's answer to `purged`. */
  told(id: number, siblings: readonly SiblingReceipt[]): void {
    this.#untold.get(id)?.(siblings);
    this.#untold.delete(id);
  }
}
