import { Roster } from '../../base/roster.ts';
import type { Ms } from '../../base/units.ts';
import type { QuerySource } from '../answer/source.ts';
import type { TcpConnection } from './tcp-connection.ts';
import { MOST_BLOCKED, type TcpLimits } from './tcp-limits.ts';

/** The open connections, and who has to go when they are too many. */
export class TcpConnections implements Iterable<TcpConnection> {
  readonly #all = new Roster<TcpConnection>();
  readonly #byNetwork = new Map<string, number>();
  /** In the order in which they became so. */
  readonly #blocked = new Set<TcpConnection>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<TcpConnection> {
    return this.#all[Symbol.iterator]();
  }

  add(connection: TcpConnection): void {
    this.#all.add(connection);
    const { network } = connection;
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? 0) + 1);
  }

  delete(connection: TcpConnection): void {
    this.#all.delete(connection);
    const { network } = connection;
    const left = (this.#byNetwork.get(network) ?? 0) - 1;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }

  /**
   * Whether there is room for one more of this network; who has to go for it, else; `undefined`: nobody may go. A network
   * that has its share makes room itself, so that it can take nothing of the others.
   */
  roomFor(network: string, limits: TcpLimits): true | TcpConnection | undefined {
    if ((this.#byNetwork.get(network) ?? 0) >= limits.perNetwork) return this.#dispensable(network);
    if (this.#all.size >= limits.connections) return this.#dispensable();
    return true;
  }

  /** Who is idle goes first, then who is in the middle of a query; of them who has sent no whole one for the longest. */
  #dispensable(network?: string): TcpConnection | undefined {
    let best: TcpConnection | undefined;
    for (const each of this.#all) {
      if ((network !== undefined && each.network !== network) || !each.mayGo) continue;
      if (best === undefined || (each.isIdle === best.isIdle ? each.restedSince < best.restedSince : each.isIdle)) {
        best = each;
      }
    }
    return best;
  }

  /** Much is unsent on it. Returns who is to be cut as there are too many of these. */
  block(connection: TcpConnection): TcpConnection | undefined {
    this.#blocked.add(connection);
    if (this.#blocked.size <= MOST_BLOCKED) return undefined;
    const [longest] = this.#blocked;
    return longest;
  }

  unblock(connection: TcpConnection): void {
    this.#blocked.delete(connection);
  }

  cutOverdue(now: Ms): void {
    for (const each of this.#all) if (now >= each.deadline) each.overdue();
  }
}

/** What clients are counted together by: a /24 or a /56. */
export function networkOf({ family, address }: QuerySource): string {
  return Buffer.from(address.subarray(0, family === 4 ? 3 : 7)).toString('latin1');
}
