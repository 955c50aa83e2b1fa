import { hash } from 'node:crypto';
import type { Ms } from '../../base/units.ts';

/** Longer than anybody waits before sending again, and not so long that a second purge of a URL is taken for the first. */
const REMEMBERED_FOR: Ms = 3_000;

/** Some 1 MiB. The oldest goes. */
const REMEMBERED_MAX = 4_096;

/**
 * What was done of late, so that a packet that comes twice, by the network's doing or because our response was lost, is
 * answered twice and done once. The URL counts too: there are senders whose transactions all have one number.
 */
export class Transactions {
  readonly #now: () => Ms;
  /** In the order in which they came. */
  readonly #done = new Map<string, { readonly response: number; readonly at: Ms }>();

  /** `now`: of a clock that never goes back. */
  constructor(now: () => Ms) {
    this.#now = now;
  }

  /** For `note` and `find`; of one length, however long the URL. */
  static nameOf(address: string, port: number, transaction: number, url: string): string {
    return hash('sha256', `${address} ${port} ${transaction} ${url}`, 'base64');
  }

  note(name: string, response: number): void {
    this.#forgetOld();
    this.#done.set(name, { response, at: this.#now() });
  }

  /** How it was answered. `undefined`: it is new. */
  find(name: string): number | undefined {
    this.#forgetOld();
    return this.#done.get(name)?.response;
  }

  get size(): number {
    return this.#done.size;
  }

  #forgetOld(): void {
    const before = this.#now() - REMEMBERED_FOR;
    for (const [name, { at }] of this.#done) {
      if (at > before && this.#done.size < REMEMBERED_MAX) break;
      this.#done.delete(name);
    }
  }
}
